"""Draw the model for the lesson."""

from html import escape
from pathlib import Path

# Each word with its subwords and its label; checked against a tokenizer in tests/project/test_drawing.py.
WORDS = (
    ("Golden", ("golden",), "B-group"),
    ("State", ("state",), "I-group"),
    ("Warriors", ("warriors",), "I-group"),
    ("visit", ("visit",), "O"),
    ("Stavanger", ("st", "##ava", "##nger"), "B-location"),
)
LABELS = ("O", "B-group", "I-group", "B-location", "I-location")
IGNORED = "-100"
# Each position: its subword, its label, and which label the model gives it. All have logits; only some count.
COLUMNS = [
    ("[CLS]", IGNORED, "O"),
    *(
        (subword, IGNORED if later else label, label.replace("B-", "I-") if later else label)
        for _, subwords, label in WORDS
        for later, subword in enumerate(subwords)
    ),
    ("[SEP]", IGNORED, "O"),
]
ATTENDING = 5  # the position whose attention is drawn in colour: "st"
ATTENTION = ((1, 2, 2, 4, 7, 5, 6, 5, 1), (2, 3, 3, 6, 7, 4, 3, 3, 1), (2, 4, 3, 5, 6, 5, 4, 4, 2))  # last layer first

TEXTS = {
    "notebooks/images/model.svg": {
        "title": "From words to labels",
        "desc": "From bottom to top: the tokenizer splits words into subwords and adds [CLS] and [SEP]; the encoder's layers"
        " turn each subword into a vector, with attention to all positions; the head, a linear layer, turns each vector"
        " into a logit for each label; the largest logit wins. [CLS], [SEP] and all but the first subword of a word have"
        " the label -100, which the loss leaves out.",
        "labels": ("labels", "-100: no loss"),
        "logits": ("logits", "the largest wins"),
        "head": ("head", "linear layer: a logit for each of " + ", ".join(LABELS)),
        "vectors": ("vectors", "one per subword"),
        "encoder": ("encoder", "attention: each position draws on all positions, on some more than on others"),
        "layers": ("last layer", "layer 2", "layer 1"),
        "subwords": ("subwords", "by the tokenizer"),
        "words": ("words", "of the data"),
        "added": "added",
    },
    "notebooks/ko/images/model.svg": {
        "title": "단어에서 레이블까지",
        "desc": "아래에서 위로: 토크나이저가 단어를 하위 단어로 나누고 [CLS]와 [SEP]를 더합니다. 인코더의 층들이 모든 위치에"
        " 어텐션을 두고 하위 단어마다 벡터를 만듭니다. 선형 층인 헤드가 벡터마다 레이블별 로짓을 내고, 가장 큰 로짓의 레이블을"
        " 고릅니다. [CLS]와 [SEP], 그리고 단어의 첫 하위 단어가 아닌 위치의 레이블은 -100이며 손실에서 빠집니다.",
        "labels": ("레이블", "-100: 손실 제외"),
        "logits": ("로짓", "가장 큰 값 선택"),
        "head": ("헤드", "선형 층: 레이블별 로짓 " + ", ".join(LABELS)),
        "vectors": ("벡터", "하위 단어마다"),
        "encoder": ("인코더", "어텐션: 위치마다 모든 위치를 보되, 보는 정도가 다름"),
        "layers": ("마지막 층", "2층", "1층"),
        "subwords": ("하위 단어", "토크나이저"),
        "words": ("단어", "데이터"),
        "added": "추가",
    },
}

WIDTH, HEIGHT, EDGE = 800, 634, 14
LEFT, STEP = 136, 72  # where the first column begins; from column to column
INK, MUTED, GREY, RULE = "#1d2433", "#4a5366", "#e6e8ee", "#8a93a6"
COLOURS = {"O": "#cfd6e4", "group": "#eebccd", "location": "#ac8aff"}  # entities as the lesson highlights them
PANEL, BLUE, BAND, ATTENTION_COLOUR = "#f8f9fc", "#dbe8fb", "#f3f8ff", "#1f5fbf"


def colour(label: str) -> str:
    """Return a label's colour: grey for -100, and one for `B-` and `I-` of a type."""
    return GREY if label == IGNORED else COLOURS[label.partition("-")[2] or label]


def centre(column: int) -> int:
    """Return where the middle of a column is."""
    return LEFT + STEP * column + STEP // 2


def rect(x: float, y: float, width: float, height: float, fill: str, stroke: str = "none", more: str = 'rx="7"') -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}" stroke="{stroke}" {more}/>'


def text(x: float, y: float, content: str, size: int = 15, fill: str = INK, more: str = 'text-anchor="middle"') -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}" {more}>{escape(content)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, more: str) -> str:
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" {more}/>'


def row_name(y: float, name: str, note: str = "") -> list[str]:
    """Write the name of a row on the left, and a note below it."""
    return [text(28, y, name, 16, INK, 'font-weight="bold"')] + ([text(28, y + 17, note, 13, MUTED, "")] if note else [])


def arrows(bottom: float, top: float) -> list[str]:
    """Draw an arrow upwards in each column."""
    more = f'stroke="{RULE}" stroke-width="1.5" marker-end="url(#tip)"'
    return [line(centre(column), bottom, centre(column), top + 5, more) for column in range(len(COLUMNS))]


def draw_layer(y: float, weights: tuple[int, ...]) -> list[str]:
    """Draw a layer: lines from all positions to all, and those to one position as thick as its attention."""
    parts = [rect(LEFT + 4, y, STEP * len(COLUMNS) - 8, 50, BAND, "#b5cdf0")]
    ends = [(start, end) for start in range(len(COLUMNS)) for end in range(len(COLUMNS)) if end != ATTENDING]
    parts += [line(centre(start), y + 42, centre(end), y + 8, 'stroke="#a9c2e6" stroke-width=".7"') for start, end in ends]
    for start, weight in enumerate(weights):
        more = f'stroke="{ATTENTION_COLOUR}" stroke-width="{weight / 2:g}" stroke-linecap="round"'
        parts.append(line(centre(start), y + 42, centre(ATTENDING), y + 8, more))
    dots = [(centre(column), y + height) for column in range(len(COLUMNS)) for height in (8, 42)]
    return parts + [f'<circle cx="{x}" cy="{cy:g}" r="4.5" fill="#fff" stroke="{ATTENTION_COLOUR}"/>' for x, cy in dots]


def draw_logits(x: float, column: int, best: str, counts: bool) -> list[str]:
    """Draw a bar for each label, upwards or downwards; the best one in its colour where it counts."""
    parts = []
    for bar, name in enumerate(LABELS):
        near = name.partition("-")[2] == best.partition("-")[2]  # the other prefix of the right type comes next
        height = 34 if name == best else 9 if near else -(5 + (column * 5 + bar * 7) % 12)
        fill, outline = (colour(name), INK) if counts and name == best else ("#b4bbca", "none")
        parts.append(rect(x - 28 + 11.5 * bar, 110 - max(height, 0), 10, abs(height), fill, outline, 'rx="1"'))
    return [*parts, line(x - 31, 110, x + 31, 110, f'stroke="{RULE}"')]


def draw_vector(x: float, column: int) -> list[str]:
    """Draw a column of cells, the darker the larger."""
    shades = ("#3c78d0", "#83ade6", "#bcd3f3", "#e4edfa")
    fills = [shades[(column * 3 + cell * cell + column * cell) % 4] for cell in range(4)]
    return [rect(x - 11, 216 + 11 * cell, 22, 11, fill, "#5c7fb5", "") for cell, fill in enumerate(fills)]


def draw(texts: dict) -> str:
    """Draw the model, from the words at the bottom to the labels at the top."""
    parts = [rect(1, 1, WIDTH - 2, HEIGHT - 2, PANEL, "#c9cfdb", 'rx="18"')]
    for column, (_, label, _) in enumerate(COLUMNS):  # behind what is left out
        if label == IGNORED:
            parts.append(rect(LEFT + STEP * column + 2, 14, STEP - 4, 124, GREY))

    parts += [*row_name(34, *texts["labels"]), *arrows(72, 48), *row_name(96, *texts["logits"]), *arrows(160, 138)]
    parts.append(rect(EDGE, 160, WIDTH - 2 * EDGE, 36, "#fbe6c4", "#d9a441"))
    parts += [*row_name(184, texts["head"][0]), text(LEFT + 4, 183, texts["head"][1], 14, INK, "")]
    parts += [*arrows(216, 196), *row_name(235, *texts["vectors"]), *arrows(280, 260)]
    parts.append(rect(EDGE, 280, WIDTH - 2 * EDGE, 236, BLUE, "#8fb0e0"))
    parts += [*row_name(304, texts["encoder"][0]), text(LEFT + 4, 303, texts["encoder"][1], 14, INK, "")]
    for y, name, weights in zip((316, 392, 456), texts["layers"], ATTENTION, strict=True):
        parts += [text(28, y + 30, name, 14, MUTED, ""), *draw_layer(y, weights)]
    parts += arrows(536, 516)
    parts += [*row_name(546, *texts["subwords"]), *row_name(602, *texts["words"])]

    for column, (subword, label, best) in enumerate(COLUMNS):
        x, ignored = centre(column), label == IGNORED
        dashes, ink = ('stroke-dasharray="4 3"', MUTED) if ignored else ("", INK)
        parts += [rect(x - 34, 22, 68, 26, colour(label), RULE, f'rx="13" {dashes}'), text(x, 40, label, 13, ink)]
        parts += [*draw_logits(x, column, best, not ignored), *draw_vector(x, column)]
        parts.append(line(x, 358, x, 400, f'stroke="{ATTENTION_COLOUR}" stroke-dasharray="2 4"'))
        parts.append(line(x, 434, x, 464, f'stroke="{ATTENTION_COLOUR}"'))
        parts += [rect(x - 33, 536, 66, 28, GREY if ignored else "#fff", RULE, f'rx="7" {dashes}')]
        parts.append(text(x, 555, subword, 14, ink))
        if subword in ("[CLS]", "[SEP]"):
            parts.append(text(x, 609, texts["added"], 13, MUTED))
    first = 1
    for word, subwords, _ in WORDS:
        x, last = (centre(first) + centre(first + len(subwords) - 1)) / 2, first + len(subwords)
        parts += [line(x, 590, centre(column), 564, f'stroke="{RULE}" stroke-width="1.5"') for column in range(first, last)]
        parts += [rect(x - 33, 590, 66, 28, "#fff", INK), text(x, 609, word, 14)]
        first = last
    tip = f'<marker id="tip" viewBox="0 0 6 6" refX="1" refY="3" markerWidth="5" markerHeight="5" orient="auto">\
<path d="M0 0 6 3 0 6z" fill="{RULE}"/></marker>'
    start = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" \
font-family="sans-serif" role="img" aria-labelledby="title desc">'
    named = [f'<{name} id="{name}">{escape(texts[name])}</{name}>' for name in ("title", "desc")]
    return "\n".join([start, *named, f"<defs>{tip}</defs>", *parts, "</svg>\n"])


if __name__ == "__main__":
    for path, texts in TEXTS.items():
        Path(path).write_text(draw(texts), encoding="utf-8")
