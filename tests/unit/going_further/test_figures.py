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
