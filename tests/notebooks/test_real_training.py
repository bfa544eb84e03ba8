"""Training on real posts, in either edition."""

import json
import subprocess
import sys

import pytest

from helpers.run.editions import FRAMEWORKS

TRAIN_SENTENCES, EVALUATION_SENTENCES = 1200, 300


@pytest.fixture(scope="module")
def slice_of_wnut17(wnut17_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("slice")
    for split, count in (
        ("train", TRAIN_SENTENCES),
        ("validation", EVALUATION_SENTENCES),
        ("test", EVALUATION_SENTENCES),
    ):
        lines = (wnut17_folder / f"{split}.conll").read_text(encoding="utf-8").split("\n")
        sentences = "\n".join(line.strip() for line in lines).split("\n\n")[:count]
        (folder / f"{split}.conll").write_text("\n\n".join(sentences) + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_real_training_run_learns(workplace, slice_of_wnut17, framework):
    settings = ("-p", "dataset", str(slice_of_wnut17), "-p", "epochs", "2", "-p", "learning_rate", "2.0e-4")
    command = [sys.executable, "-m", "helpers.run", "--profile", "wnut17_bundled", "--edition", framework, *settings]
    done = subprocess.run(command, cwd=workplace, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = json.loads((workplace / "runs" / "wnut17_bundled" / framework / "metrics.json").read_text())
    assert results["dataset"]["sentences"] == {"train": TRAIN_SENTENCES} | dict.fromkeys(
        ("validation", "test"), EVALUATION_SENTENCES
    )
    assert results["test"]["f1"] > 0.15  # where a model that answers O throughout has 0
    losses = [epoch["training_loss"] for epoch in results["history"]]
    assert losses[1] < 0.7 * losses[0]
