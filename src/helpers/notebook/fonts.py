"""Give matplotlib fonts for all names, and write names so that it can draw them."""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from unicodedata import east_asian_width

import matplotlib.pyplot as plt
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.ft2font import FT2Font

from helpers.errors import FontMissingError
from helpers.notebook.language import translate

WIDEST = 24  # in Latin letters; a longer name would leave a figure no room
# matplotlib's own, and one for what it lacks: Chinese, Japanese and Korean
FAMILIES = ("DejaVu Sans", "Noto Sans CJK JP")
PACKAGE, FILE = "noto_cjk_sans_jp_regular", "NotoSansCJKjp-Regular.otf"


@cache
def use_fonts() -> tuple[FT2Font, ...]:
    """Let matplotlib draw each letter in the first of `FAMILIES` that has it; raises `FontMissingError`."""
    package = find_spec(PACKAGE)
    if package is None:
        text = translate("figures need a font that is not installed: pip install {package}")
        raise FontMissingError(text, package=PACKAGE.replace("_", "-"))
    fontManager.addfont(Path(package.origin).with_name(FILE))
    plt.rcParams["font.family"] = list(FAMILIES)
    return tuple(get_font(findfont(FontProperties(family=[family]))) for family in FAMILIES)


def drawable(name: str) -> str:
    r"""Return a name as figures show it: short, with an escape such as ``\u0e01`` for what no font has, no formula."""
    fonts = use_fonts()
    has_glyph = {letter: any(font.get_char_index(ord(letter)) for font in fonts) for letter in name}
    letters = [letter if has_glyph[letter] else letter.encode("unicode_escape").decode() for letter in name]
    # Between two $, matplotlib reads a formula, and raises an error if it is none.
    return abbreviated(letters).replace("$", r"\$")


def abbreviated(letters: Sequence[str]) -> str:
    """Join letters, or what stands for each of them; where they are too wide, with an ellipsis in their middle."""
    widths = [sum(2 if east_asian_width(part) in "WF" else 1 for part in letter) for letter in letters]
    if sum(widths) <= WIDEST:
        return "".join(letters)
    first = sum(width <= WIDEST // 2 for width in accumulate(widths))
    last = sum(width <= (WIDEST - 1) // 2 for width in accumulate(reversed(widths)))
    return "".join([*letters[:first], "…", *letters[len(letters) - last :]])
