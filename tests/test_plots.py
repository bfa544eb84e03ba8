import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.image import imread

from helpers import plots
from helpers.data import label_names


@pytest.fixture(autouse=True)
def no_open_figures():
    yield
    assert plt.get_fignums() == []


def test_label_counts_are_the_bars(sample):
    names = label_names(sample)
    (axes,) = plots.label_counts(sample["train"], names).axes
    expected = [sum(tags.count(label) for tags in sample["train"]["ner_tags"]) for label in range(len(names))]
    assert [bar.get_width() for bar in axes.patches] == expected
    assert [tick.get_text() for tick in axes.get_yticklabels()] == names


def test_sentence_lengths_sum_to_all_sentences(sample):
    (axes,) = plots.sentence_lengths(sample).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["train", "validation", "test"]
    for outline in axes.patches:
        heights = outline.get_xy()[1:-1:2, 1]
        assert sum(heights) == pytest.approx(100)


def test_learning_curves_mark_the_best_epoch():
    history = pd.DataFrame(
        {"epoch": [1, 2, 3], "training_loss": [3, 2, 1], "validation_loss": [2, 1, 2], "f1": [0.1, 0.4, 0.3]}
    )
    loss, f1 = plots.learning_curves(history).axes
    assert [list(line.get_ydata()) for line in loss.lines] == [[3, 2, 1], [2, 1, 2]]
    assert list(f1.lines[0].get_ydata()) == [0.1, 0.4, 0.3]
    assert (list(f1.lines[1].get_xdata()), list(f1.lines[1].get_ydata())) == ([2], [0.4])


def test_type_scores_show_each_score_and_support():
    table = pd.DataFrame(
        {"precision": [0.1, 0.2], "recall": [0.3, 0.4], "f1": [0.5, 0.6], "support": [7, 8]}, index=["person", "all"]
    )
    (axes,) = plots.type_scores(table).axes
    assert [bar.get_height() for bar in axes.patches] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["person\n(7)", "all\n(8)"]


def test_confusion_matrix_shows_counts_and_shares():
    table = pd.DataFrame([[3, 1], [0, 0]], index=["x", "none"], columns=["x", "none"])
    (axes,) = plots.confusion_matrix(table).axes
    assert [text.get_text() for text in axes.texts] == ["3", "1", "0", "0"]
    assert axes.images[0].get_array().tolist() == [[0.75, 0.25], [0, 0]]


def test_save_writes_a_png_and_hands_the_figure_back(tmp_path, sample):
    figure = plots.sentence_lengths(sample)
    path = tmp_path / "figures" / "lengths.png"
    assert plots.save(figure, path) is figure
    height, width, _ = imread(path).shape
    assert (width, height) == tuple(figure.get_size_inches() * 120)
