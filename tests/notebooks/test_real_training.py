"""Training on the sample and on real posts, in each edition."""

import json
import subprocess

import pytest
from support.editions import python_of

from helpers.notebook.editions import EDITIONS

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


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_real_training_run_learns(workplace, slice_of_wnut17, edition):
    settings = ("-p", "dataset", str(slice_of_wnut17), "-p", "epochs", "2", "-p", "learning_rate", "2.0e-4")
    command = [python_of(edition), "-m", "helpers.run", "--profile", "wnut17_bundled", "--edition", edition, *settings]
    done = subprocess.run(command, cwd=workplace, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = json.loads((workplace / "runs" / "wnut17_bundled" / edition / "metrics.json").read_text())
    assert results["dataset"]["sentences"] == {"train": TRAIN_SENTENCES} | dict.fromkeys(
        ("validation", "test"), EVALUATION_SENTENCES
    )
    assert results["test"]["f1"] > 0.15  # where a model that answers O throughout has 0
    losses = [epoch["training_loss"] for epoch in results["history"]]
    assert losses[1] < 0.7 * losses[0]


@pytest.mark.parametrize("edition", EDITIONS)
def test_whoever_follows_the_text_gets_a_model_that_finds_names(workplace, edition):
    """The profile sets what the lesson advises where there is no network, and nothing else."""
    command = [python_of(edition), "-m", "helpers.run", "--profile", "sample", "--edition", edition]
    done = subprocess.run(command, cwd=workplace, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = json.loads((workplace / "runs" / "sample" / edition / "metrics.json").read_text(encoding="utf-8"))
    assert (results["parameters"]["dataset"], results["parameters"]["model"]) == ("sample", "bundled")
    assert results["test"]["f1"] > 0.3
