import os
import shutil

import keras
import numpy as np
import pytest
from filelock import FileLock

from helpers.disk import locks
from helpers.errors import DiskFullError, OutputFolderError, ResumeError
from helpers.training.resume import RECORD, STATE_FILE, TrainingCheckpoints, keras_checkpoints

pytestmark = pytest.mark.slow

MADE_FROM = {"epochs": 3, "seed": 1, "data": "d1", "torch": "2.13.0", "betas": (0.9, 0.999)}


def write(checkpoints, number, best=None):
    """Write what a framework would, in two files, one in a folder of its own; with a best one, complete it."""
    path = checkpoints.path(number)
    (path / "states").mkdir(parents=True)
    (path / "weights").write_bytes(bytes(100 + number))
    (path / "states" / "random").write_bytes(bytes(10))
    if best:
        checkpoints.mark_complete(number, best)


@pytest.fixture
def checkpoints(tmp_path):
    """Two checkpoints, the first of which is the best."""
    checkpoints = TrainingCheckpoints(tmp_path / "checkpoints", MADE_FROM)
    for number in (8, 16):
        write(checkpoints, number, best=8)
    return checkpoints


def names(checkpoints):
    return sorted(path.name for path in checkpoints.folder.glob("[!.]*"))


def newest(checkpoints):
    found = checkpoints.newest()
    return found and os.path.basename(found)


# Which checkpoint


def test_training_continues_from_the_newest(checkpoints, capsys):
    assert checkpoints.newest() == str(checkpoints.path(16))
    assert capsys.readouterr().out == f"Training continues from {checkpoints.path(16)}.\n"
    write(checkpoints, 104, best=8)  # in the order of numbers, not of names
    assert newest(checkpoints) == "checkpoint-104"
    shutil.rmtree(checkpoints.path(8))  # without the best one, the newest is of no use
    assert checkpoints.newest() is None


def test_without_one_it_begins_from_the_start_and_says_so(tmp_path, capsys):
    assert TrainingCheckpoints(tmp_path / "missing", MADE_FROM).newest() is None
    assert capsys.readouterr().out == "Training begins from the start.\n"


@pytest.mark.parametrize("name", ["weights", "states/random", RECORD])
@pytest.mark.parametrize("harm", ["cut", "emptied", "removed"])
def test_a_broken_checkpoint_is_passed_over(checkpoints, name, harm, capsys):
    file = checkpoints.path(16) / name
    file.unlink() if harm == "removed" else os.truncate(file, file.stat().st_size - 2 if harm == "cut" else 0)
    assert newest(checkpoints) == "checkpoint-8"
    assert f"{checkpoints.path(16)} is not whole" in capsys.readouterr().out
    assert names(checkpoints) == ["checkpoint-16", "checkpoint-8"]


def test_a_record_cut_anywhere_does_not_count(checkpoints):
    record = (checkpoints.path(16) / RECORD).read_bytes().rstrip()
    for text in [record[:length] for length in range(len(record))] + [b"[1]", b"{}", b"null"]:
        (checkpoints.path(16) / RECORD).write_bytes(text)
        assert newest(checkpoints) == "checkpoint-8"


def test_a_broken_checkpoint_that_is_being_written_again_is_not_whole_before_it_is_complete(checkpoints):
    file = checkpoints.path(16) / "weights"
    content = file.read_bytes()
    for written in (content[:50], content):  # the second as if killed when it got so far
        file.write_bytes(written)
        assert newest(checkpoints) == "checkpoint-8"
    checkpoints.mark_complete(16, best=8)
    assert newest(checkpoints) == "checkpoint-16"


def test_one_that_was_not_completed_is_passed_over_and_the_newest_best_and_what_else_lies_there_kept(checkpoints):
    others = ["checkpoint-notes", "my.txt"]
    (checkpoints.folder / others[0]).mkdir()
    (checkpoints.folder / others[1]).touch()
    write(checkpoints, 24)
    assert names(checkpoints) == ["checkpoint-16", "checkpoint-24", "checkpoint-8", *others]
    assert newest(checkpoints) == "checkpoint-16"
    checkpoints.mark_complete(24, best=8)
    assert names(checkpoints) == ["checkpoint-24", "checkpoint-8", *others]
    write(checkpoints, 32, best=32)
    assert names(checkpoints) == ["checkpoint-32", *others]


# Of which training


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": "d2", "epochs": 4}, "data was 'd1', is 'd2'; epochs was 3, is 4"),
        ({"data": "ab12cd34" * 8}, "data was 'd1', is 'ab12cd34ab12'"),
        ({"tensorflow": "2.21.0"}, "tensorflow was None, is '2.21.0'"),
    ],
)
def test_another_training_is_refused_and_nothing_removed(checkpoints, change, message):
    other = TrainingCheckpoints(checkpoints.folder, MADE_FROM | change)
    with pytest.raises(ResumeError, match=rf"checkpoint-16 is of another training: {message}\. "):
        other.newest()
    assert names(checkpoints) == ["checkpoint-16", "checkpoint-8"]
    assert newest(checkpoints) == "checkpoint-16"


def test_a_moved_folder_is_no_other_training(checkpoints, tmp_path):
    locks.release(checkpoints.folder)  # as the end of the process would
    moved = shutil.move(checkpoints.folder, tmp_path / "moved")
    assert TrainingCheckpoints(tmp_path / "moved", MADE_FROM).newest() == str(moved / "checkpoint-16")


def test_a_second_training_into_the_same_folder_stops(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", 0)
    with FileLock(tmp_path / locks.LOCK), pytest.raises(OutputFolderError, match="another run is at work in"):
        TrainingCheckpoints(tmp_path, MADE_FROM)


# Keras


class Crash(Exception):
    pass


def crash():
    raise Crash


class AfterStep(keras.callbacks.Callback):
    def __init__(self, step, act):
        super().__init__()
        self.step, self.act = step, act

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == self.step:
            self.act()


class Score(keras.callbacks.Callback):
    """The second epoch is the best."""

    def on_epoch_end(self, epoch, logs=None):
        logs["val_f1"] = [0.1, 0.5, 0.5][epoch]


def train(folder, *callbacks):
    """Train three epochs of four steps, with dropout, AdamW and a learning rate that falls; or what is left of them."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dropout(0.5)])
    model.add(keras.layers.Dense(1))
    schedule = keras.optimizers.schedules.PolynomialDecay(0.1, 12, end_learning_rate=0.0)
    model.compile(keras.optimizers.AdamW(schedule, global_clipnorm=1.0), "mse")
    saved = keras_checkpoints(TrainingCheckpoints(folder, MADE_FROM), model)
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    settings = {"batch_size": 4, "epochs": 3, "initial_epoch": saved.epochs, "shuffle": False, "verbose": 0}
    fitted = model.fit(x, x.sum(axis=1), callbacks=[Score(), saved, *callbacks], **settings)
    return model, fitted.history, saved


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    model, history, saved = train(tmp_path_factory.mktemp("whole"))
    last = model.get_weights()
    saved.load_best()
    return last, history, model.get_weights()


@pytest.mark.parametrize("steps", [2, 4, 6, 8, 11, 12, None], ids=lambda steps: f"after {steps} steps")
def test_keras_continues_to_the_same_weights_and_history(whole, tmp_path, steps):
    if steps:
        with pytest.raises(Crash):
            train(tmp_path, AfterStep(steps, crash))
    else:
        train(tmp_path)  # to the end, so that nothing is left to do
    model, history, saved = train(tmp_path)
    last, expected, best = whole
    assert saved.epochs == ((steps - 1) // 4 if steps else 3)  # which were over before the crash
    assert history == expected
    assert len(history["loss"]) == 3
    np.testing.assert_equal(model.get_weights(), last)
    saved.load_best()
    np.testing.assert_equal(model.get_weights(), best)
    assert not np.array_equal(best[0], last[0])


def test_keras_names_a_full_disk_and_earlier_checkpoints_stay_whole(whole, tmp_path, small_disk):
    disk = small_disk(tmp_path / "disk", "1m")
    with pytest.raises(DiskFullError, match=f"the disk of {disk.folder} is full"):
        train(disk.folder, AfterStep(6, disk.fill))
    assert (disk.folder / "checkpoint-1" / STATE_FILE).exists()
    disk.make_room()
    model, history, saved = train(disk.folder)
    assert saved.epochs == 1
    assert history == whole[1]
    np.testing.assert_equal(model.get_weights(), whole[0])
