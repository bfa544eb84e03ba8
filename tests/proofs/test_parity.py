"""The proof that the editions train alike: it holds, and it notices where they don't."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from proofs import parity
from proofs.parity import STEPS, Row, compare_logits, compare_predictions, compare_steps, main, run_recorded
from safetensors.numpy import save_file

from helpers.errors import RunError
from helpers.notebook.editions import MAIN

ROOT = Path(__file__).resolve().parents[2]
TINY = str(ROOT / "tests" / "support" / "tiny_distilbert")
BATCHES, RATE, DECAY, LOSS, SIZE, CHANGE = range(6)  # the rows of `compare_steps`


@pytest.fixture(scope="module", autouse=True)
def environment():
    """The environment's variables, as they were once the tests are over: the proof sets some for the notebooks."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ |= before


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folder of one run of each edition, from the tiny checkpoint."""
    folder = tmp_path_factory.mktemp("parity")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        parity.prepare()
        parity.write_checkpoint(TINY, folder / "checkpoint")
        for edition in MAIN:
            run_recorded(edition, folder / "checkpoint", folder)
    return folder


def steps_of(runs, keras):
    return compare_steps(runs / "checkpoint", runs / "pytorch", keras)


@pytest.mark.weekly
def test_editions_are_the_same_training(runs):
    rows = [compare_logits(runs / "checkpoint"), *steps_of(runs, runs / "keras")]
    for edition in MAIN:
        rows += compare_predictions(runs / edition / "model", edition)
    assert [row for row in rows if not row.holds] == []
    assert len(rows) == 11


@pytest.mark.weekly
@pytest.mark.parametrize(
    ("changes", "differ"),
    [
        # AdamW divides by the gradients' size, so the losses hardly notice.
        ({"global_clipnorm=1.0": "global_clipnorm=0.1"}, {SIZE, CHANGE}),
        (
            {
                "shuffle=True, seed=seed": "shuffle=True, seed=seed + 1",
                "end_learning_rate=0.0": "end_learning_rate=1e-5",
                '"bias", "gamma", "beta"': '"gamma", "beta"',
            },
            {BATCHES, RATE, DECAY, LOSS, SIZE, CHANGE},
        ),
    ],
    ids=["clipping", "order, learning rate and decay"],
)
def test_an_edition_that_trains_otherwise_is_noticed(runs, changes, differ, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns("output"))
    path = tmp_path / "notebooks" / "token_classification_keras.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for old, new in changes.items():
        cells = [cell for cell in notebook["cells"] if old in "".join(cell["source"])]
        assert len(cells) == 1
        cells[0]["source"] = "".join(cells[0]["source"]).replace(old, new)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)  # where the notebook finds `proofs`
    run_recorded("keras", runs / "checkpoint", tmp_path)
    rows = steps_of(runs, tmp_path / "keras")
    assert {number for number, row in enumerate(rows) if not row.holds} == differ


@pytest.mark.weekly
def test_models_that_differ_are_noticed(runs, monkeypatch):
    keras_logits = parity.keras_logits
    monkeypatch.setattr(parity, "keras_logits", lambda *inputs: [-logits for logits in keras_logits(*inputs)])
    assert not compare_logits(runs / "checkpoint").holds
    tags, scores = compare_predictions(runs / "keras" / "model", "model")
    assert not tags.holds
    assert not scores.holds


def test_a_missing_model_is_named_without_a_traceback(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(["--model", "./missing"]) == 1
    shown = capsys.readouterr()
    assert shown.err == "CheckpointUnavailableError: there is no checkpoint folder ./missing\n"
    assert shown.out == ""


@pytest.mark.parametrize(("figure", "status"), [(0.9, 0), (1.0, 0), (1.1, 1), (float("nan"), 1)])
def test_the_table_and_the_exit_status_say_whether_each_row_holds(figure, status, monkeypatch, capsys):
    monkeypatch.setattr(parity, "compare_editions", lambda *_: [Row("one", 0.0, 0), Row("the other", figure, 1.0)])
    assert main([]) == status
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["figure", "bound", "holds"],
        ["one", "0", "0", "yes"],
        ["the", "other", f"{figure:.2g}", "1", ["yes", "NO"][status]],
    ]


def recorded(folder, weights, losses, rates, batches, decayed):
    (folder / "last").mkdir(parents=True)
    save_file({"w": np.array(weights, dtype=np.float32)}, folder / "last" / "model.safetensors")
    record = {"loss": losses, "learning_rate": rates, "batch": batches, "decayed": decayed}
    (folder / "steps.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def test_the_figures_of_two_records(tmp_path):
    save_file({"w": np.array([3.0, 0.0], dtype=np.float32)}, tmp_path / "model.safetensors")
    losses, rates, batches = [2.0] * STEPS, [0.5] * STEPS, ["a"] * STEPS
    first = recorded(tmp_path / "first", [3.0, 4.0], losses, rates, batches, ["w", "v"])
    second = recorded(
        tmp_path / "second", [3.0, 4.5], [*losses[1:], 1.75], [*rates[1:], 0.25], [*batches[2:], "b", "c"], ["w"]
    )
    figures = [row.figure for row in compare_steps(tmp_path, first, second)]
    # batches; learning rate, of 0.5; decayed; loss; |(0, 0.5)| of |(3, 4)| = 5; of |(0, 4)| = 4
    assert figures == pytest.approx([2, 0.5, 1, 0.25, 0.1, 0.125])


@pytest.mark.parametrize("steps", [STEPS - 1, STEPS + 1])
def test_a_record_of_another_length_is_refused(steps, tmp_path):
    record = recorded(tmp_path / "other", [1.0], [1.0] * steps, [1.0] * STEPS, ["a"] * STEPS, [])
    with pytest.raises(RunError, match=f"holds {steps} entries for loss, expected {STEPS}"):
        compare_steps(tmp_path, record, record)
