import numpy as np
import pandas as pd
import pytest
import seqeval.metrics
from hypothesis import given
from support.tagged import tagged_pairs

from helpers import metrics
from helpers.errors import TrainingDivergedError

NAMES = ["O", "B-x", "I-x", "B-y", "I-y"]


def test_what_is_no_type_has_a_name_that_no_type_has():
    scores = {"precision": 1.0, "recall": 1.0, "f1": 1.0, "number": 1}
    total = {f"overall_{name}": 0.5 for name in metrics.SCORES}
    for names, last in ((["x"], "all"), (["all", "(all)"], "((all))")):
        assert metrics.per_type_table(dict.fromkeys(names, scores) | total).index.tolist() == [*names, last]
    matches = metrics.match_entities([["B-none", "O", "B-x"]], [["B-none", "B-x", "O"]])
    table = metrics.confusion_matrix(matches, ["none", "x"])
    assert table.columns.tolist() == table.index.tolist() == ["none", "x", "(none)"]
    assert table.to_numpy().tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_tags_from_logits_worked_by_hand():
    logits = np.eye(5)[[[0, 2, 1], [4, 0, 3]]]
    predicted, true = metrics.tags_from_logits(logits, np.array([[1, -100, 1], [4, 0, -100]]), NAMES)
    assert predicted == [["O", "B-x"], ["I-y", "O"]]  # what the model labels O stays, what is labelled -100 goes
    assert true == [["B-x", "B-x"], ["I-y", "O"]]


@pytest.mark.parametrize(
    ("true", "predicted", "expected"),
    [
        ("B-x I-x O", "B-x I-x O", [("correct", (0, 2), (0, 2))]),
        ("B-x I-x O", "B-y I-y O", [("wrong type", (0, 2), (0, 2))]),
        ("B-x I-x O", "B-x O O", [("wrong boundary", (0, 2), (0, 1))]),
        ("B-x I-x O", "O B-y I-y", [("wrong type", (0, 2), (1, 3))]),
        ("B-x I-x O", "O O O", [("missed", (0, 2), None)]),
        ("O O O", "O B-x O", [("spurious", None, (1, 2))]),
        ("B-x I-x I-x", "B-x O B-x", [("wrong boundary", (0, 3), (0, 1)), ("spurious", None, (2, 3))]),
        # The better partner wins: the same type before any overlap
        ("B-x I-x B-y", "B-y I-y I-y", [("wrong boundary", (2, 3), (0, 3)), ("missed", (0, 2), None)]),
    ],
)
def test_matches_worked_by_hand(true, predicted, expected):
    matches = metrics.match_entities([["O"], true.split()], [["O"], predicted.split()])
    assert [(m.outcome, m.true and m.true[:2], m.predicted and m.predicted[:2]) for m in matches] == expected
    assert {m.sentence for m in matches} == {1}


@given(tagged_pairs())
def test_matches_account_for_every_entity_once(pair):
    true, predicted = pair
    matches = metrics.match_entities(true, predicted)
    entities = seqeval.metrics.sequence_labeling.get_entities
    for tags, side in ((true, "true"), (predicted, "predicted")):
        found = sorted((m.sentence, *getattr(m, side)) for m in matches if getattr(m, side))
        expected = ((i, first, last + 1, kind) for i, row in enumerate(tags) for kind, first, last in entities(row))
        assert found == sorted(expected)
    counts = metrics.outcome_counts(matches)
    assert sum(counts.values()) == len(matches)
    correct = counts["correct"]
    n_true, n_predicted = (sum(getattr(m, side) is not None for m in matches) for side in ("true", "predicted"))
    f1 = 2 * correct / (n_true + n_predicted) if n_true + n_predicted else 0
    assert f1 == pytest.approx(seqeval.metrics.f1_score(true, predicted, zero_division=0))
    table = metrics.confusion_matrix(matches, ["x", "y"])
    assert (table.to_numpy().sum(), table.loc["none", "none"]) == (len(matches), 0)
    assert (table.loc["none"].sum(), table["none"].sum()) == (counts["spurious"], counts["missed"])
    assert table.loc["x"].sum() == sum(m.true is not None and m.true.label == "x" for m in matches)


def test_the_comment_names_the_best_epoch_or_says_why_there_is_none():
    history = pd.DataFrame({"epoch": [1, 2, 3], "validation_loss": [0.3, 0.2, 1e30], "f1": [0.1, 0.4, 0.3]})
    assert metrics.comment_on(history) == "Best validation F1: 0.400, after epoch 2."
    assert "raise epochs or learning_rate" in metrics.comment_on(history.assign(f1=0.0))


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), None])
def test_a_training_that_has_diverged_has_no_best_epoch(loss):
    history = pd.DataFrame({"epoch": [1.0, 2.0], "validation_loss": [0.3, loss], "f1": [0.4, 0.0]})
    with pytest.raises(TrainingDivergedError, match="after epoch 2, the validation loss is no finite number"):
        metrics.comment_on(history)
