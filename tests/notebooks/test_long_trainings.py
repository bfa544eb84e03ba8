"""The chapter on long trainings: it runs, and a killed training is continued and ends as one that was left alone."""

import os
import re
import subprocess
import sys
from functools import cache

import papermill
import pytest
from support.editions import ONE_A_DAY, ROOT, code_cells, errors_of, outputs_of, read_notebook, wait_until

from helpers.training.resume import RECORD

SETTINGS = {
    "model": str(ROOT / "tests" / "support" / "tiny_distilbert"),
    "max_train_examples": 60,
    "batch_size": 4,
    "epochs": 3,
    "learning_rate": 0.001,
    "output_dir": "[1] *?/output",  # which libraries may take for a pattern
    "save_steps": 6,  # an epoch has 15
    "crash_step": 22,
}
CHECKPOINTS = "[1] *?/output/checkpoints"
# The newest checkpoint that is whole when the training is killed after step 22, and the next.
LAST, NEXT = {"pytorch": "18", "keras": "1"}, {"pytorch": "24", "keras": "2"}
WAITING = "waiting"  # a file that says that the training has come to step 22
WAIT = f"""
import time


def wait(step):
    if step == 22 and Path("wait").exists():
        Path({WAITING!r}).touch()
        while Path({WAITING!r}).exists():
            time.sleep(0.05)
"""
# What waits in the middle of an epoch, in the form of each edition.
WAITING_CALLBACK = {
    "pytorch": """
class Waiting(TrainerCallback):
    def on_step_end(self, args, state, control, **others):
        wait(state.global_step)


make_trainer = new_trainer
new_trainer = lambda folder, callbacks: make_trainer(folder, [*callbacks, Waiting()])
""",
    "keras": """
class Waiting(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        wait(int(self.model.optimizer.iterations))


fit = train
train = lambda ner_model, callbacks, first_epoch: fit(ner_model, [*callbacks, Waiting()], first_epoch)
""",
}
# What the training ended with.
ENDING = {
    "pytorch": """
import numpy as np

weights = [tensor.numpy() for tensor in whole.model.state_dict().values()]
logged = [{name: entry[name] for name in ("loss", "eval_loss", "eval_f1", "step") if name in entry}
    for entry in whole.state.log_history if "train_loss" not in entry]
""",
    "keras": "weights, logged = whole.get_weights(), whole_history\n",
}
SAVE = """
import json

np.savez("weights.npz", *weights)
Path("history.json").write_text(json.dumps(logged))
"""


def script(edition, settings):
    """The chapter's cells up to the training that may be killed, without those that show a crash before it."""
    lines = []
    for cell in code_cells(read_notebook(ROOT / "notebooks" / "going_further" / f"long_trainings_{edition}.ipynb")):
        tags = cell.metadata.get("tags", [])
        if "training" in tags:
            return "\n".join([*lines, WAIT, WAITING_CALLBACK[edition], cell.source, ENDING[edition], SAVE])
        if "parameters" in tags:
            lines += [cell.source, *(f"{name} = {value!r}" for name, value in settings.items())]
        elif not any(word in cell.source for word in ("%pip", '"crashed', '"backup"')):
            lines.append(cell.source)
    raise LookupError("no cell has the tag 'training'")


class Place:
    """A folder in which an edition trains, and what it leaves there."""

    def __init__(self, folder, edition):
        self.folder, self.edition = folder, edition
        self.checkpoints = folder / CHECKPOINTS

    def start(self, function="", **changed):
        """Start the training, with other settings, or with a statement more in one of the notebook's functions."""
        code = script(self.edition, SETTINGS | changed)
        code = re.sub(rf"^def {function}\(.*:$", r"\g<0>\n    pass", code, flags=re.MULTILINE)
        (self.folder / "train.py").write_text(code, encoding="utf-8")
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([sys.executable, "train.py"], cwd=self.folder, **pipes)

    def start_and_wait_in_mid_epoch(self):
        (self.folder / "wait").touch()
        process = self.start()
        wait_until((self.folder / WAITING).exists, process)
        (self.folder / "wait").unlink()
        return process

    def go_on(self):
        (self.folder / WAITING).unlink()

    def train(self):
        process = self.start()
        stdout, stderr = process.communicate()
        assert process.returncode == 0, stderr
        return stdout

    def fail(self, process):
        """Wait for a training to end with an error; give what it says."""
        _, stderr = process.communicate()
        assert process.returncode == 1
        return stderr

    def result(self):
        return (self.folder / "weights.npz").read_bytes(), (self.folder / "history.json").read_text()


def kill(process):
    process.kill()
    process.communicate()


@pytest.fixture(params=ONE_A_DAY[:2])
def edition(request):
    return request.param


@pytest.fixture
def place(tmp_path, edition):
    return Place(tmp_path, edition)


@pytest.fixture(scope="module")
def results_of_undisturbed(tmp_path_factory):
    @cache
    def result(edition):
        place = Place(tmp_path_factory.mktemp(edition), edition)
        assert "Training begins from the start." in place.train()
        return place.result()

    return result


@pytest.fixture
def expected(results_of_undisturbed, edition):
    """What a training that is left alone ends with."""
    return results_of_undisturbed(edition)


def test_the_chapter_crashes_continues_and_finds_both_equal(workplace, edition):
    path = workplace / "notebooks" / "going_further" / f"long_trainings_{edition}.ipynb"
    settings = SETTINGS | {"output_dir": f"output/{edition}"}
    parameters = {name: value for name, value in settings.items() if name in papermill.inspect_notebook(path)}
    notebook = papermill.execute_notebook(path, None, parameters, cwd=workplace, progress_bar=False)
    assert errors_of(notebook) == []
    shown = "".join(output.get("text", "") for output in outputs_of(notebook))
    assert "crashed after step 22" in shown
    assert shown.count("the same weights: True\n") == shown.count("the same scores: True\n") == 1
    assert ("BackupAndRestore, the same weights: False\n" in shown) == (edition == "keras")
    assert "checkpoint-999999 is not whole and is passed over." in shown
    assert "is of another training: learning_rate was 0.001, is 0.1." in shown


@pytest.mark.weekly
def test_killed_in_mid_epoch_it_continues_from_the_newest_checkpoint_and_ends_the_same(place, edition, expected):
    kill(place.start_and_wait_in_mid_epoch())
    place.go_on()
    assert f"Training continues from {CHECKPOINTS}/checkpoint-{LAST[edition]}.\n" in place.train()
    assert place.result() == expected


@pytest.mark.weekly
def test_killed_while_a_checkpoint_is_written_it_continues_from_the_one_before(place, edition, expected):
    process = place.start_and_wait_in_mid_epoch()
    unfinished = place.checkpoints / f"checkpoint-{NEXT[edition]}"
    unfinished.mkdir()
    pipe = unfinished / {"pytorch": "rng_state.pth", "keras": f"{RECORD}.part"}[edition]
    os.mkfifo(pipe)  # whoever opens a pipe that nobody reads has to wait
    place.go_on()
    before = {"pytorch": "scheduler.pt", "keras": "scores.json"}[edition]
    wait_until((unfinished / before).exists, process)
    kill(process)
    pipe.unlink()
    pipe.write_bytes(b"half")
    stdout = place.train()
    assert f"{CHECKPOINTS}/checkpoint-{NEXT[edition]} is not whole and is passed over.\n" in stdout
    assert f"Training continues from {CHECKPOINTS}/checkpoint-{LAST[edition]}.\n" in stdout
    assert place.result() == expected


@pytest.mark.weekly
def test_killed_after_the_training_nothing_is_trained_again_unless_the_newest_checkpoint_breaks(place, expected):
    def kept():
        return {path: path.stat().st_mtime_ns for path in place.checkpoints.rglob("*")}

    place.train()
    before = kept()
    place.train()
    assert kept() == before
    assert place.result() == expected
    newest = max(place.checkpoints.glob("checkpoint-*"), key=lambda path: int(path.name.partition("-")[2]))
    largest = max(newest.iterdir(), key=lambda path: path.stat().st_size)
    os.truncate(largest, largest.stat().st_size - 100)
    assert f"{CHECKPOINTS}/{newest.name} is not whole and is passed over.\n" in place.train()
    assert place.result() == expected


@pytest.mark.weekly
def test_another_training_is_not_continued(place):
    place.train()
    kept = sorted(place.checkpoints.rglob("*"))
    for change, message in (
        ({"learning_rate": 0.1}, "learning_rate was 0.001"),
        ({"max_train_examples": 56}, "data was '"),
        ({"function": "tokenize_and_align_labels"}, "functions was '"),
        ({"function": "compute_metrics"}, "functions was '"),
    ):
        assert f"is of another training: {message}" in place.fail(place.start(**change))
        assert sorted(place.checkpoints.rglob("*")) == kept


@pytest.mark.weekly
def test_a_training_that_diverges_stops_and_leaves_no_checkpoint(place):
    said = place.fail(place.start(learning_rate=1e30))
    assert "helpers.errors.TrainingDivergedError: the training has diverged: after epoch " in said
    assert list(place.checkpoints.glob("checkpoint-*")) == []


@pytest.mark.weekly
def test_a_full_disk_is_named_and_with_room_it_continues(place, edition, expected, small_disk):
    disk = small_disk(place.checkpoints, "30m")
    process = place.start_and_wait_in_mid_epoch()
    disk.fill()
    place.go_on()
    assert "helpers.errors.DiskFullError: the disk of " in place.fail(process)
    disk.make_room()
    assert f"Training continues from {CHECKPOINTS}/checkpoint-{LAST[edition]}.\n" in place.train()
    assert place.result() == expected
