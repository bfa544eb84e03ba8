"""Draw the figures that only chapters show."""

import math
from collections.abc import Collection, Mapping

import pandas as pd
from matplotlib.figure import Figure

from helpers.notebook.fonts import abbreviated, drawable
from helpers.notebook.language import translate
from helpers.plots import BLUE, GREY, ORANGE, _finished, _listed, _subplots


def probabilities(tables: Mapping[str, pd.DataFrame], ignored: Collection[int] = ()) -> Figure:
    """Draw tables of probabilities (subwords, labels) side by side, with the rows hatched that the loss ignores."""
    text = translate("Heat maps of the probability of each label (columns) for each subword (rows), the highest in a row:")
    figure = _heat_maps(tables, translate("subword"), translate("label"), text)
    for axes in figure.axes[: len(tables)]:
        for row in ignored:
            axes.axhspan(row, row + 1, facecolor="none", hatch="////", edgecolor=GREY, linewidth=0)
    return figure


def attention(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw matrices of attention (from subword, to subword) of several heads, at most four in a row."""
    text = translate("Heat maps of the attention from each subword (rows) to each (columns), the highest in a row:")
    return _heat_maps(tables, translate("from"), translate("to"), text)


def layer_curves(shares: pd.DataFrame) -> Figure:
    """Draw a line of shares over the layers for each column, the index."""
    figure, axes = _subplots(figsize=(7, 3.4))
    styles = zip(shares, (BLUE, ORANGE, GREY), "os^", ("-", "--", ":"), strict=False)
    for name, colour, marker, line in styles:
        axes.plot(shares.index, shares[name], marker + line, color=colour, label=drawable(name), clip_on=False)
    axes.set(xlabel=translate("layer"), ylabel=translate("accuracy"), ylim=(0, 1), xticks=shares.index)
    axes.grid(alpha=0.3)
    axes.legend()
    lines = (f"{abbreviated(name)} {', '.join(f'{share:.2f}' for share in shares[name])}" for name in shares)
    return _finished(figure, translate("Line chart of accuracies over the layers. {lines}.", lines=_listed(lines)))


def _heat_maps(tables: Mapping[str, pd.DataFrame], rows: str, columns: str, text: str) -> Figure:
    height, width = next(iter(tables.values())).shape
    across = min(4, len(tables))
    down = math.ceil(len(tables) / across)
    side = min(0.36, 7 / (across * width))  # of a cell, in inches
    size = {"figsize": (across * width * side + 2.2, down * (height * side + 0.4) + 1.1)}
    figure, grid = _subplots(down, across, sharex=True, sharey=True, squeeze=False, **size)
    for axes, (name, table) in zip(grid.flat, tables.items(), strict=False):
        mesh = axes.pcolormesh(table, cmap="Blues", vmin=0, vmax=1)
        axes.set_title(drawable(name), fontsize="medium")
    axes.invert_yaxis()
    axes.set_xticks([place + 0.5 for place in range(width)], map(drawable, table.columns), rotation=90)
    axes.set_yticks([place + 0.5 for place in range(height)], map(drawable, table.index))
    figure.supxlabel(columns, fontsize="medium")
    figure.supylabel(rows, fontsize="medium")
    figure.colorbar(mesh, ax=grid, shrink=0.8)
    best = (
        f"{abbreviated(name)}, {abbreviated(row)}: {abbreviated(table.columns[values.argmax()])} {values.max():.2f}"
        for name, table in tables.items()
        for row, values in zip(table.index, table.to_numpy(), strict=True)
    )
    return _finished(figure, f"{text} {_listed(best)}.")
