"""Every figure of the notebooks. Each function returns a closed figure, which a notebook shows once and can save.

A figure's label (`Figure.get_label`) says in words what it shows, for whoever cannot see it. However many types there
are and however long their names, figures and labels stay small; where something is left out, both say so.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from functools import cache
from heapq import nlargest
from html import escape
from importlib.util import find_spec
from itertools import accumulate, islice
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from datasets import Dataset
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.ft2font import FT2Font
from matplotlib.ticker import MaxNLocator

from helpers.errors import FontMissingError
from helpers.disk.files import atomic_write
from helpers.notebook.language import translate

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#8c8c8c"  # from Okabe and Ito's palette
MOST, MOST_PANELS = 40, 3  # labels, types or variants in a figure
MOST_LISTED = 100  # in words
WIDEST = 24  # in Latin letters; a longer name would leave a figure no room
# matplotlib's own, and one for what it lacks: Chinese, Japanese and Korean
FAMILIES = ("DejaVu Sans", "Noto Sans CJK JP")
PACKAGE, FILE = "noto_cjk_sans_jp_regular", "NotoSansCJKjp-Regular.otf"


class Picture(Image):
    """A PNG that a notebook shows as HTML, for its text alternative: JupyterLab gives a bare PNG none."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        data, metadata = super()._repr_mimebundle_(include, exclude)
        source = f"data:image/png;base64,{data['image/png']}"
        html = f'<img src="{source}" alt="{escape(self.alt)}" width="{self.width}" style="max-width:100%">'
        return data | {"text/html": html}, metadata


def label_counts(split: Dataset, label_names: Sequence[str]) -> Figure:
    """Draw how often each label, or each of the 40 most frequent, occurs; ``O`` dwarfs all others, so as logarithms."""
    counts = Counter(tag for tags in split["ner_tags"] for tag in tags)
    shown = {label_names[label]: counts[label] for label in _largest(MOST, range(len(label_names)), counts.__getitem__)}
    figure, axes = _subplots(figsize=(8, 0.32 * len(shown) + 1))
    colours = [{"O": GREY, "B": BLUE, "I": ORANGE}[name[0]] for name in shown]
    _draw_bars(axes, shown, colours, "{:,.0f}")
    axes.set_xscale("symlog")  # linear between 0 and 1, so that a label that never occurs has a place too
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(0, max(shown.values()) * 4)
    note = _note(translate("The {shown} most frequent labels; {others:,} are left out."), shown, label_names)
    axes.set(title=translate("How often each label occurs") + note, xlabel=translate("words (logarithmic scale)"))
    text = translate("Bar chart of how many words have each label: {counts}.")
    listed = _listed(f"{_shortened(name)} {value:,}" for name, value in shown.items())
    return _finished(figure, text.format(counts=listed) + note)


def learning_curves(history: pd.DataFrame) -> Figure:
    """Draw ``training_loss``, ``validation_loss`` and validation ``f1``, columns with a row for each ``epoch``."""
    figure, (left, right) = _subplots(1, 2, figsize=(9, 3.2))
    left.plot(history["epoch"], history["training_loss"], "o-", color=BLUE, label=translate("training"))
    left.plot(history["epoch"], history["validation_loss"], "s--", color=ORANGE, label=translate("validation"))
    left.set(title=translate("Loss"), xlabel=translate("epoch"), ylabel=translate("cross-entropy"))
    best = history.loc[history["f1"].idxmax()]
    # Not clipped: at 0 and 1, half of a marker lies outside of the axes.
    right.plot(history["epoch"], history["f1"], "s--", color=ORANGE, label=translate("validation"), clip_on=False)
    right.plot(best["epoch"], best["f1"], "*", markersize=16, color=GREEN, label=translate("best epoch"), clip_on=False)
    right.set(title="F1", xlabel=translate("epoch"), ylabel=translate("F1 over entities"), ylim=(0, 1))
    for axes in (left, right):
        axes.legend()
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    text = translate(
        "Two line charts over the epochs. Training loss: {training}. Validation loss: {validation}. Validation F1:"
        " {f1}; the best epoch is {best:.0f}."
    )
    columns = {"training": "training_loss", "validation": "validation_loss", "f1": "f1"}
    rows = {name: _listed(f"{value:.3f}" for value in history[column]) for name, column in columns.items()}
    return _finished(figure, text.format(**rows, best=best["epoch"]))


def confusion_matrix(table: pd.DataFrame) -> Figure:
    """Draw the table of `metrics.confusion_matrix`, shaded by each row's share.

    Of more than 40 types, those with the most mistakes are shown, counts and shares as they are in the whole table.
    """
    shares = table.div(table.sum(axis="columns").clip(lower=1), axis="index")
    *types, nothing = range(len(table))  # the last row and column are of entities without a partner
    mistakes = table.sum(axis="columns").to_numpy() + table.sum().to_numpy() - 2 * np.diag(table)
    shown = _largest(MOST, types, mistakes.__getitem__)
    table, shares = (whole.iloc[[*shown, nothing], [*shown, nothing]] for whole in (table, shares))
    size = min(0.6 * len(table), 0.45 * len(table) + 3) + 2
    figure, axes = _subplots(figsize=(size + 0.8, size - 0.6))
    axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1)  # not imshow, which takes memory for each pixel
    axes.invert_yaxis()
    for row, column in np.ndindex(table.shape):
        ink = "white" if shares.iat[row, column] > 0.6 else "black"
        place = {"ha": "center", "va": "center", "in_layout": False}  # measuring them all would take seconds
        axes.text(column + 0.5, row + 0.5, table.iat[row, column], color=ink, **place)
    middles = np.arange(len(table)) + 0.5
    axes.set_xticks(middles, map(drawable, table.columns), rotation=35, ha="right")
    axes.set_yticks(middles, map(drawable, table.index))
    note = _note(translate("The {shown} types with the most mistakes; {others:,} are left out."), shown, types)
    title = translate("Types of paired entities") + note
    axes.set(title=title, xlabel=translate("predicted type"), ylabel=translate("true type"))
    pair = translate("true {true}, predicted {predicted}: {count}")
    pairs = [(count, true, predicted) for true, row in table.iterrows() for predicted, count in row.items() if count]
    listed = _listed(
        pair.format(true=_shortened(true), predicted=_shortened(predicted), count=count)
        for count, true, predicted in sorted(pairs, key=lambda pair: -pair[0])
    )
    text = translate("Table of true and predicted types, shaded by each row's shares. {pairs}.")
    return _finished(figure, text.format(pairs=listed) + note)


def padding(lengths: Sequence[int], orders: Mapping[str, Sequence[int]], batch_size: int, batches: int = 12) -> Figure:
    """Draw the sentences of the first batches, each padded to the longest of its batch.

    `lengths` are subwords of each sentence; `orders` have names, and the first three are drawn.
    """
    shown = dict(islice(orders.items(), MOST_PANELS))
    figure, panels = _subplots(1, len(shown), figsize=(9, 3.2), sharey=True, squeeze=False)
    shares = []
    for axes, (name, order) in zip(panels[0], shown.items(), strict=True):
        drawn = np.asarray(lengths)[np.asarray(order)[: batches * batch_size]]
        firsts = range(batch_size, len(drawn), batch_size)
        padded = np.concatenate([np.full_like(batch, batch.max()) for batch in np.split(drawn, firsts)])
        axes.stairs(padded, fill=True, color=ORANGE, label=translate("padding"))
        axes.stairs(drawn, fill=True, color=BLUE, label=translate("subwords"))
        axes.set(title=drawable(name), xlabel=translate("sentences, batch by batch"), xticks=[])
        shares.append(f"{_shortened(name)} {1 - drawn.sum() / padded.sum():.0%}")
    panels[0][0].set_ylabel(translate("length in subwords"))
    panels[0][-1].legend()
    note = _note(translate("The first {shown}; {others:,} are left out."), shown, orders)
    if note:
        figure.suptitle(note.strip())
    text = translate("Bar charts of the lengths of sentences in batches. Share of padding: {shares}.")
    return _finished(figure, text.format(shares=_listed(shares)) + note)


def speeds(ratios: Mapping[str, float]) -> Figure:
    """Draw how many times as fast as the first of some variants each of them is; at most the first 40."""
    shown = dict(islice(ratios.items(), MOST))
    figure, axes = _subplots(figsize=(8, 0.4 * len(shown) + 1))
    _draw_bars(axes, shown, BLUE, "{:.2f}")
    axes.axvline(1, color=GREY, linestyle="--")
    axes.margins(x=0.1)
    note = _note(translate("The first {shown}; {others:,} are left out."), shown, ratios)
    axes.set(title=translate("Speed of training") + note, xlabel=translate("times as fast as the first"))
    text = translate("Bar chart of how many times as fast as the first each variant trains: {ratios}.")
    listed = _listed(f"{_shortened(name)} {ratio:.2f}" for name, ratio in shown.items())
    return _finished(figure, text.format(ratios=listed) + note)


def save(figure: Figure, path: Path) -> Picture:
    """Save a figure as PNG, and give the picture for the notebook to show, as drawing it once more takes long."""
    with atomic_write(path) as unfinished:
        figure.savefig(unfinished, format="png", dpi=120)
    return Picture(filename=path, width=round(figure.get_figwidth() * 100), alt=figure.get_label())


@cache
def use_fonts() -> tuple[FT2Font, ...]:
    """Let matplotlib draw each letter in the first of `FAMILIES` that has it; raises `FontMissingError`."""
    package = find_spec(PACKAGE)
    if package is None:
        text = translate("figures need a font that is not installed: pip install {package}")
        raise FontMissingError(text.format(package=PACKAGE.replace("_", "-")))
    fontManager.addfont(Path(package.origin).with_name(FILE))
    plt.rcParams["font.family"] = list(FAMILIES)
    return tuple(get_font(findfont(FontProperties(family=[family]))) for family in FAMILIES)


def drawable(name: str) -> str:
    r"""Return a name as figures show it: short, with an escape such as ``\u0e01`` for what no font has, no formula."""
    fonts = use_fonts()
    has_glyph = {letter: any(font.get_char_index(ord(letter)) for font in fonts) for letter in name}
    letters = [letter if has_glyph[letter] else letter.encode("unicode_escape").decode() for letter in name]
    # Between two $, matplotlib reads a formula, and raises an error if it is none.
    return _shortened(letters).replace("$", r"\$")


def _shortened(letters: Sequence[str]) -> str:
    """Join letters, or what stands for each of them; where they are too wide, with an ellipsis in their middle."""
    widths = [sum(2 if east_asian_width(part) in "WF" else 1 for part in letter) for letter in letters]
    if sum(widths) <= WIDEST:
        return "".join(letters)
    first = sum(width <= WIDEST // 2 for width in accumulate(widths))
    last = sum(width <= (WIDEST - 1) // 2 for width in accumulate(reversed(widths)))
    return "".join([*letters[:first], "…", *letters[len(letters) - last :]])


def _largest(count: int, items: Iterable[int], key: Callable[[int], float]) -> list[int]:
    """Pick the items with the largest values, in their order."""
    return sorted(nlargest(count, items, key=key))


def _subplots(*grid: int, **settings: Any) -> tuple[Figure, Any]:
    use_fonts()
    return plt.subplots(*grid, layout="constrained", **settings)


def _draw_bars(axes: Axes, values: Mapping[str, float], colour: str | Sequence[str], form: str) -> None:
    """Draw a bar for each name, from the top; names that are shortened may be alike."""
    bars = axes.barh(range(len(values)), list(values.values()), color=colour)
    axes.bar_label(bars, fmt=form, padding=3)
    axes.set_yticks(range(len(values)), map(drawable, values))
    axes.set_ylim(len(values) - 0.4, -0.6)


def _note(message: str, shown: Sized, everything: Sized) -> str:
    """Say in a line of its own how many are shown, if that is not all."""
    others = len(everything) - len(shown)
    return "\n" + message.format(shown=len(shown), others=others) if others else ""


def _listed(parts: Iterable[str]) -> str:
    parts = list(parts)
    more = translate("and {count:,} more", count=len(parts) - MOST_LISTED)
    return "; ".join([*parts[:MOST_LISTED], more] if len(parts) > MOST_LISTED else parts)


def _finished(figure: Figure, in_words: str) -> Figure:
    figure.set_label(in_words)
    plt.close(figure)  # so that Jupyter does not draw it a second time at the end of the cell
    return figure
