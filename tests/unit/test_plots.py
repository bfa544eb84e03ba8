import io
import re
from base64 import b64decode
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from datasets import Dataset
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font
from matplotlib.image import imread
from matplotlib.text import Text
from support.tagged import ODD_TYPES

from helpers import plots
from helpers.data.load import label_names
from helpers.errors import FontMissingError
from helpers.highlight import entity_types, highlight
from helpers.notebook import fonts
from helpers.notebook.language import use_language
from helpers.plots import GREY
from helpers.run.pages import render_html

SVG_TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.fixture(autouse=True)
def no_open_figures():
    yield
    assert plt.get_fignums() == []


def test_label_counts_are_the_bars(sample):
    names = label_names(sample)
    (axes,) = plots.label_counts(sample["train"], names).axes
    expected = [sum(tags.count(label) for tags in sample["train"]["ner_tags"]) for label in range(len(names))]
    assert [bar.get_width() for bar in axes.patches] == expected
    assert [tick.get_text() for tick in axes.get_yticklabels()] == names


def test_learning_curves_mark_the_best_epoch():
    history = pd.DataFrame(
        {"epoch": [1, 2, 3], "training_loss": [3, 2, 1], "validation_loss": [2, 1, 2], "f1": [0.1, 0.4, 0.3]}
    )
    loss, f1 = plots.learning_curves(history).axes
    assert [list(line.get_ydata()) for line in loss.lines] == [[3, 2, 1], [2, 1, 2]]
    assert list(f1.lines[0].get_ydata()) == [0.1, 0.4, 0.3]
    assert (list(f1.lines[1].get_xdata()), list(f1.lines[1].get_ydata())) == ([2], [0.4])


def confusion(counts, types):
    names = [*types, "none"]
    return plots.confusion_matrix(pd.DataFrame(counts, index=names, columns=names))


def test_confusion_matrix_shows_counts_and_shares():
    (axes,) = confusion([[3, 1], [0, 0]], ["x"]).axes
    assert [text.get_text() for text in axes.texts] == ["3\n75%", "1\n25%", "0"]  # nothing and nothing make no pair
    assert axes.collections[0].get_array().tolist() == [[0.75, 0.25], [0, 0]]
    assert axes.yaxis_inverted()


def test_of_many_types_those_with_the_most_mistakes_are_shown():
    counts = np.diag([100] * 50 + [0])
    wrong = [i for i in range(50) if i % 5]
    for i, before, place in zip(wrong, [wrong[-1], *wrong], 14 * ["missed", "invented", "confused"], strict=False):
        counts[{"missed": (i, 50), "invented": (50, i), "confused": (i, before)}[place]] += 3
    counts[1, 0] += 1  # with a type that is not shown
    figure = confusion(counts, [f"t{i}" for i in range(50)])
    (axes,) = figure.axes
    expected = [*(f"t{i}" for i in wrong), "none"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == expected
    assert [tick.get_text() for tick in axes.get_yticklabels()] == expected
    assert axes.collections[0].get_array()[0, 0] == 100 / 104
    for text in (axes.get_title(), figure.get_label()):
        assert text.endswith("\nThe 40 types with the most mistakes; 10 are left out.")


def test_of_many_labels_the_most_frequent_are_shown():
    names = ["O", *(f"{prefix}-{i}" for i in range(50) for prefix in "BI")]
    tags = [label for label in range(101) for _ in range(1 + label % 5)]
    (axes,) = plots.label_counts(Dataset.from_list([{"ner_tags": tags}]), names).axes
    expected = [name for label, name in enumerate(names) if label % 5 > 2]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == expected
    assert [bar.get_width() for bar in axes.patches] == 20 * [4, 5]


MANY = [f"{i} {300 * 'x'}" for i in range(500)]
LABELS = ["O", *(f"{prefix}-{name}" for name in MANY for prefix in "BI")]
LARGE = {
    "label_counts": lambda: plots.label_counts(Dataset.from_list([{"ner_tags": list(range(1001))}]), LABELS),
    "confusion_matrix": lambda: confusion(np.ones((501, 501), int), MANY),
    "speeds": lambda: plots.speeds(dict.fromkeys(MANY, 1.0)),
    "padding": lambda: plots.padding([1, 2], dict.fromkeys(MANY, (0, 1)), 2),
    "learning_curves": lambda: plots.learning_curves(
        pd.DataFrame({"epoch": range(500), "training_loss": 1, "validation_loss": 1, "f1": 0.5})
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
@pytest.mark.filterwarnings("error")
def test_many_types_with_long_names_leave_a_figure_small(name):
    figure = LARGE[name]()
    figure.canvas.draw()
    assert max(figure.get_size_inches()) < 25
    assert len(figure.get_label()) < 10_000
    texts = [text.get_text() for text in figure.findobj(Text)]
    assert max(map(len, texts)) < 100
    if name != "learning_curves":
        assert any(re.fullmatch("(B-)?0 x+…x+", text) for text in texts)
        assert "are left out" in figure.get_label()
        assert any("are left out" in text for text in texts)


@pytest.mark.parametrize("types", [["x"], ["b", "a"], ODD_TYPES[:4], ODD_TYPES[7:15]])
def test_a_type_has_the_same_colour_in_highlights_bars_and_matrix(types):
    names = ["O", *(f"{prefix}-{name}" for name in types for prefix in "BI")]
    words = highlight([([name], [f"B-{name}"]) for name in sorted(types)], entity_types(names)).data
    expected = dict(zip(sorted(types), re.findall(r"<mark style=\"background:(#\w+)", words), strict=True))
    (axes,) = plots.label_counts(Dataset.from_list([{"ner_tags": [0]}]), names).axes
    assert [to_hex(bar.get_facecolor()) for bar in axes.patches] == [expected.get(name[2:], GREY) for name in names]
    (axes,) = confusion(np.ones((len(types) + 1,) * 2, int), sorted(types)).axes
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        colours = [to_hex(tick.get_bbox_patch().get_facecolor()) for tick in ticks]
        assert colours == [*expected.values(), "#ffffff"]


def test_padding_fills_each_batch_up_to_its_longest_sentence():
    figure = plots.padding([1, 4, 2, 2, 9], {"as it comes": [0, 1, 2, 3, 4], "sorted": [0, 2, 3, 1, 4]}, 2, batches=2)
    heights = [[steps.get_data().values.tolist() for steps in axes.patches] for axes in figure.axes]
    assert heights == [[[4, 4, 2, 2], [1, 4, 2, 2]], [[2, 2, 4, 4], [1, 2, 2, 4]]]  # padded, then as they are
    assert "as it comes 25%; sorted 25%" in figure.get_label()  # 3 of 12 positions; the fifth sentence is not drawn
    (axes,) = plots.padding([3, 1, 2], {"a last batch that is not full": [0, 1, 2]}, 2).axes
    assert [steps.get_data().values.tolist() for steps in axes.patches] == [[3, 3, 2], [3, 1, 2]]


def test_speeds_are_the_bars_from_the_first_on_top():
    figure = plots.speeds({"plain": 1.0, "fast": 2.5})
    (axes,) = figure.axes
    assert [bar.get_width() for bar in axes.patches] == [1, 2.5]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["plain", "fast"]
    assert axes.yaxis_inverted()
    assert "plain 1.00; fast 2.50" in figure.get_label()
    (axes,) = plots.speeds({f"{30 * 'x'}{i}{30 * 'x'}": i for i in range(3)}).axes
    assert len({bar.get_y() for bar in axes.patches}) == 3  # though their names are shortened alike


def titles(figure):
    for axes in figure.axes:
        legend = axes.get_legend()
        yield from (axes.get_title(), axes.get_xlabel(), axes.get_ylabel())
        yield from (text.get_text() for text in (legend.get_texts() if legend else ()))


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.filterwarnings("error")  # no glyph is missing
def test_each_figure_says_in_words_and_in_the_chosen_language_what_it_shows(sample, language):
    use_language(language)
    history = pd.DataFrame({"epoch": [1], "training_loss": [3], "validation_loss": [2], "f1": [0.1]})
    figures = [
        plots.label_counts(sample["train"], label_names(sample)),
        plots.learning_curves(history),
        confusion([[3, 1], [0, 0]], ["x"]),
    ]
    counts, curves, matrix = (figure.get_label() for figure in figures)
    words = [tag for tags in sample["train"]["ner_tags"] for tag in tags]
    assert all(f"{name} {words.count(label):,}" in counts for label, name in enumerate(label_names(sample)))
    assert all(number in curves for number in ("3.000", "2.000", "0.100"))
    assert re.search(r"x.+x.+3;.+x.+none.+1", matrix)
    assert "none, " not in matrix  # pairs that do not occur are left out
    for figure in figures:
        figure.canvas.draw()
        texts = [figure.get_label(), *(text for text in titles(figure) if text not in ("F1", ""))]
        assert len(texts) > 2
        assert all(bool(re.search("[가-힣]", text)) == (language == "ko") for text in texts)


def test_a_picture_has_its_text_wherever_it_is_shown(tmp_path, sample):
    figure = plots.label_counts(sample["train"], label_names(sample))
    figure.set_label('half of <b>all</b> "words"')
    path = tmp_path / "figures" / "counts.png"
    data, metadata = plots.save(figure, path)._repr_mimebundle_()
    height, width, _ = imread(path).shape
    assert (width, height) == tuple((figure.get_size_inches() * 120).astype(int))
    shown = BeautifulSoup(data["text/html"], "html.parser").img
    assert shown["alt"] == metadata["image/png"]["alt"] == figure.get_label()
    assert shown["src"] == f"data:image/png;base64,{data['image/png']}"
    assert b64decode(data["image/png"]) == path.read_bytes()
    output = nbformat.v4.new_output("display_data", data, metadata=metadata)
    cell = nbformat.v4.new_code_cell("", outputs=[output], execution_count=1)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    page = render_html(tmp_path / "a.ipynb", tmp_path, "en").read_text(encoding="utf-8")
    assert [image["alt"] for image in BeautifulSoup(page, "html.parser").find_all("img")] == [figure.get_label()]


def drawn(figure):
    """The texts of a figure, as they are drawn."""
    image = io.StringIO()
    with plt.rc_context({"svg.fonttype": "none"}):
        figure.savefig(image, format="svg")
    return {"".join(text.itertext()) for text in ElementTree.fromstring(image.getvalue()).iter(SVG_TEXT)}


@pytest.mark.parametrize("name", ["$x^2$", "$x_$", "$", r"a\$b$", "$$", "<b>&", r"\frac{1}{2}"])
def test_a_name_with_dollars_is_no_formula(name):
    split = Dataset.from_list([{"tokens": ["a"], "ner_tags": [1]}])
    assert f"B-{name}" in drawn(plots.label_counts(split, ["O", f"B-{name}", f"I-{name}"]))
    assert name in drawn(confusion([[3, 1], [0, 0]], [name]))


NAMES = {  # and how they are shown
    "Korean": ("사람·장소", "사람·장소"),
    "Japanese": ("組織・団体ﾃﾞｰﾀ", "組織・団体ﾃﾞｰﾀ"),
    "simplified Chinese": ("组织机构、地点", "组织机构、地点"),
    "traditional Chinese": ("產品、團體", "產品、團體"),
    "Arabic": ("مكان", "مكان"),
    "accents": ("cafe\N{COMBINING ACUTE ACCENT}", "cafe\N{COMBINING ACUTE ACCENT}"),
    "Thai": ("คน", r"\u0e04\u0e19"),
    "Devanagari": ("जन", r"\u091c\u0928"),
    "emoji": ("x\N{OFFICE BUILDING}", r"x\U0001f3e2"),
    "private use": ("x\ue000y", r"x\ue000y"),
    "line break": ("x\ny", r"x\ny"),
}


def characters_without_a_glyph(figure):
    for text in figure.findobj(Text):
        fonts = [FT2Font(findfont(FontProperties(family=[family]))) for family in text.get_fontfamily()]
        covered = set().union(*(font.get_charmap() for font in fonts))
        yield from (letter for letter in text.get_text().replace("\n", "") if ord(letter) not in covered)


@pytest.mark.parametrize(("name", "shown"), NAMES.values(), ids=NAMES)
@pytest.mark.filterwarnings("error")
def test_whatever_is_drawn_has_a_glyph(name, shown):
    figure = confusion([[1, 0], [0, 0]], [name])
    figure.canvas.draw()
    assert list(characters_without_a_glyph(figure)) == []
    assert shown in [text.get_text() for text in figure.findobj(Text)]
    assert name in figure.get_label()


def test_a_font_that_lacks_a_letter_is_noticed():
    figure, axes = plt.subplots()
    plt.close(figure)
    axes.set_title("x\ue000")
    assert list(characters_without_a_glyph(figure)) == ["\ue000"]


SHORTENED = {24 * "x": 24 * "x", 25 * "x": f"{12 * 'x'}…{11 * 'x'}", 12 * "글": 12 * "글"}
SHORTENED |= {13 * "글": f"{6 * '글'}…{5 * '글'}", 5 * "\ue000": r"\ue000\ue000…\ue000"}


@pytest.mark.parametrize(("name", "shown"), SHORTENED.items())
def test_names_are_shortened_by_their_width(name, shown):
    assert plots.drawable(name) == shown


def test_a_missing_font_is_named(monkeypatch):
    monkeypatch.setattr(fonts, "find_spec", lambda name: None)
    fonts.use_fonts.cache_clear()
    with pytest.raises(FontMissingError, match="pip install noto-cjk-sans-jp-regular"):
        plots.speeds({"a": 1.0})
    monkeypatch.undo()
    plots.speeds({"a": 1.0})
