"""Every figure of the notebooks, closed, for a notebook to show once and to save.

A figure's label (`Figure.get_label`) says in words what it shows. However many types there are and however long their
names, both stay small, and say so where something is left out.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from heapq import nlargest
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from datasets import Dataset
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.disk.files import atomic_write
from helpers.highlight import entity_types, type_colours
from helpers.notebook.fonts import abbreviated, drawable, use_fonts
from helpers.notebook.language import translate

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#777777"  # the first three from Okabe and Ito's palette
MOST, MOST_PANELS = 40, 3  # labels, types or variants in a figure
MOST_LISTED = 100  # in words


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
    labels = largest(MOST, range(len(label_names)), counts.__getitem__)
    shown = {label_names[label]: counts[label] for label in labels}
    note = left_out_note(translate("The {shown} most frequent labels; {others:,} are left out."), shown, label_names)
    colours = type_colours(entity_types(label_names))
    figure, axes = draw_bars(shown, [colours.get(name[2:], GREY) for name in shown], "{:,.0f}", 0.32)
    axes.set_xscale("symlog")  # linear between 0 and 1, so that a label that never occurs has a place too
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(0, max(shown.values()) * 4)
    axes.set(title=translate("How often each label occurs") + note, xlabel=translate("words (logarithmic scale)"))
    parts = joined(f"{abbreviated(name)} {value:,}" for name, value in shown.items())
    text = translate("Bar chart of how many words have each label: {counts}.", counts=parts)
    return finish(figure, text + note)


def learning_curves(history: pd.DataFrame) -> Figure:
    """Draw ``training_loss``, ``validation_loss`` and validation ``f1``, columns with a row for each ``epoch``."""
    figure, (left, right) = new_figure(1, 2, figsize=(9, 3.2))
    left.plot("epoch", "training_loss", "o-", data=history, color=BLUE, label=translate("training"))
    left.plot("epoch", "validation_loss", "s--", data=history, color=ORANGE, label=translate("validation"))
    left.set(title=translate("Loss"), xlabel=translate("epoch"), ylabel=translate("cross-entropy"))
    best = history.loc[history["f1"].idxmax()]
    # Not clipped: at 0 and 1, half of a marker lies outside of the axes.
    whole = {"clip_on": False}
    right.plot("epoch", "f1", "s--", data=history, color=ORANGE, label=translate("validation"), **whole)
    right.plot(best["epoch"], best["f1"], "*", markersize=16, color=GREEN, label=translate("best epoch"), **whole)
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
    rows = {name: joined(f"{value:.3f}" for value in history[column]) for name, column in columns.items()}
    return finish(figure, text.format(**rows, best=best["epoch"]))


def confusion_matrix(table: pd.DataFrame) -> Figure:
    """Draw the table of `metrics.confusion_matrix`, shaded by each row's share; the 40 types with the most mistakes."""
    shares = table.div(table.sum(axis="columns").clip(lower=1), axis="index")
    *types, nothing = range(len(table))  # the last row and column are of entities without a partner
    colours = type_colours(table.index[:nothing])
    mistakes = table.sum(axis="columns").to_numpy() + table.sum().to_numpy() - 2 * np.diag(table)
    shown = largest(MOST, types, mistakes.__getitem__)
    table, shares = (whole.iloc[[*shown, nothing], [*shown, nothing]] for whole in (table, shares))
    size = min(0.6 * len(table), 0.45 * len(table) + 3) + 2
    figure, axes = new_figure(figsize=(size + 0.8, size - 0.6))
    texts = [
        [f"{count}\n{share:.0%}" if count else "0" for count, share in zip(counts, of_row, strict=True)]
        for counts, of_row in zip(table.to_numpy(), shares.to_numpy(), strict=True)
    ]
    texts[-1][-1] = ""  # there are no pairs of nothing and nothing
    shaded_table(axes, shares, texts)
    for tick, name in zip(axes.get_xticklabels() + axes.get_yticklabels(), 2 * [*table.index], strict=True):
        tick.set_bbox({"facecolor": colours.get(name, "white"), "edgecolor": GREY, "boxstyle": "round,pad=0.2"})
    note = left_out_note(translate("The {shown} types with the most mistakes; {others:,} are left out."), shown, types)
    title = translate("Types of paired entities") + note
    axes.set(title=title, xlabel=translate("predicted type"), ylabel=translate("true type"))
    pair = translate("true {true}, predicted {predicted}: {count}")
    pairs = [(count, true, predicted) for true, row in table.iterrows() for predicted, count in row.items() if count]
    parts = joined(
        pair.format(true=abbreviated(true), predicted=abbreviated(predicted), count=count)
        for count, true, predicted in sorted(pairs, key=lambda pair: -pair[0])
    )
    text = translate("Table of true and predicted types, shaded by each row's shares. {pairs}.", pairs=parts)
    return finish(figure, text + note)


def padding(lengths: Sequence[int], orders: Mapping[str, Sequence[int]], batch_size: int, batches: int = 12) -> Figure:
    """Draw the subwords of the first batches' sentences, each padded to its batch's longest, in up to three orders."""
    shown = dict(islice(orders.items(), MOST_PANELS))
    figure, panels = new_figure(1, len(shown), figsize=(9, 3.2), sharey=True, squeeze=False)
    shares = []
    for axes, (name, order) in zip(panels[0], shown.items(), strict=True):
        drawn = np.asarray(lengths)[np.asarray(order)[: batches * batch_size]]
        firsts = range(batch_size, len(drawn), batch_size)
        padded = np.concatenate([np.full_like(batch, batch.max()) for batch in np.split(drawn, firsts)])
        axes.stairs(padded, fill=True, color=ORANGE, label=translate("padding"))
        axes.stairs(drawn, fill=True, color=BLUE, label=translate("subwords"))
        axes.set(title=drawable(name), xlabel=translate("sentences, batch by batch"), xticks=[])
        shares.append(f"{abbreviated(name)} {1 - drawn.sum() / padded.sum():.0%}")
    panels[0][0].set_ylabel(translate("length in subwords"))
    panels[0][-1].legend()
    note = left_out_note(translate("The first {shown}; {others:,} are left out."), shown, orders)
    if note:
        figure.suptitle(note.strip())
    text = translate(
        "Bar charts of the lengths of sentences in batches. Share of padding: {shares}.", shares=joined(shares)
    )
    return finish(figure, text + note)


def speeds(ratios: Mapping[str, float]) -> Figure:
    """Draw how many times as fast as the first of some variants each of them is; at most the first 40."""
    shown = dict(islice(ratios.items(), MOST))
    note = left_out_note(translate("The first {shown}; {others:,} are left out."), shown, ratios)
    figure, axes = draw_bars(shown, BLUE, "{:.2f}", 0.4)
    axes.axvline(1, color=GREY, linestyle="--")
    axes.margins(x=0.1)
    axes.set(title=translate("Speed of training") + note, xlabel=translate("times as fast as the first"))
    parts = joined(f"{abbreviated(name)} {ratio:.2f}" for name, ratio in shown.items())
    text = translate("Bar chart of how many times as fast as the first each variant trains: {ratios}.", ratios=parts)
    return finish(figure, text + note)


def save(figure: Figure, path: Path) -> Picture:
    """Save a figure as PNG, and give the picture for the notebook to show, as drawing it once more takes long."""
    with atomic_write(path) as unfinished:
        figure.savefig(unfinished, format="png", dpi=120)
    return Picture(filename=path, width=round(figure.get_figwidth() * 100), alt=figure.get_label())


def largest(count: int, items: Iterable[int], key: Callable[[int], float]) -> list[int]:
    """Pick the items with the largest values, in their order."""
    return sorted(nlargest(count, items, key=key))


def new_figure(*grid: int, **settings: Any) -> tuple[Figure, Any]:
    """Do as `plt.subplots`, with fonts for all names."""
    use_fonts()
    return plt.subplots(*grid, layout="constrained", **settings)


def shaded_table(axes: Axes, shares: pd.DataFrame, texts: Sequence[Sequence[str]]) -> None:
    """Draw a table of texts, each cell shaded by its share, with names of rows and columns."""
    axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1)  # not imshow, which takes memory for each pixel
    axes.invert_yaxis()
    for row, column in np.ndindex(shares.shape):
        looks = {"color": "white" if shares.iat[row, column] > 0.6 else "black", "size": "small", "linespacing": 1}
        looks |= {"ha": "center", "va": "center", "in_layout": False}  # measuring them all would take seconds
        if texts[row][column]:
            axes.text(column + 0.5, row + 0.5, texts[row][column], **looks)
    axes.set_xticks(np.arange(shares.shape[1]) + 0.5, map(drawable, shares.columns), rotation=35, ha="right")
    axes.set_yticks(np.arange(len(shares)) + 0.5, map(drawable, shares.index))


def draw_bars(values: Mapping[str, float], colour: str | list[str], form: str, height: float) -> tuple[Figure, Axes]:
    """Draw a bar for each name, from the top; names that are abbreviated may be alike."""
    figure, axes = new_figure(figsize=(8, height * len(values) + 1))
    bars = axes.barh(range(len(values)), list(values.values()), color=colour, edgecolor=GREY)
    axes.bar_label(bars, fmt=form, padding=3)
    axes.set_yticks(range(len(values)), map(drawable, values))
    axes.set_ylim(len(values) - 0.4, -0.6)
    return figure, axes


def left_out_note(message: str, shown: Sized, everything: Sized) -> str:
    """Say in a line of its own how many are shown, if that is not all."""
    others = len(everything) - len(shown)
    return "\n" + message.format(shown=len(shown), others=others) if others else ""


def joined(parts: Iterable[str]) -> str:
    """Join what a figure shows, in words; of very many parts, the first, and how many more there are."""
    parts = list(parts)
    more = translate("and {count:,} more", count=len(parts) - MOST_LISTED)
    return "; ".join([*parts[:MOST_LISTED], more] if len(parts) > MOST_LISTED else parts)


def finish(figure: Figure, in_words: str) -> Figure:
    """Give a figure its description, which is shown as its alternative text."""
    figure.set_label(in_words)
    plt.close(figure)  # so that Jupyter does not draw it a second time at the end of the cell
    return figure
