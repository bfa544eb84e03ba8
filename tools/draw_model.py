"""Draw the model for the lesson."""

from html import escape
from pathlib import Path

# Each word with its subwords and its label, as tests/project/test_drawing.py checks with a tokenizer.
WORDS = (
    ("Golden", ("golden",), "B-group"),
    ("State", ("state",), "I-group"),
    ("Warriors", ("warriors",), "I-group"),
    ("visit", ("visit",), "O"),
    ("Kampala", ("kam", "##pala"), "B-location"),
)
LABELS = ("O", "B-group", "I-group", "B-location", "I-location")
IGNORED = "-100"
COLUMNS = [  # a subword, its label, and the label with the largest logit
    ("[CLS]", IGNORED, "O"),
    *(
        (subword, IGNORED, label.replace("B-", "I-")) if later else (subword, label, label)
        for _, subwords, label in WORDS
        for later, subword in enumerate(subwords)
    ),
    ("[SEP]", IGNORED, "O"),
]
FOCUS = 5  # the position "kam", whose attention is drawn in bold: for each layer, from the top, to each position
ATTENTION = ((1, 2, 2, 4, 7, 5, 6, 1), (2, 3, 3, 6, 7, 4, 3, 1), (2, 4, 3, 5, 6, 5, 4, 2))

TEXTS = {
    "notebooks/images/model.svg": {
        "title": "From words to labels",
        "desc": "From bottom to top: the tokenizer splits words into subwords and adds [CLS] and [SEP]; the encoder"
        " turns each subword into a vector, with attention to all positions; the head turns each vector into a logit"
        " for each label; the largest wins. [CLS], [SEP] and later subwords of a word have the label -100: no loss."
        " Kampala becomes kam, which is labelled B-location, and ##pala, which has -100.",
        "labels": ("labels", "-100: no loss"),
        "logits": ("logits", "the largest wins"),
        "head": ("head", f"linear layer: a logit for each of {', '.join(LABELS)}"),
        "vectors": ("vectors", "one per subword"),
        "encoder": ("encoder", "attention: each position attends to all; in bold: the weights of “kam”"),
        "layers": ("last layer", "layer 2", "layer 1"),
        "subwords": ("subwords", "by the tokenizer"),
        "words": ("words", "of the data"),
        "added": "added",
    },
    "notebooks/ko/images/model.svg": {
        "title": "단어에서 레이블까지",
        "desc": "아래에서 위로: 토크나이저가 단어를 하위 단어로 나누고 [CLS]와 [SEP]를 더합니다. 인코더는 모든"
        " 위치에 어텐션을 두고 하위 단어마다 벡터를 만듭니다. 헤드는 벡터마다 레이블별 로짓을 내며, 가장 큰 로짓의"
        " 레이블을 고릅니다. [CLS]와 [SEP], 단어의 나머지 하위 단어의 레이블은 -100이며 손실에서 빠집니다."
        " Kampala는 레이블이 B-location인 kam과 레이블이 -100인 ##pala로 나뉩니다.",
        "labels": ("레이블", "-100: 손실 제외"),
        "logits": ("로짓", "가장 큰 값 선택"),
        "head": ("헤드", f"선형 층: {', '.join(LABELS)}마다 로짓 하나"),
        "vectors": ("벡터", "하위 단어마다 하나"),
        "encoder": ("인코더", "어텐션: 위치마다 모든 위치를 참고합니다. 굵은 선: “kam”의 가중치"),
        "layers": ("마지막 층", "2층", "1층"),
        "subwords": ("하위 단어", "토크나이저"),
        "words": ("단어", "데이터"),
        "added": "추가",
    },
}

WIDTH, HEIGHT, LEFT, STEP = 760, 634, 134, 76  # LEFT and STEP: where the columns begin, and from one to the next
ROWS = {"labels": 34, "logits": 96, "head": 184, "vectors": 235, "encoder": 304, "subwords": 546, "words": 602}
COLOURS = {"O": "#cfd6e4", "group": "#eebccd", "location": "#ac8aff"}  # entities as the lesson highlights them
INK, MUTED, RULE, GREY, BLUE = "#1d2433", "#4a5366", "#8a93a6", "#e6e8ee", "#1f5fbf"


def rect(x: float, y: float, width: float, height: float, fill: str, stroke: str, more: str = 'rx="7"') -> str:
    """Return a rectangle."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}" stroke="{stroke}" {more}/>'


def text(x: float, y: float, content: str, size: int, fill: str = INK, more: str = 'text-anchor="middle"') -> str:
    """Return a text, with x in its middle or where it begins."""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}" {more}>{escape(content)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, stroke: str, width: float = 1.5, more: str = "") -> str:
    """Return a line."""
    return f'<path d="M{x1:g} {y1:g} {x2:g} {y2:g}" stroke="{stroke}" stroke-width="{width:g}" {more}/>'


def draw_layer(y: float, weights: tuple[int, ...], middles: list[int]) -> list[str]:
    """Draw a layer, with thin lines from all positions to all, and bold ones to one position."""
    parts = [rect(LEFT + 4, y, STEP * len(middles) - 8, 50, "#f3f8ff", "#b5cdf0")]
    parts += [line(start, y + 42, end, y + 8, "#b4caeb", 0.7) for start in middles for end in middles]
    parts += [line(x, y + 42, middles[FOCUS], y + 8, BLUE, w / 2) for x, w in zip(middles, weights, strict=True)]
    circle = f'<circle cx="%d" cy="%d" r="4.5" fill="#fff" stroke="{BLUE}"/>'
    return parts + [circle % (x, end) for x in middles for end in (y + 8, y + 42)]


def draw_column(number: int, x: float, subword: str, label: str, best: str, added: str) -> list[str]:
    """Draw a position, from its label down to its subword."""
    ignored = label == IGNORED
    ink, box, dashes, half = (MUTED, GREY, 'stroke-dasharray="4 3"', 28) if ignored else (INK, "#fff", "", 36)
    parts = [rect(x - 36, 14, 72, 124, GREY, "none")] if ignored else [arrow(x, 72, 48)]
    fill = GREY if ignored else COLOURS[label.partition("-")[2] or label]
    parts += [rect(x - half, 22, 2 * half, 26, fill, RULE, f'rx="13" {dashes}'), text(x, 40, label, 13, ink)]
    for bar, name in enumerate(LABELS):
        near = name.partition("-")[2] == best.partition("-")[2]  # the other prefix of the right type comes next
        height = 34 if name == best else 9 if near else -(5 + (number * 5 + bar * 7) % 12)
        look = (fill, INK) if name == label else ("#b4bbca", "none")
        parts.append(rect(x - 28 + 11.5 * bar, 110 - max(height, 0), 10, abs(height), *look, 'rx="1"'))
    parts.append(line(x - 31, 110, x + 31, 110, RULE, 1))
    for cell in range(4):
        shade = ("#3c78d0", "#83ade6", "#bcd3f3", "#e4edfa")[(number * 3 + cell * cell + number * cell) % 4]
        parts.append(rect(x - 11, 216 + 11 * cell, 22, 11, shade, "#5c7fb5", ""))
    parts += [arrow(x, bottom, top) for bottom, top in ((160, 138), (216, 196), (280, 260), (536, 516))]
    parts += [line(x, 363, x, 395, BLUE, 1.5, 'stroke-dasharray="2 4"'), line(x, 439, x, 459, BLUE)]
    parts += [rect(x - 35, 536, 70, 28, box, RULE, f'rx="7" {dashes}'), text(x, 555, subword, 14, ink)]
    return parts + ([text(x, 609, added, 13, MUTED)] if subword in ("[CLS]", "[SEP]") else [line(x, 590, x, 564, RULE)])


def arrow(x: float, bottom: float, top: float) -> str:
    """Return an arrow upwards."""
    return line(x, bottom, x, top + 5, RULE, 1.5, 'marker-end="url(#tip)"')


def draw(texts: dict) -> str:
    """Draw the model, from the words at the bottom to the labels at the top."""
    middles = [LEFT + STEP * column + STEP // 2 for column in range(len(COLUMNS))]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"',
        'font-family="sans-serif" role="img" aria-labelledby="title desc">',
        *(f'<{name} id="{name}">{escape(texts[name])}</{name}>' for name in ("title", "desc")),
        '<marker id="tip" viewBox="0 0 6 6" refX="1" refY="3" markerWidth="5" markerHeight="5" orient="auto">',
        f'<path d="M0 0 6 3 0 6z" fill="{RULE}"/></marker>',
        rect(1, 1, WIDTH - 2, HEIGHT - 2, "#f8f9fc", "#c9cfdb", 'rx="18"'),
        rect(14, 160, WIDTH - 28, 36, "#fbe6c4", "#d9a441"),
        rect(14, 280, WIDTH - 28, 236, "#dbe8fb", "#8fb0e0"),
    ]
    for row, y in ROWS.items():
        (name, note), beside = texts[row], row in ("head", "encoder")
        parts.append(text(24, y, name, 16, INK, 'font-weight="bold"'))
        parts.append(text(LEFT + 4, y - 1, note, 14, INK, "") if beside else text(24, y + 17, note, 13, MUTED, ""))
    for y, name, weights in zip((316, 392, 456), texts["layers"], ATTENTION, strict=True):
        parts += [text(24, y + 30, name, 14, MUTED, ""), *draw_layer(y, weights, middles)]
    for number, (x, column) in enumerate(zip(middles, COLUMNS, strict=True)):
        parts += draw_column(number, x, *column, texts["added"])
    x = LEFT + STEP
    for word, subwords, _ in WORDS:
        x += (width := STEP * len(subwords))
        parts += [rect(x - width + 3, 590, width - 6, 28, "#fff", INK), text(x - width / 2, 609, word, 14)]
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    for path, texts in TEXTS.items():
        Path(path).write_text(draw(texts), encoding="utf-8", newline="\n")
