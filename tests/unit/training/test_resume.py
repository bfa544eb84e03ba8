import json
import os
import shutil

import pytest

from helpers.errors import DiskFullError, ResumeError
from helpers.training.resume import RECORD, Start, TrainingCheckpoints

MADE_FROM = {"epochs": 3, "seed": 1, "output_dir": "a", "resume": False, "data": "d1", "torch": "2.13.0"}


def write(checkpoints, step):
    """Write what a framework would, in two files, one in a folder of its own."""
    path = checkpoints.path(step)
    (path / "states").mkdir(parents=True)
    (path / "weights").write_bytes(bytes(100 + step))
    (path / "states" / "random").write_bytes(bytes(10))
    return path


@pytest.fixture
def checkpoints(tmp_path):
    """Two epochs done, the first of which is the best."""
    checkpoints = TrainingCheckpoints(tmp_path, MADE_FROM)
    checkpoints.begin(Start())
    for epoch in (1, 2):
        write(checkpoints, 8 * epoch)
        checkpoints.seal(8 * epoch, epoch, best_step=8, history={"f1": [0.5, 0.25][:epoch]})
    return checkpoints


def names(checkpoints):
    return sorted(path.name for path in checkpoints.folder.iterdir())


def test_training_goes_on_from_the_last_checkpoint(checkpoints, capsys):
    start = checkpoints.find_start(resume=True)
    assert start[:3] == (str(checkpoints.path(16)), 16, 2)
    assert start.best_step == 8
    assert start.history == {"f1": [0.5, 0.25]}
    assert start.resumed == {"epochs": 2, "seconds": start.seconds}
    assert "goes on from" in capsys.readouterr().out


def test_the_seconds_of_all_runs_add_up(checkpoints):
    first = checkpoints.find_start(resume=True)
    assert 0 < first.seconds < 60
    again = TrainingCheckpoints(checkpoints.folder, MADE_FROM)
    again.begin(first._replace(seconds=1000.0))
    write(again, 24)
    again.seal(24, 3, 8)
    assert 1000 < again.find_start(resume=True).seconds < 1060


def test_without_resume_it_begins_from_the_start_and_old_checkpoints_go_when_it_does(checkpoints, capsys):
    start = checkpoints.find_start(resume=False)
    assert start == Start()
    assert start.resumed is None
    assert "from the start" in capsys.readouterr().out
    assert names(checkpoints) == ["checkpoint-16", "checkpoint-8"]
    checkpoints.begin(start)
    assert names(checkpoints) == []


def test_with_nothing_to_resume_it_begins_from_the_start_and_says_so(tmp_path, capsys):
    assert TrainingCheckpoints(tmp_path / "missing", MADE_FROM).find_start(resume=True) == Start()
    assert "no checkpoint to go on from" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["weights", "states/random", RECORD])
@pytest.mark.parametrize("harm", ["cut", "emptied", "removed"])
def test_a_broken_checkpoint_is_passed_over(checkpoints, name, harm, capsys):
    file = checkpoints.path(16) / name
    if harm == "removed":
        file.unlink()
    else:
        os.truncate(file, file.stat().st_size - 2 if harm == "cut" else 0)
    start = checkpoints.find_start(resume=True)
    assert start.step == 8
    assert f"{checkpoints.path(16)} is not whole" in capsys.readouterr().out
    checkpoints.begin(start)
    assert names(checkpoints) == ["checkpoint-8"]


def test_a_record_cut_anywhere_does_not_count(checkpoints):
    record = (checkpoints.path(16) / RECORD).read_bytes().rstrip()
    for length in range(len(record)):
        (checkpoints.path(16) / RECORD).write_bytes(record[:length])
        assert checkpoints.find_start(resume=True).step == 8
    (checkpoints.path(16) / RECORD).write_text(json.dumps([1]))
    assert checkpoints.find_start(resume=True).step == 8


def test_one_that_was_not_sealed_is_passed_over_and_nothing_older_is_gone(checkpoints):
    write(checkpoints, 24)
    assert names(checkpoints) == ["checkpoint-16", "checkpoint-24", "checkpoint-8"]
    assert checkpoints.find_start(resume=True).step == 16


def test_without_the_best_one_the_last_is_of_no_use(checkpoints):
    shutil.rmtree(checkpoints.path(8))
    assert checkpoints.find_start(resume=True) == Start()


def test_the_newest_and_the_best_are_kept(checkpoints):
    write(checkpoints, 24)
    checkpoints.seal(24, 3, best_step=8)
    assert names(checkpoints) == ["checkpoint-24", "checkpoint-8"]
    write(checkpoints, 32)
    checkpoints.seal(32, 4, best_step=32)
    assert names(checkpoints) == ["checkpoint-32"]


def test_order_is_by_steps_and_not_by_name(checkpoints):
    write(checkpoints, 104)
    checkpoints.seal(104, 13, best_step=8)
    assert checkpoints.find_start(resume=True).step == 104


def test_what_else_lies_there_stays(checkpoints):
    (checkpoints.folder / "checkpoint-notes").mkdir()
    (checkpoints.folder / "my.txt").touch()
    checkpoints.begin(Start())
    assert names(checkpoints) == ["checkpoint-notes", "my.txt"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 2}, "seed was 1, is 2"),
        ({"data": "d2", "epochs": 4}, "data was 'd1', is 'd2'; epochs was 3, is 4"),
        ({"torch": "2.14.0"}, "torch was '2.13.0', is '2.14.0'"),
        ({"tensorflow": "2.21.0"}, "tensorflow was None, is '2.21.0'"),
    ],
)
def test_another_training_is_refused_and_nothing_removed(checkpoints, change, message):
    other = TrainingCheckpoints(checkpoints.folder, MADE_FROM | change)
    with pytest.raises(ResumeError, match=f"checkpoint-16 is of another training: {message}. "):
        other.find_start(resume=True)
    assert names(checkpoints) == ["checkpoint-16", "checkpoint-8"]


def test_where_results_go_makes_no_other_training(checkpoints, tmp_path):
    moved = shutil.move(checkpoints.folder, tmp_path.parent / "moved")
    other = TrainingCheckpoints(tmp_path.parent / "moved", MADE_FROM | {"output_dir": "b", "resume": True})
    assert other.find_start(resume=True).folder == f"{moved}/checkpoint-16"


def test_a_full_disk_is_named_and_what_is_not_whole_makes_room(checkpoints):
    unfinished = write(checkpoints, 24)
    with pytest.raises(DiskFullError, match=f"the disk of {checkpoints.folder} is full"), checkpoints.room_needed():
        raise RuntimeError("somewhere inside: No space left on device (os error 28)")
    assert not unfinished.exists()
    assert checkpoints.find_start(resume=True).step == 16


def test_other_errors_stay_what_they_are(checkpoints):
    unfinished = write(checkpoints, 24)
    with pytest.raises(RuntimeError, match="something else"), checkpoints.room_needed():
        raise RuntimeError("something else")
    assert unfinished.exists()
