import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers.going_further import figures


@pytest.fixture(autouse=True)
def no_open_figures():
    yield
    assert plt.get_fignums() == []


def test_bars_of_f1():
    figure = figures.f1_bars({"dictionary": 0.25, "model": 0.5})
    assert [bar.get_width() for bar in figure.axes[0].patches] == [0.25, 0.5]
    assert figure.get_label() == "Bar chart of F1: dictionary 0.250; model 0.500."


@pytest.mark.parametrize("difference", [False, True])
def test_resamples_and_their_interval(difference):
    figure = figures.resamples(np.arange(1001) / 1000, difference)
    *bars, interval = figure.axes[0].patches
    assert sum(bar.get_height() for bar in bars) == 1001
    assert (interval.get_x(), interval.get_x() + interval.get_width()) == pytest.approx((0.025, 0.975))
    assert [list(line.get_xdata()) for line in figure.axes[0].lines] == ([[0, 0]] if difference else [])
    assert figure.get_label().endswith("in 95 % of the resamples from 0.025 to 0.975.")


def test_reliability_has_a_bar_for_each_bin():
    table = pd.DataFrame({"entities": [4, 2], "score": [0.31, 0.95], "right": [0.25, 1.0]}, index=[3, 9])
    figure = figures.reliability({"as trained": table, "none found": table[:0]})
    filled, empty = figure.axes
    assert [bar.get_x() + bar.get_width() / 2 for bar in filled.patches] == pytest.approx([0.35, 0.95])
    assert [bar.get_height() for bar in filled.patches] == [0.25, 1.0]
    assert [text.get_text() for text in filled.texts] == ["4", "2"]
    assert not empty.patches
    assert "as trained: 0.31 0.25 (4); 0.95 1.00 (2)" in figure.get_label()


def test_the_chosen_setting_of_each_curve_has_a_star():
    curve = pd.DataFrame({"precision": [0.5, 0.8, 1.0], "recall": [0.5, 0.4, 0.1]}, index=[0.0, 0.5, 0.9])
    figure = figures.precision_and_recall({"threshold": curve, "bias": curve[:1]}, {"threshold": 0.5, "bias": 0.0})
    _, star, _, other = figure.axes[0].lines
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (0.4, 0.8)
    assert (other.get_xdata()[0], other.get_ydata()[0]) == (0.5, 0.5)
    assert figure.get_label().endswith("threshold: 0.400, 0.800; bias: 0.500, 0.500.")


def test_transitions_show_counts_and_shares():
    counts = pd.DataFrame([[3, 1], [0, 0], [2, 2]], index=["O", "B-x", "(start)"], columns=["O", "B-x"])
    figure = figures.transitions(counts)
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["3", "1", "2", "2"]
    assert [text.get_position() for text in axes.texts] == [(0.5, 0.5), (1.5, 0.5), (0.5, 2.5), (1.5, 2.5)]
    assert axes.collections[0].get_array().tolist() == [[0.75, 0.25], [0, 0], [0.5, 0.5]]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["O", "B-x", "(start)"]
    assert figure.get_label().endswith("O, O 75%; (start), O 50%; (start), B-x 50%; O, B-x 25%.")


def test_of_many_labels_the_most_frequent_transitions_are_shown():
    names = [f"B-{i} {300 * 'x'}" for i in range(100)]
    counts = pd.DataFrame(1, index=[*names, "(start)"], columns=names)
    counts.iloc[:, 60:] = 2
    figure = figures.transitions(counts)
    assert figure.axes[0].collections[0].get_array().shape == (41, 40)
    assert figure.axes[0].collections[0].get_array()[0, 0] == 2 / 140  # of all that follows, shown or not
    assert max(figure.get_size_inches()) < 25
    assert "The 40 most frequent labels; 60 are left out." in figure.get_label()


@pytest.mark.parametrize("curves", [figures.weights, figures.biases])
def test_a_setting_is_marked_where_f1_is_best_or_first_if_nothing_is_found(curves):
    scores = pd.DataFrame({"precision": [0.2, 0.4, 0.6], "recall": 0.5, "f1": [0.3, 0.45, 0.4]}, index=[0, 0.5, 1])
    figure = curves(scores)
    *lines, best = figure.axes[0].lines
    assert [list(line.get_ydata()) for line in lines] == [scores[name].tolist() for name in scores]
    assert (list(best.get_xdata()), list(best.get_ydata())) == ([0.5], [0.45])
    assert figure.get_label().endswith("0: 0.300; 0.5: 0.450; 1: 0.400.")
    assert list(curves(0 * scores).axes[0].lines[3].get_xdata()) == [0]


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
