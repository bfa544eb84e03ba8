"""Draw the figures that only chapters show."""

from collections.abc import Collection, Mapping

import pandas as pd
from matplotlib.figure import Figure

from helpers.notebook.fonts import abbreviated, drawable
from helpers.notebook.language import translate
from helpers.plots import BLUE, GREY, ORANGE, _finished, _listed, _subplots


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
    figure, axes = _subplots(figsize=(7, 3.4))
    for name, colour, style in zip(shares, (BLUE, ORANGE, GREY), ("o-", "s--", ":"), strict=False):
        axes.plot(shares.index, shares[name], style, color=colour, label=drawable(name), clip_on=False)
    axes.set(xlabel=translate("layer"), ylabel=translate("accuracy"), ylim=(0, 1), xticks=shares.index)
    axes.legend()
    lines = _listed(f"{abbreviated(name)} {', '.join(map('{:.2f}'.format, shares[name]))}" for name in shares)
    return _finished(figure, translate("Line chart of accuracies over the layers: {lines}.", lines=lines))


def _heat_maps(tables: Mapping[str, pd.DataFrame], rows: str, columns: str, text: str) -> Figure:
    height, width = next(iter(tables.values())).shape
    down, across = -(-len(tables) // 4), min(4, len(tables))
    side = min(0.36, 7 / (across * width))  # of a cell, in inches
    size = (across * width * side + 2.2, down * (height * side + 0.4) + 1.5)
    figure, grid = _subplots(down, across, figsize=size, sharex=True, sharey=True, squeeze=False)
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
    return _finished(figure, f"{text} {_listed(best)}.")
