"""Every figure of the notebooks. Each function returns a closed figure, which a notebook shows once and can save.

A figure's label (`Figure.get_label`) says in words what it shows, for whoever cannot see it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from datasets import Dataset
from IPython.display import Image
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.files import written_whole
from helpers.notebook.language import translate

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#8c8c8c"  # from Okabe and Ito's palette


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
    """Draw how often each label occurs in a split, on a logarithmic axis, since ``O`` dwarfs all others."""
    counts = Counter(tag for tags in split["ner_tags"] for tag in tags)
    values = [counts[label] for label in range(len(label_names))]
    colours = [{"O": GREY, "B": BLUE, "I": ORANGE}[name[0]] for name in label_names]
    figure, axes = plt.subplots(figsize=(8, 0.32 * len(label_names) + 1), layout="constrained")
    bars = axes.barh(list(map(_plain, label_names)), values, color=colours)
    axes.bar_label(bars, [f"{value:,}" for value in values], padding=3)
    axes.set_xscale("symlog")  # linear between 0 and 1, so that a label that never occurs has a place too
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(0, max(values) * 4)
    axes.invert_yaxis()
    axes.set(title=translate("How often each label occurs"), xlabel=translate("words (logarithmic scale)"))
    listed = _listed(f"{name} {value:,}" for name, value in zip(label_names, values, strict=True))
    text = translate("Bar chart of how many words have each label: {counts}.")
    return _finished(figure, text.format(counts=listed))


def learning_curves(history: pd.DataFrame) -> Figure:
    """Draw training and validation loss, and the validation F1, after each epoch.

    Parameters
    ----------
    history : DataFrame
        A row an epoch, with the columns ``epoch``, ``training_loss``, ``validation_loss`` and ``f1``.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
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
    """Draw the table of `metrics.confusion_matrix`, shaded by each row's share."""
    shares = table.div(table.sum(axis="columns").clip(lower=1), axis="index")
    size = 0.6 * len(table) + 2
    figure, axes = plt.subplots(figsize=(size + 0.8, size - 0.6), layout="constrained")
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(table.shape):
        ink = "white" if shares.iat[row, column] > 0.6 else "black"
        axes.text(column, row, table.iat[row, column], ha="center", va="center", color=ink)
    axes.set_xticks(range(len(table)), map(_plain, table.columns), rotation=35, ha="right")
    axes.set_yticks(range(len(table)), map(_plain, table.index))
    axes.set(
        title=translate("Types of paired entities"), xlabel=translate("predicted type"), ylabel=translate("true type")
    )
    pair = translate("true {true}, predicted {predicted}: {count}")
    pairs = [(true, predicted, count) for true, row in table.iterrows() for predicted, count in row.items() if count]
    text = translate("Table of true and predicted types, shaded by each row's shares. {pairs}.")
    listed = _listed(pair.format(true=true, predicted=predicted, count=count) for true, predicted, count in pairs)
    return _finished(figure, text.format(pairs=listed))


def padding(lengths: Sequence[int], orders: Mapping[str, Sequence[int]], batch_size: int, batches: int = 12) -> Figure:
    """Draw the sentences of the first batches, each padded to the longest of its batch.

    Parameters
    ----------
    lengths : sequence of int
        The number of subwords of each sentence.
    orders : mapping of str to sequence of int
        By name, an order of the sentences; each `batch_size` of them are a batch.
    batch_size : int
    batches : int
        How many are drawn.
    """
    figure, panels = plt.subplots(1, len(orders), figsize=(9, 3.2), sharey=True, squeeze=False, layout="constrained")
    shares = []
    for axes, (name, order) in zip(panels[0], orders.items(), strict=True):
        drawn = np.asarray(lengths)[np.asarray(order)[: batches * batch_size]]
        firsts = range(0, len(drawn), batch_size)
        padded = np.concatenate([np.full_like(batch, batch.max()) for batch in np.split(drawn, firsts[1:])])
        axes.bar(range(len(drawn)), padded, width=1, color=ORANGE, label=translate("padding"))
        axes.bar(range(len(drawn)), drawn, width=1, color=BLUE, label=translate("subwords"))
        axes.set(title=_plain(name), xlabel=translate("sentences, batch by batch"))
        axes.set_xticks([])
        shares.append(f"{name} {1 - drawn.sum() / padded.sum():.0%}")
    panels[0][0].set_ylabel(translate("length in subwords"))
    panels[0][-1].legend()
    text = translate("Bar charts of the lengths of sentences in batches. Share of padding: {shares}.")
    return _finished(figure, text.format(shares=_listed(shares)))


def speeds(ratios: Mapping[str, float]) -> Figure:
    """Draw how many times as fast as the first of some variants each of them is."""
    figure, axes = plt.subplots(figsize=(8, 0.4 * len(ratios) + 1), layout="constrained")
    bars = axes.barh(list(map(_plain, ratios.keys())), list(ratios.values()), color=BLUE)
    axes.bar_label(bars, fmt="{:.2f}", padding=3)
    axes.axvline(1, color=GREY, linestyle="--")
    axes.margins(x=0.1)
    axes.invert_yaxis()
    axes.set(title=translate("Speed of training"), xlabel=translate("times as fast as the first"))
    listed = _listed(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
    text = translate("Bar chart of how many times as fast as the first each variant trains: {ratios}.")
    return _finished(figure, text.format(ratios=listed))


def save(figure: Figure, path: Path) -> Picture:
    """Save a figure as PNG, its folder too where it is missing, and give the picture for the notebook to show.

    The notebook shows what was saved, as drawing a figure takes longer than all else about it.
    """
    with written_whole(path) as unfinished:
        figure.savefig(unfinished, format="png", dpi=120)
    return Picture(filename=path, width=round(figure.get_figwidth() * 100), alt=figure.get_label())


def _plain(name: str) -> str:
    # Between two $, matplotlib reads a formula, and raises an error if it is none.
    return name.replace("$", r"\$")


def _listed(parts: Iterable[str]) -> str:
    return "; ".join(parts)


def _finished(figure: Figure, in_words: str) -> Figure:
    figure.set_label(in_words)
    # Closed, so that Jupyter does not draw it a second time at the end of the cell.
    plt.close(figure)
    return figure
