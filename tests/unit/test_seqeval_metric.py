"""The metric script: examples worked by hand, and seqeval's own report."""

import inspect
from pathlib import Path

import evaluate
import numpy as np
import pytest
import seqeval.metrics
from hypothesis import given
from support.tagged import ODD_TYPES, tagged_pairs

from helpers import metrics

TOTALS = {f"overall_{name}" for name in metrics.SCORES}


@pytest.fixture(scope="module")
def seqeval_metric():
    return evaluate.load(metrics.SEQEVAL)


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


def test_nothing_predicted_scores_zero_without_a_warning(seqeval_metric, recwarn):
    scores = seqeval_metric.compute(predictions=[["O", "O"]], references=[["B-x", "O"]])
    assert [scores[f"overall_{name}"] for name in metrics.SCORES] == [0, 0, 0, 0.5]
    nothing = seqeval_metric.compute(predictions=[["O"]], references=[["O"]])
    assert (nothing["overall_f1"], nothing["overall_accuracy"], metrics.types_of(nothing)) == (0, 1, {})
    assert not recwarn.list
