import inspect
from pathlib import Path

import evaluate
import numpy as np
import pandas as pd
import pytest
import seqeval.metrics
from hypothesis import given
from hypothesis import strategies as st
from support.odd_types import ODD_TYPES

from helpers import metrics
from helpers.errors import TrainingDivergedError

TOTALS = {f"overall_{name}" for name in metrics.SCORES}
NAMES = ["O", "B-x", "I-x", "B-y", "I-y"]


@pytest.fixture(scope="module")
def seqeval_metric():
    return evaluate.load(metrics.SEQEVAL)


@st.composite
def tagged_pairs(draw, names=NAMES):
    lengths = draw(st.lists(st.integers(1, 8), min_size=1, max_size=5))
    tags = st.sampled_from(names)
    return tuple([draw(st.lists(tags, min_size=n, max_size=n)) for n in lengths] for _ in range(2))


def test_the_metric_script_is_the_projects_own(seqeval_metric, tmp_path, monkeypatch):
    for name in ("seqeval.py", "seqeval_metric.py", "evaluate.py"):
        (tmp_path / name).write_text("raise SystemExit('a script of the current folder was run')")
    monkeypatch.chdir(tmp_path)
    for metric in (seqeval_metric, evaluate.load(metrics.SEQEVAL)):
        script = Path(inspect.getfile(type(metric)))  # evaluate runs a copy of it
        assert script.read_bytes() == Path(metrics.__file__).with_name("seqeval_metric.py").read_bytes()


def test_scores_worked_by_hand(seqeval_metric):
    true = [["B-x", "I-x", "O", "B-y"], ["B-x", "O", "O"]]
    predicted = [["B-x", "I-x", "O", "B-x"], ["B-x", "I-x", "O"]]
    scores = seqeval_metric.compute(predictions=predicted, references=true)
    # found 1 of 3 true entities with 3 predicted ones; 5 of 7 words right
    assert [scores[f"overall_{name}"] for name in ("precision", "recall", "f1")] == pytest.approx([1 / 3, 1 / 3, 1 / 3])
    assert scores["overall_accuracy"] == pytest.approx(5 / 7)
    assert scores["x"] == pytest.approx({"precision": 1 / 3, "recall": 0.5, "f1": 0.4, "number": 2})
    assert scores["y"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "number": 1}
    table = metrics.per_type_table(scores)
    assert table.index.tolist() == ["x", "y", "all"]
    assert table["number"].tolist() == [2, 1, 3]
    assert table.loc["all", "f1"] == scores["overall_f1"]


def harmless(rows):
    return [[tag if tag == "O" else f"{tag[:2]}t{ODD_TYPES.index(tag[2:])}" for tag in tags] for tags in rows]


@pytest.mark.slow
@given(tagged_pairs(["O", *(f"{prefix}-{name}" for name in ODD_TYPES for prefix in "BI")]))
def test_types_with_odd_names_are_scored_as_with_others(seqeval_metric, pair):
    scores = seqeval_metric.compute(predictions=pair[1], references=pair[0])
    if {tag for rows in pair for tags in rows for tag in tags} == {"O"}:
        assert metrics.types_of(scores) == {}
        return
    report = seqeval.metrics.classification_report(*map(harmless, pair), output_dict=True, zero_division=0)
    names = {f"t{i}": f"({name})" if name in TOTALS else name for i, name in enumerate(ODD_TYPES)}
    columns = {"precision": "precision", "recall": "recall", "f1-score": "f1", "support": "number"}
    rows = {name: {columns[column]: value for column, value in row.items()} for name, row in report.items()}
    expected = {names[name]: row for name, row in rows.items() if name in names}
    assert metrics.types_of(scores) == expected
    table = metrics.per_type_table(scores)
    assert table.index.is_unique
    assert table.iloc[:-1].to_dict("index") == expected
    assert table.iloc[-1].to_dict() == rows["micro avg"]
    assert scores["overall_accuracy"] == pytest.approx(np.mean(np.concatenate(pair[0]) == np.concatenate(pair[1])))


def test_what_is_no_type_has_a_name_that_no_type_has():
    scores = {"precision": 1.0, "recall": 1.0, "f1": 1.0, "number": 1}
    total = {f"overall_{name}": 0.5 for name in metrics.SCORES}
    for names, last in ((["x"], "all"), (["all", "(all)"], "((all))")):
        assert metrics.per_type_table(dict.fromkeys(names, scores) | total).index.tolist() == [*names, last]
    matches = metrics.match_entities([["B-none", "O", "B-x"]], [["B-none", "B-x", "O"]])
    table = metrics.confusion_matrix(matches, ["none", "x"])
    assert table.columns.tolist() == table.index.tolist() == ["none", "x", "(none)"]
    assert table.to_numpy().tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_nothing_predicted_scores_zero_without_a_warning(seqeval_metric, recwarn):
    scores = seqeval_metric.compute(predictions=[["O", "O"]], references=[["B-x", "O"]])
    assert [scores[f"overall_{name}"] for name in metrics.SCORES] == [0, 0, 0, 0.5]
    nothing = seqeval_metric.compute(predictions=[["O"]], references=[["O"]])
    assert (nothing["overall_f1"], nothing["overall_accuracy"], metrics.types_of(nothing)) == (0, 1, {})
    assert not recwarn.list


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
