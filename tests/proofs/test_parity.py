"""The proof that the editions are the same training: it holds, and it notices where they are not."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from proofs.parity import STEPS, Row, compare_steps
from safetensors.numpy import save_file

from helpers.errors import RunError

ROOT = Path(__file__).resolve().parents[2]


def parity(folder):
    command = [sys.executable, "-m", "proofs.parity", "--model", "./tests/support/tiny_distilbert"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    rows = [line.rsplit(maxsplit=3) for line in done.stdout.splitlines() if line.endswith(("yes", "NO"))]
    return done, {name.strip(): holds for name, _, _, holds in rows}


@pytest.mark.tensorflow
def test_editions_are_the_same_training():
    done, rows = parity(ROOT)
    assert done.returncode == 0, done.stderr
    assert list(rows.values()) == ["yes"] * 11
    beginnings = ("logits", "batches", "learning rate", "weights that decay", "loss", "weights after", "model saved")
    assert {next(b for b in beginnings if name.startswith(b)) for name in rows} == set(beginnings)


@pytest.fixture
def another_epsilon(tmp_path):
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns("output"))
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    path = tmp_path / "notebooks" / "token_classification_tensorflow.ipynb"
    text = path.read_text(encoding="utf-8")
    assert text.count("adam_epsilon=1e-6") == 1
    path.write_text(text.replace("adam_epsilon=1e-6", "adam_epsilon=1e-2"), encoding="utf-8")
    return tmp_path


@pytest.mark.tensorflow
def test_one_edition_with_another_epsilon_is_noticed(another_epsilon):
    done, rows = parity(another_epsilon)
    assert done.returncode == 1, done.stderr
    assert rows["loss of each of 50 steps"] == "NO"
    assert rows["weights after 50 steps, relative to their change"] == "NO"
    assert rows["batches that differ, of 50"] == "yes"


def recorded(folder, weights, losses, rates, batches, decayed):
    (folder / "last").mkdir(parents=True)
    save_file({"w": np.array(weights, dtype=np.float32)}, folder / "last" / "model.safetensors")
    record = {"loss": losses, "learning_rate": rates, "batch": batches, "decayed": decayed}
    (folder / "steps.json").write_text(json.dumps(record))
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


def test_a_record_that_ends_early_is_refused(tmp_path):
    short = recorded(tmp_path / "short", [1.0], [1.0] * (STEPS - 1), [1.0] * STEPS, ["a"] * STEPS, [])
    with pytest.raises(RunError, match=f"holds {STEPS - 1} entries for loss, expected {STEPS}"):
        compare_steps(tmp_path, short, short)


@pytest.mark.parametrize(("figure", "holds"), [(0.9, True), (1.0, True), (1.1, False), (float("nan"), False)])
def test_a_row_holds_within_its_bound(figure, holds):
    assert Row("", figure, 1.0).holds is holds
