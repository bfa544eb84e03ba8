"""The proof that the editions are the same training: it holds, and it notices where they are not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.parity import Row

ROOT = Path(__file__).resolve().parent.parent


def parity(folder):
    command = [sys.executable, "-m", "helpers.parity", "--model", "./tests/tiny_distilbert"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    rows = [line.rsplit(maxsplit=3) for line in done.stdout.splitlines() if line.endswith(("yes", "NO"))]
    return done, {name.strip(): holds for name, _, _, holds in rows}


def test_editions_are_the_same_training():
    done, rows = parity(ROOT)
    assert done.returncode == 0, done.stderr
    assert list(rows.values()) == ["yes"] * 11
    beginnings = ("logits", "batches", "learning rate", "weights that decay", "loss", "weights after", "model saved")
    assert {next(b for b in beginnings if name.startswith(b)) for name in rows} == set(beginnings)


@pytest.fixture
def without_clipping(tmp_path):
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns("output"))
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    path = tmp_path / "notebooks" / "token_classification_tensorflow.ipynb"
    text = path.read_text(encoding="utf-8")
    assert text.count("adam_global_clipnorm=1.0") == 1
    path.write_text(text.replace("adam_global_clipnorm=1.0", "adam_global_clipnorm=None"), encoding="utf-8")
    return tmp_path


def test_one_edition_without_clipping_is_noticed(without_clipping):
    done, rows = parity(without_clipping)
    assert done.returncode == 1, done.stderr
    assert rows["loss of each of 50 steps"] == "NO"
    assert rows["weights after 50 steps, relative to their change"] == "NO"
    assert rows["batches that differ, of 50"] == "yes"


@pytest.mark.parametrize(("figure", "holds"), [(0.9, True), (1.0, True), (1.1, False), (float("nan"), False)])
def test_a_row_holds_within_its_bound(figure, holds):
    assert Row("", figure, 1.0).holds is holds
