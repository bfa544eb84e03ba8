"""Every figure of the notebooks. Each function returns a closed figure, which a notebook shows once and can save.

A figure's label (`Figure.get_label`) says in words what it shows, for whoever cannot see it. However many types there
are and however long their names, figures and labels stay small; where something is left out, both say so.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.ft2font import FT2Font
from matplotlib.ticker import MaxNLocator

from helpers.errors import FontMissingError
from helpers.files import atomic_write
from helpers.notebook.language import translate

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#8c8c8c"  # from Okabe and Ito's palette
MOST = 40  # labels, types or variants in a figure
MOST_PANELS = 3
MOST_LISTED = 100  # in words
# matplotlib's own, and one for what it lacks: Chinese, Japanese and Korean
FAMILIES = ("DejaVu Sans", "Noto Sans CJK JP")
PACKAGE, FILE = "noto_cjk_sans_jp_regular", "NotoSansCJKjp-Regular.otf"
WIDEST = 24  # in Latin letters; more would leave a figure no room


class Picture(Image):
    """A PNG that a notebook shows with a text alternative.

    It is shown as HTML, as JupyterLab gives a bare PNG no alternative; the PNG goes along for whatever reads notebooks.
    """

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        data, metadata = super()._repr_mimebundle_(include, exclude)
        source = f"data:image/png;base64,{data['image/png']}"
        html = f'<img src="{source}" alt="{escape(self.alt)}" width="{self.width}" style="max-width:100%">'
        return data | {"text/html": html}, metadata


def label_counts(split: Dataset, label_names: Sequence[str]) -> Figure:
    """Draw how often each label occurs in a split, on a logarithmic axis, since ``O`` dwarfs all others.

    Of more than 40 labels, the most frequent are shown.
    """
    counts = Counter(tag for tags in split["ner_tags"] for tag in tags)
    shown = sorted(nlargest(MOST, range(len(label_names)), key=counts.__getitem__))
    names, values = [label_names[label] for label in shown], [counts[label] for label in shown]
    figure, axes = _subplots(figsize=(8, 0.32 * len(names) + 1))
    bars = _bars(axes, names, values, [{"O": GREY, "B": BLUE, "I": ORANGE}[name[0]] for name in names])
    axes.bar_label(bars, [f"{value:,}" for value in values], padding=3)
    axes.set_xscale("symlog")  # linear between 0 and 1, so that a label that never occurs has a place too
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(0, max(values) * 4)
    note = _note(translate("The {shown} most frequent labels; {others:,} are left out."), len(names), len(label_names))
    axes.set(title=translate("How often each label occurs") + note, xlabel=translate("words (logarithmic scale)"))
    listed = _listed(f"{_shortened(name)} {value:,}" for name, value in zip(names, values, strict=True))
    text = translate("Bar chart of how many words have each label: {counts}.")
    return _finished(figure, text.format(counts=listed) + note)


def learning_curves(history: pd.DataFrame) -> Figure:
    """Draw training and validation loss, and the validation F1, after each epoch.

    Parameters
    ----------
    history : DataFrame
        A row an epoch, with the columns ``epoch``, ``training_loss``, ``validation_loss`` and ``f1``.
    """
    figure, (left, right) = _subplots(1, 2, figsize=(9, 3.2))
    left.plot(history["epoch"], history["training_loss"], "o-", color=BLUE, label=translate("training"))
    left.plot(history["epoch"], history["validation_loss"], "s--", color=ORANGE, label=translate("validation"))
    left.set(title=translate("Loss"), xlabel=translate("epoch"), ylabel=translate("cross-entropy"))
    left.legend()
    best = history.loc[history["f1"].idxmax()]
    # Not clipped: at 0 and 1, half of a marker lies outside of the axes.
    right.plot(history["epoch"], history["f1"], "s--", color=ORANGE, label=translate("validation"), clip_on=False)
    right.plot(best["epoch"], best["f1"], "*", markersize=16, color=GREEN, label=translate("best epoch"), clip_on=False)
    right.set(title="F1", xlabel=translate("epoch"), ylabel=translate("F1 over entities"), ylim=(0, 1))
    right.legend()
    for axes in (left, right):
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
    types = len(table) - 1  # the last row and column are of entities without a partner
    mistakes = table.sum(axis="columns").to_numpy() + table.sum().to_numpy() - 2 * np.diag(table)
    shown = [*sorted(nlargest(MOST, range(types), key=mistakes.__getitem__)), types]
    table, shares = table.iloc[shown, shown], shares.iloc[shown, shown]
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
    note = _note(translate("The {shown} types with the most mistakes; {others:,} are left out."), len(table) - 1, types)
    title = translate("Types of paired entities") + note
    axes.set(title=title, xlabel=translate("predicted type"), ylabel=translate("true type"))
    pair = translate("true {true}, predicted {predicted}: {count}")
    pairs = [(true, predicted, count) for true, row in table.iterrows() for predicted, count in row.items() if count]
    pairs.sort(key=lambda pair: -pair[2])
    text = translate("Table of true and predicted types, shaded by each row's shares. {pairs}.")
    listed = _listed(
        pair.format(true=_shortened(true), predicted=_shortened(predicted), count=count)
        for true, predicted, count in pairs
    )
    return _finished(figure, text.format(pairs=listed) + note)


def padding(lengths: Sequence[int], orders: Mapping[str, Sequence[int]], batch_size: int, batches: int = 12) -> Figure:
    """Draw the sentences of the first batches, each padded to the longest of its batch.

    Parameters
    ----------
    lengths : sequence of int
        The number of subwords of each sentence.
    orders : mapping of str to sequence of int
        By name, an order of the sentences; each `batch_size` of them are a batch. The first three are drawn.
    batch_size : int
    batches : int
        How many are drawn.
    """
    shown = dict(islice(orders.items(), MOST_PANELS))
    figure, panels = _subplots(1, len(shown), figsize=(9, 3.2), sharey=True, squeeze=False)
    shares = []
    for axes, (name, order) in zip(panels[0], shown.items(), strict=True):
        drawn = np.asarray(lengths)[np.asarray(order)[: batches * batch_size]]
        firsts = range(0, len(drawn), batch_size)
        padded = np.concatenate([np.full_like(batch, batch.max()) for batch in np.split(drawn, firsts[1:])])
        axes.stairs(padded, fill=True, color=ORANGE, label=translate("padding"))
        axes.stairs(drawn, fill=True, color=BLUE, label=translate("subwords"))
        axes.set(title=drawable(name), xlabel=translate("sentences, batch by batch"))
        axes.set_xticks([])
        shares.append(f"{_shortened(name)} {1 - drawn.sum() / padded.sum():.0%}")
    panels[0][0].set_ylabel(translate("length in subwords"))
    panels[0][-1].legend()
    note = _note(translate("The first {shown}; {others:,} are left out."), len(shown), len(orders))
    if note:
        figure.suptitle(note.strip())
    text = translate("Bar charts of the lengths of sentences in batches. Share of padding: {shares}.")
    return _finished(figure, text.format(shares=_listed(shares)) + note)


def speeds(ratios: Mapping[str, float]) -> Figure:
    """Draw how many times as fast as the first of some variants each of them is; at most the first 40."""
    shown = dict(islice(ratios.items(), MOST))
    figure, axes = _subplots(figsize=(8, 0.4 * len(shown) + 1))
    bars = _bars(axes, list(shown), list(shown.values()), BLUE)
    axes.bar_label(bars, fmt="{:.2f}", padding=3)
    axes.axvline(1, color=GREY, linestyle="--")
    axes.margins(x=0.1)
    note = _note(translate("The first {shown}; {others:,} are left out."), len(shown), len(ratios))
    axes.set(title=translate("Speed of training") + note, xlabel=translate("times as fast as the first"))
    listed = _listed(f"{_shortened(name)} {ratio:.2f}" for name, ratio in shown.items())
    text = translate("Bar chart of how many times as fast as the first each variant trains: {ratios}.")
    return _finished(figure, text.format(ratios=listed) + note)


def save(figure: Figure, path: Path) -> Picture:
    """Save a figure as PNG, its folder too where it is missing, and give the picture for the notebook to show.

    The notebook shows what was saved, as drawing a figure takes longer than all else about it.
    """
    with atomic_write(path) as unfinished:
        figure.savefig(unfinished, format="png", dpi=120)
    return Picture(filename=path, width=round(figure.get_figwidth() * 100), alt=figure.get_label())


@cache
def use_fonts() -> tuple[FT2Font, ...]:
    """Let matplotlib draw with `FAMILIES` from now on: each letter in the first that has it.

    Raises
    ------
    FontMissingError
        If the package with the second font is not installed.
    """
    package = find_spec(PACKAGE)
    if package is None:
        name = PACKAGE.replace("_", "-")
        text = translate("figures need a font that is not installed: pip install {package}")
        raise FontMissingError(text.format(package=name))
    fontManager.addfont(Path(package.origin).with_name(FILE))
    plt.rcParams["font.family"] = list(FAMILIES)
    return tuple(get_font(findfont(FontProperties(family=[family]))) for family in FAMILIES)


def drawable(name: str) -> str:
    r"""Return a name as figures show it: short, with an escape such as ``\u0e01`` for what no font has, no formula."""
    letters = [letter if _has_glyph(letter) else letter.encode("unicode_escape").decode() for letter in name]
    # Between two $, matplotlib reads a formula, and raises an error if it is none.
    return _shortened(letters).replace("$", r"\$")


def _shortened(letters: Sequence[str]) -> str:
    """Join letters, or what stands for each of them; where they are too wide, with an ellipsis in their middle."""
    if _width("".join(letters)) <= WIDEST:
        return "".join(letters)
    first, last = _fitting(letters, WIDEST // 2), _fitting(letters[::-1], (WIDEST - 1) // 2)
    return "".join([*first, "…", *last[::-1]])


def _fitting(letters: Sequence[str], widest: int) -> Sequence[str]:
    return letters[: sum(width <= widest for width in accumulate(map(_width, letters)))]


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


@cache
def _has_glyph(letter: str) -> bool:
    return any(font.get_char_index(ord(letter)) for font in use_fonts())


def _subplots(*grid: int, **settings: Any) -> tuple[Figure, Any]:
    use_fonts()
    return plt.subplots(*grid, layout="constrained", **settings)


def _bars(axes: Axes, names: Sequence[str], values: Sequence[float], colour: str | Sequence[str]) -> BarContainer:
    """Draw a bar for each name, from the top; names that are shortened may be alike."""
    bars = axes.barh(range(len(names)), values, color=colour)
    axes.set_yticks(range(len(names)), map(drawable, names))
    axes.set_ylim(len(names) - 0.4, -0.6)
    return bars


def _note(message: str, shown: int, count: int) -> str:
    """Say in a line of its own what is shown, if that is not all."""
    return "\n" + message.format(shown=shown, others=count - shown) if shown < count else ""


def _listed(parts: Iterable[str]) -> str:
    parts = list(parts)
    more = translate("and {count:,} more").format(count=len(parts) - MOST_LISTED)
    return "; ".join([*parts[:MOST_LISTED], more] if len(parts) > MOST_LISTED else parts)


def _finished(figure: Figure, in_words: str) -> Figure:
    figure.set_label(in_words)
    # Closed, so that Jupyter does not draw it a second time at the end of the cell.
    plt.close(figure)
    return figure
