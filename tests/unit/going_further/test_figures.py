import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers.going_further import figures


@pytest.fixture(autouse=True)
def no_open_figures():
    yield
    assert plt.get_fignums() == []


def test_probabilities_are_the_cells_and_ignored_rows_are_hatched():
    subwords = ["a", "a", "$b$"]
    tables = {name: pd.DataFrame([[p, 1 - p]] * 3, subwords, ["O", "B-x"]) for name, p in (("m", 0.25), ("n", 1))}
    figure = figures.probabilities(tables, ignored=[0, 2])
    first, second, _ = figure.axes
    assert first.images[0].get_array().tolist() == [[0.25, 0.75]] * 3
    assert second.images[0].get_array().tolist() == [[1, 0]] * 3
    for axes in (first, second):
        assert [patch.get_y() for patch in axes.patches] == [-0.5, 1.5]
        assert all(patch.get_hatch() for patch in axes.patches)
        assert axes.yaxis_inverted()  # the first subword on top
    assert [tick.get_text() for tick in first.get_yticklabels()] == ["a", "a", r"\$b\$"]
    assert [tick.get_text() for tick in first.get_xticklabels()] == ["O", "B-x"]
    assert "m, a: B-x 0.75; m, a: B-x 0.75; m, $b$: B-x 0.75; n, a: O 1.00" in figure.get_label()


@pytest.mark.parametrize(("heads", "grid"), [(1, (1, 1)), (2, (1, 2)), (12, (3, 4))])
def test_heads_are_drawn_four_in_a_row(heads, grid):
    matrices = {f"1.{head}": pd.DataFrame(np.eye(3) * head / heads) for head in range(1, heads + 1)}
    matrices = {name: matrix.set_axis(list("abc")).set_axis(list("abc"), axis=1) for name, matrix in matrices.items()}
    figure = figures.attention(matrices)
    *drawn, bar = figure.axes
    assert [axes.get_title() for axes in drawn] == list(matrices)
    assert drawn[-1].images[0].get_array().tolist() == np.eye(3).tolist()
    assert drawn[0].get_gridspec().get_geometry() == grid
    assert bar.get_ylim() == (0, 1)


def test_layer_curves_are_the_columns():
    shares = pd.DataFrame({"before": [0.1, 0.2, 0.3], "after": [0.1, 0.5, 0.9]})
    figure = figures.layer_curves(shares)
    (axes,) = figure.axes
    assert {line.get_label(): list(line.get_ydata()) for line in axes.lines} == shares.to_dict("list")
    assert list(axes.get_xticks()) == [0, 1, 2]
    assert "before 0.10, 0.20, 0.30; after 0.10, 0.50, 0.90" in figure.get_label()
