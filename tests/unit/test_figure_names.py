import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from helpers import plots
from helpers.errors import FontMissingError
from helpers.notebook import fonts

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
        drawn_in = [FT2Font(findfont(FontProperties(family=[family]))) for family in text.get_fontfamily()]
        covered = set().union(*(font.get_charmap() for font in drawn_in))
        yield from (letter for letter in text.get_text() if ord(letter) not in covered)


@pytest.mark.parametrize(("name", "shown"), NAMES.values(), ids=NAMES)
@pytest.mark.filterwarnings("error")
def test_whatever_is_drawn_has_a_glyph(name, shown):
    figure = plots.confusion_matrix(pd.DataFrame([[1, 0], [0, 0]], index=[name, "none"], columns=[name, "none"]))
    figure.canvas.draw()
    assert list(characters_without_a_glyph(figure)) == []
    assert shown in [text.get_text() for text in figure.findobj(Text)]
    assert name in figure.get_label()


def test_a_font_that_lacks_a_letter_is_noticed():
    figure, axes = plt.subplots()
    plt.close(figure)
    axes.set_title("x\ue000")
    assert list(characters_without_a_glyph(figure)) == ["\ue000"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (24 * "x", 24 * "x"),
        (25 * "x", f"{12 * 'x'}…{11 * 'x'}"),
        (12 * "글", 12 * "글"),
        (13 * "글", f"{6 * '글'}…{5 * '글'}"),
        (5 * "\ue000", r"\ue000\ue000…\ue000"),
    ],
)
def test_names_are_shortened_by_their_width(name, shown):
    assert fonts.drawable(name) == shown


def test_a_missing_font_is_named(monkeypatch):
    monkeypatch.setattr(fonts, "find_spec", lambda name: None)
    fonts.use_fonts.cache_clear()
    with pytest.raises(FontMissingError, match="pip install noto-cjk-sans-jp-regular"):
        plots.speeds({"a": 1.0})
    monkeypatch.undo()
    plots.speeds({"a": 1.0})
