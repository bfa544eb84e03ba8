import numpy as np
import pandas as pd
import pytest

from helpers.going_further import figures


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


def test_the_best_f1_of_each_curve_has_a_star():
    curve = pd.DataFrame({"precision": [0.5, 0.8, 1.0], "recall": [0.5, 0.4, 0.1], "f1": [0.5, 0.53, 0.18]})
    figure = figures.precision_and_recall({"threshold": curve, "bias": curve[:1]})
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


def test_weights_mark_the_best_f1_or_the_first_if_there_is_none():
    scores = pd.DataFrame({"precision": [0.2, 0.4, 0.6], "recall": 0.5, "f1": [0.3, 0.45, 0.4]}, index=[0, 0.5, 1])
    figure = figures.weights(scores)
    *lines, best = figure.axes[0].lines
    assert [list(line.get_ydata()) for line in lines] == [scores[name].tolist() for name in scores]
    assert (list(best.get_xdata()), list(best.get_ydata())) == ([0.5], [0.45])
    assert figure.get_label().endswith("0: 0.300; 0.5: 0.450; 1: 0.400.")
    assert list(figures.weights(0 * scores).axes[0].lines[3].get_xdata()) == [0]
