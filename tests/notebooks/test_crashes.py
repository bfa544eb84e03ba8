"""Runs that are killed, run twice at once, or find the disk full: what they leave, and how they go on."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import nbformat
import psutil
import pytest

from helpers.errors import OutputFolderError
from helpers.notebook import locks
from helpers.notebook.results import read_results
from helpers.run.editions import FRAMEWORKS, run_editions
from helpers.training.resume import RECORD

# An epoch is long enough to be killed in. Dropout is on, so random numbers count. The best epoch is the first.
SETTINGS = {"epochs": 3, "batch_size": 4, "max_train_examples": 120, "dropout": 0.1, "learning_rate": 0.001}
STEPS = 30  # per epoch
LEARNT = ("history", "test", "errors", "alignment", "dataset", "model")


def command(framework, **settings):
    flags = [part for name, value in (SETTINGS | settings).items() for part in ("-p", name, str(value))]
    return [sys.executable, "-m", "helpers.run", "--profile", "smoke", "--edition", framework, *flags]


class Place:
    """A folder in which an edition can be run, and what the runs leave there."""

    def __init__(self, folder, framework, project):
        self.folder, self.framework = folder, framework
        for name in ("notebooks", "tests"):
            (folder / name).symlink_to(project / name)
        self.runs = folder / "runs"
        self.output = self.runs / "smoke" / framework
        self.checkpoints = self.output / "checkpoints"
        self.started = []

    def run(self, **settings):
        return subprocess.run(command(self.framework, **settings), cwd=self.folder, capture_output=True, text=True)

    def start(self, **settings):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command(self.framework, **settings), cwd=self.folder, **pipes)
        self.started.append(process)
        return process

    def checkpoint(self, epoch):
        return self.checkpoints / f"checkpoint-{STEPS * epoch}"

    def is_sealed(self, epoch):
        return (self.checkpoint(epoch) / RECORD).exists()

    def text(self):
        """Read all that the cells of the executed notebook said."""
        notebook = nbformat.read(self.runs / "smoke" / f"{self.framework}.ipynb", as_version=4)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        return "".join(output.get("text", "") for output in outputs)


@pytest.fixture
def place(tmp_path, framework):
    folder = tmp_path / "[1] *?"  # which TensorFlow takes for a pattern
    folder.mkdir()
    place = Place(folder, framework, Path(__file__).resolve().parents[2])
    yield place
    for process in place.started:
        if process.poll() is None:  # the test has failed
            kill(process)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Run an edition to its end, once."""

    @cache
    def run(framework):
        place = Place(tmp_path_factory.mktemp(framework), framework, Path(__file__).resolve().parents[2])
        done = place.run()
        assert done.returncode == 0, done.stderr
        return place

    return run


def wait_until(condition, process):
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.005)


def kill(process):
    """Send SIGKILL to a run: to the runner and the notebook's process."""
    for victim in [process, *psutil.Process(process.pid).children(recursive=True)]:
        victim.kill()
    process.communicate()


IN_MID_EPOCH = "in_mid_epoch"  # a file
WAIT = f"""
import time


def wait(step):
    if step == {STEPS + STEPS // 2}:
        Path("{IN_MID_EPOCH}").touch()
        while Path("{IN_MID_EPOCH}").exists():
            time.sleep(0.1)


"""
WAITING = {
    "pytorch": f"""{WAIT}
class Waiting(transformers.TrainerCallback):
    def on_step_end(self, args, state, control, **others):
        wait(state.global_step)


trainer.add_callback(Waiting())
""",
    "tensorflow": f"""{WAIT}
class Waiting(tf.keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        wait(int(self.model.optimizer.iterations))


callbacks.append(Waiting())
""",
}


@contextmanager
def waiting_in_mid_epoch(place):
    """Have the notebook wait in the middle of its second epoch, until it is killed or the file is gone."""
    notebooks = place.folder / "notebooks"
    original = notebooks.resolve()
    notebooks.unlink()
    shutil.copytree(original, notebooks, ignore=shutil.ignore_patterns("source", "ko"))
    path = notebooks / f"token_classification_{place.framework}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    (training,) = [i for i, cell in enumerate(notebook.cells) if "training" in cell.metadata.get("tags", [])]
    notebook.cells.insert(training, nbformat.v4.new_code_cell(WAITING[place.framework]))
    nbformat.write(notebook, path)
    yield
    shutil.rmtree(notebooks)
    notebooks.symlink_to(original)


def assert_ended_alike(place, whole, epochs_before):
    resumed, uninterrupted = read_results(place.output), read_results(whole.output)
    for key in LEARNT:
        assert resumed[key] == uninterrupted[key], key
    weights = [output / "model" / "model.safetensors" for output in (place.output, whole.output)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert uninterrupted["resumed"] is None
    assert resumed["resumed"]["epochs"] == epochs_before
    assert 0 < resumed["resumed"]["seconds"] < resumed["seconds"]["training"] < resumed["seconds"]["total"]


# Killed


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_killed_in_mid_epoch_it_goes_on_from_the_last_checkpoint_and_ends_the_same(place, undisturbed):
    whole = undisturbed(place.framework)
    with waiting_in_mid_epoch(place):
        process = place.start()
        wait_until((place.folder / IN_MID_EPOCH).exists, process)
        kill(process)
    assert [path.name for path in place.checkpoints.glob("checkpoint-*")] == [place.checkpoint(1).name]
    done = place.run(resume=True)
    assert done.returncode == 0, done.stderr
    assert f"Training goes on from runs/smoke/{place.framework}/checkpoints/checkpoint-{STEPS}." in place.text()
    assert_ended_alike(place, whole, epochs_before=1)


@pytest.mark.faults
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_killed_while_a_checkpoint_is_written_it_goes_on_from_the_one_before(place, undisturbed):
    whole = undisturbed(place.framework)
    process = place.start()
    wait_until(lambda: place.is_sealed(1), process)
    # Whoever opens a pipe that nobody reads has to wait.
    unfinished = place.checkpoint(2) / {"pytorch": "optimizer.pt", "tensorflow": f"{RECORD}.part"}[place.framework]
    unfinished.parent.mkdir()
    os.mkfifo(unfinished)
    wait_until(lambda: any(path.stat().st_size > 10_000 for path in unfinished.parent.iterdir()), process)
    time.sleep(1)
    assert not place.is_sealed(2)
    kill(process)
    done = place.run(resume=True)
    assert done.returncode == 0, done.stderr
    assert f"{place.checkpoint(2).relative_to(place.folder)} is not whole and is passed over." in place.text()
    assert_ended_alike(place, whole, epochs_before=1)


@pytest.mark.faults
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_killed_after_the_training_it_only_scores(place, undisturbed):
    whole = undisturbed(place.framework)
    shutil.copytree(whole.runs, place.runs)
    (place.output / "metrics.json").unlink()
    done = place.run(resume=True)
    assert done.returncode == 0, done.stderr
    assert_ended_alike(place, whole, epochs_before=3)


@pytest.mark.faults
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_broken_checkpoint_is_passed_over_for_the_best_one(place, undisturbed):
    whole = undisturbed(place.framework)
    shutil.copytree(whole.runs, place.runs)
    assert best(whole) < 3
    kept = {place.checkpoint(epoch).name for epoch in (best(whole), 3)}
    assert {path.name for path in place.checkpoints.glob("checkpoint-*")} == kept
    largest = max(place.checkpoint(3).iterdir(), key=lambda path: path.stat().st_size)
    os.truncate(largest, largest.stat().st_size - 100)
    done = place.run(resume=True)
    assert done.returncode == 0, done.stderr
    assert f"{place.checkpoint(3).relative_to(place.folder)} is not whole and is passed over." in place.text()
    assert_ended_alike(place, whole, epochs_before=best(whole))


def best(place):
    history = read_results(place.output)["history"]
    return max(history, key=lambda epoch: epoch["f1"])["epoch"]


@pytest.mark.faults
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_another_training_is_not_gone_on_with(place, undisturbed):
    whole = undisturbed(place.framework)
    shutil.copytree(whole.runs, place.runs)
    done = place.run(resume=True, learning_rate=0.1)
    assert done.returncode == 1
    message = f"ResumeError: .*/checkpoint-{3 * STEPS} is of another training: learning_rate was 0.001, is 0.1. "
    assert re.search(f"^{message}", done.stderr, re.MULTILINE)
    assert "Traceback" not in done.stderr
    assert place.is_sealed(3)


# The same seed


@pytest.mark.faults
@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("speedups", [True, False])
def test_the_same_seed_gives_the_same_to_the_last_digit_with_all_threads(tmp_path, framework, speedups):
    threads = {name: str(os.cpu_count()) for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")}
    settings = {"model": "bundled", "speedups": speedups, "epochs": 2, "batch_size": 16}
    found = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        place = Place(tmp_path / name, framework, Path(__file__).resolve().parents[2])
        arguments = {"cwd": place.folder, "env": os.environ | threads, "capture_output": True, "text": True}
        done = subprocess.run(command(framework, **settings), **arguments)
        assert done.returncode == 0, done.stderr
        weights = (place.output / "model" / "model.safetensors").read_bytes()
        found.append(([read_results(place.output)[key] for key in LEARNT], weights))
    assert found[0] == found[1]


# Two at once


@pytest.mark.parametrize("framework", ["pytorch", pytest.param("tensorflow", marks=pytest.mark.faults)])
def test_a_second_run_into_the_same_folder_stops_and_harms_nothing(place):
    with waiting_in_mid_epoch(place):
        first = place.start()
        wait_until((place.folder / IN_MID_EPOCH).exists, first)
        notebook = f"notebooks/token_classification_{place.framework}.ipynb"
        by_hand = ["-m", "papermill", notebook, "by_hand.ipynb", "-f", "notebooks/profiles/smoke.yaml"]
        by_hand += ["-p", "output_dir", str(place.output)]
        for second in (command(place.framework)[1:], by_hand):
            done = subprocess.run([sys.executable, *second], cwd=place.folder, capture_output=True, text=True)
            assert done.returncode == 1
            assert len(re.findall(r"OutputFolderError: another run is at work in .*runs/smoke", done.stderr)) == 1
        (place.folder / IN_MID_EPOCH).unlink()
        _, stderr = first.communicate()
    assert first.returncode == 0, stderr
    assert len(read_results(place.output)["history"]) == SETTINGS["epochs"]


@pytest.mark.parametrize("lock", [".tensorflow.lock", "tensorflow/.lock"])
def test_where_one_edition_is_at_work_nothing_of_the_other_is_removed(tmp_path, monkeypatch, lock):
    monkeypatch.setattr(locks, "PATIENCE", 0)
    kept = tmp_path / "pytorch" / "metrics.json"
    for path in (kept, tmp_path / lock):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    with (tmp_path / lock).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(OutputFolderError, match="another run is at work in"):
            run_editions(FRAMEWORKS, {}, tmp_path)
    assert kept.exists()


# A full disk


@pytest.mark.faults
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_full_disk_is_one_message_and_with_room_the_run_goes_on(place, undisturbed, small_disk):
    whole = undisturbed(place.framework)
    disk = small_disk(place.runs, "30m")
    process = place.start()
    wait_until(lambda: place.is_sealed(1), process)
    disk.fill()
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 1
    assert len(re.findall(r"^DiskFullError: the disk of .* is full", stderr, re.MULTILINE)) == 1
    assert "Traceback" not in stderr
    assert place.is_sealed(1)
    disk.make_room()
    done = place.run(resume=True)
    assert done.returncode == 0, done.stderr
    assert_ended_alike(place, whole, epochs_before=1)
