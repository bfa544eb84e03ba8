"""Draw the figures that only chapters show."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers.notebook.fonts import abbreviated, drawable
from helpers.notebook.language import translate
from helpers.plots import (
    BLUE,
    GREEN,
    GREY,
    MOST,
    ORANGE,
    draw_bars,
    finish,
    joined,
    largest,
    left_out_note,
    new_figure,
    shaded_table,
)


def f1_bars(f1: Mapping[str, float]) -> Figure:
    """Draw the F1 of each way to answer."""
    figure, axes = draw_bars(f1, [ORANGE if "model" in name else BLUE for name in f1], "{:.3f}", 0.4)
    axes.set(title=translate("F1 of the model and of simple baselines"), xlabel="F1", xlim=(0, 1))
    listed = joined(f"{abbreviated(name)} {value:.3f}" for name, value in f1.items())
    return finish(figure, translate("Bar chart of F1: {f1}.", f1=listed))


def resamples(values: np.ndarray, difference: bool = False) -> Figure:
    """Draw a histogram of F1, or of a difference of F1, over resamples, with the interval that 95 % of them lie in."""
    figure, axes = new_figure(figsize=(8, 3))
    low, high = np.percentile(values, [2.5, 97.5])
    axes.hist(values, bins=40, color=BLUE)
    axes.axvspan(low, high, color=ORANGE, alpha=0.2, zorder=0, label=translate("95 % of the resamples"))
    if difference:
        axes.axvline(0, color=GREY, linestyle="--", label=translate("no difference"))
    name = translate("difference of F1") if difference else "F1"
    title = translate("{count:,} resamples: {name}", name=name, count=len(values))
    axes.set(title=title, xlabel=name, ylabel=translate("resamples"))
    axes.legend()
    text = translate("Histogram: in 95 % of the resamples from {low:.3f} to {high:.3f}.", low=low, high=high)
    return finish(figure, f"{title}. {text}")


def reliability(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw for each table, with a row for each bin of scores, the share of its ``entities`` that is ``right``."""
    figure, panels = new_figure(1, len(tables), figsize=(9, 4), sharey=True, squeeze=False)
    parts = []
    for axes, (name, table) in zip(panels[0], tables.items(), strict=True):
        bars = axes.bar(table.index / 10 + 0.05, table["right"], width=0.09, color=BLUE)
        axes.bar_label(bars, table["entities"], padding=3, bbox={"pad": 0.5, "facecolor": "white", "edgecolor": "none"})
        axes.plot([0, 1], [0, 1], "--", color=GREY, label=translate("calibrated"))
        axes.set(title=drawable(name), xlabel=translate("score of the entities"), xlim=(0, 1), ylim=(0, 1.08))
        rows = zip(table["score"], table["right"], table["entities"], strict=True)
        listed = joined(f"{score:.2f} {right:.2f} ({entities})" for score, right, entities in rows)
        parts.append(f"{abbreviated(name)}: {listed}")
    panels[0][0].set_ylabel(translate("share that is right"))
    panels[0][0].legend(loc="upper left")
    text = translate("Bar charts of the share of right entities by score, with counts: {bins}.", bins=joined(parts))
    return finish(figure, text)


def precision_and_recall(curves: Mapping[str, pd.DataFrame], chosen: Mapping[str, float]) -> Figure:
    """Draw ``precision`` over ``recall`` for the settings of each knob, the rows, with a star at the chosen one."""
    figure, axes = new_figure(figsize=(8, 4))
    parts = []
    for (name, curve), style, colour in zip(curves.items(), ("o-", "s--"), (BLUE, ORANGE), strict=True):
        axes.plot(curve["recall"], curve["precision"], style, markersize=4, color=colour, label=name)
        point = curve.loc[chosen[name]]
        axes.plot(point["recall"], point["precision"], "*", markersize=16, color=GREEN)
        parts.append(f"{name}: {point['recall']:.3f}, {point['precision']:.3f}")
    axes.set(title=translate("Precision and recall by setting"), xlim=(0, 1), ylim=(0, 1))
    axes.set(xlabel=translate("recall"), ylabel=translate("precision"))
    axes.legend()
    text = translate("Line chart of recall and precision. Chosen: {chosen}.", chosen=joined(parts))
    return finish(figure, text)


def transitions(counts: pd.DataFrame) -> Figure:
    """Draw how often each label (column) follows another (row), the last row being a sentence's beginning."""
    shown = largest(MOST, range(counts.shape[1]), counts.sum().to_numpy().__getitem__)
    note = left_out_note(translate("The {shown} most frequent labels; {others:,} are left out."), shown, counts.columns)
    shares = counts.div(counts.sum(axis="columns").clip(lower=1), axis="index").iloc[[*shown, -1], shown]
    table = counts.iloc[[*shown, -1], shown]
    size = min(0.6 * len(table), 0.45 * len(table) + 3)
    figure, axes = new_figure(figsize=(size + 2.2, size + 1.4))
    shaded_table(axes, shares, [[str(count or "") for count in row] for row in table.to_numpy()])
    title = translate("Which label follows which") + note
    axes.set(title=title, xlabel=translate("label of the next word"), ylabel=translate("label of a word"))
    likely = shares.stack().sort_values(ascending=False, kind="stable").items()
    listed = joined(f"{abbreviated(one)}, {abbreviated(next_)} {share:.0%}" for (one, next_), share in likely if share)
    return finish(figure, translate("Table of the labels of two words in a row: {pairs}.", pairs=listed) + note)


def weights(scores: pd.DataFrame) -> Figure:
    """Draw precision, recall and F1, a column each, over the weights in the index, and mark the best F1."""
    description = translate("Line chart of F1 over the weight of the transitions: {f1}.", f1=_listed(scores))
    return _score_curves(scores, translate("weight of the transitions"), description)


def biases(scores: pd.DataFrame) -> Figure:
    """Draw the same over the biases against O in the index."""
    description = translate("Line chart of F1 over the bias against O: {f1}.", f1=_listed(scores))
    return _score_curves(scores, translate("bias against O"), description)


def _listed(scores: pd.DataFrame) -> str:
    return joined(f"{setting:g}: {f1:.3f}" for setting, f1 in scores["f1"].items())


def _score_curves(scores: pd.DataFrame, setting: str, description: str) -> Figure:
    figure, axes = new_figure(figsize=(7, 3.2))
    scores.plot(ax=axes, style=["^:", "v:", "o-"], color=[BLUE, GREEN, ORANGE])
    best = scores["f1"].idxmax()
    axes.plot(best, scores["f1"][best], "*", markersize=16, color=ORANGE, label=translate("best F1"))
    axes.set(title=translate("Scores of the validation split"), xlabel=setting)
    axes.legend()
    axes.grid(alpha=0.3)
    return finish(figure, description)


def probabilities(tables: Mapping[str, pd.DataFrame], ignored: Collection[int] = ()) -> Figure:
    """Draw tables with a column for each label side by side, and hatch the rows that the loss ignores."""
    figure = _heat_maps(tables, "", translate("label"), translate("Heat maps of probabilities; the highest of a row:"))
    for axes in figure.axes[: len(tables)]:
        for row in ignored:
            axes.axhspan(row - 0.5, row + 0.5, facecolor="none", hatch="////", edgecolor=GREY, linewidth=0)
    return figure


def attention(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw matrices of attention (from subword, to subword) of several heads, at most four in a row."""
    text = translate("Heat maps of attention from subword to subword; the highest of a row:")
    return _heat_maps(tables, translate("from"), translate("to"), text)


def layer_curves(shares: pd.DataFrame) -> Figure:
    """Draw each of up to three columns as a line over the layers, which are the index."""
    figure, axes = new_figure(figsize=(7, 3.4))
    for name, colour, style in zip(shares, (BLUE, ORANGE, GREY), ("o-", "s--", ":"), strict=False):
        axes.plot(shares.index, shares[name], style, color=colour, label=drawable(name), clip_on=False)
    axes.set(xlabel=translate("layer"), ylabel=translate("accuracy"), ylim=(0, 1), xticks=shares.index)
    axes.legend()
    lines = joined(f"{abbreviated(name)} {', '.join(map('{:.2f}'.format, shares[name]))}" for name in shares)
    return finish(figure, translate("Line chart of accuracies over the layers: {lines}.", lines=lines))


def _heat_maps(tables: Mapping[str, pd.DataFrame], rows: str, columns: str, text: str) -> Figure:
    height, width = next(iter(tables.values())).shape
    down, across = -(-len(tables) // 4), min(4, len(tables))
    side = min(0.36, 7 / (across * width))  # of a cell, in inches
    size = (across * width * side + 2.2, down * (height * side + 0.4) + 1.5)
    figure, grid = new_figure(down, across, figsize=size, sharex=True, sharey=True, squeeze=False)
    for axes, (name, table) in zip(grid.flat, tables.items(), strict=False):
        image = axes.imshow(table, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.set_title(drawable(name), fontsize="medium")
        axes.set_xticks(range(width), map(drawable, table.columns), rotation=90)
        axes.set_yticks(range(height), map(drawable, table.index))
    figure.supxlabel(columns)
    figure.supylabel(rows)
    figure.colorbar(image, ax=figure.axes, shrink=0.8)
    best = (
        f"{abbreviated(name)}, {abbreviated(row)}: {abbreviated(table.columns[values.argmax()])} {values.max():.2f}"
        for name, table in tables.items()
        for row, values in zip(table.index, table.to_numpy(), strict=True)
    )
    return finish(figure, f"{text} {joined(best)}.")
