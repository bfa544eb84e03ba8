"""The lesson with a learning rate at which no weight stays a number: it stops, in each edition, and leaves no model."""

import subprocess

import pytest
from support.editions import ROOT, python_of

from helpers.notebook.editions import EDITIONS


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_training_that_diverges_stops_after_the_epoch_and_leaves_no_model(tmp_path, edition):
    for name in ("notebooks", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    command = [python_of(edition), "-m", "helpers.run", "--profile", "smoke", "--edition", edition]
    done = subprocess.run([*command, "-p", "learning_rate", "1e30"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "\nTrainingDivergedError: the training has diverged: after epoch 1, the validation loss is" in done.stderr
    assert "Traceback" not in done.stderr
    folder = tmp_path / "runs" / "smoke" / f"{edition}.unfinished"
    left = {path.name for path in folder.rglob("*") if path.is_file()}
    assert "label_counts.png" in left
    assert not {name for name in left if name.endswith((".safetensors", ".h5", ".bin", ".json"))}
