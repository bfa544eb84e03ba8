"""Files that are written whole or not at all, and a lack of room or of open files that is called one."""

import errno
import os

import pytest

from helpers.disk.files import atomic_write_folder, room_needed
from helpers.errors import DatasetUnavailableError, DiskFullError, OpenFilesError, RunError

ELSEWHERE = "the data cannot be copied to the folder for temporary files: [Errno 28] No space left on device: '/tmp/x'"
TRACEBACK = """
File builder.py:856, in DatasetBuilder.download_and_prepare(self)
    855 if not has_sufficient_disk_space(self.info.size_in_bytes or 0):
\x1b[32m--> \x1b[39m\x1b[32m856\x1b[39m     raise OSError(f"Not enough disk space. Needed: {size}")
    raise OSError("No space left on device")
    857 os.strerror(24) == "Too many open files"
ValueError: something else"""


FULL = "somewhere inside: No space left on device (os error 28)"
TOO_MANY = [OSError(number, os.strerror(number)) for number in (errno.EMFILE, errno.ENFILE)]
TOO_MANY += [RuntimeError(f"{TRACEBACK}\nOSError: [Errno 24] Too many open files: 'a'")]


def assert_called(error, folder, kind, message):
    with pytest.raises(kind, match=message), room_needed(folder):
        raise error


@pytest.mark.parametrize("error", [DatasetUnavailableError(ELSEWHERE), RunError(f"cell 9 failed\n{ELSEWHERE}")])
def test_an_error_with_a_name_keeps_it_as_the_full_disk_may_be_another(tmp_path, error):
    assert_called(error, tmp_path, type(error), "folder for temporary files")


def test_an_error_without_a_name_gets_one(tmp_path):
    assert_called(RuntimeError(FULL), tmp_path, DiskFullError, f"the disk of {tmp_path} is full")


def test_what_a_traceback_quotes_from_the_source_says_nothing(tmp_path):
    assert_called(ValueError(TRACEBACK), tmp_path, ValueError, "something else")


@pytest.mark.parametrize("error", TOO_MANY)
def test_too_many_open_files_are_no_full_disk(tmp_path, error):
    assert_called(error, tmp_path, OpenFilesError, "run `ulimit -n 4096`")


def test_a_folder_takes_the_place_of_an_earlier_one_and_of_what_a_killed_process_left(tmp_path):
    folder, left = tmp_path / "new" / "a", tmp_path / "new" / "a.part"
    for place in (folder, left):
        place.mkdir(parents=True)
        (place / "old").touch()
    with atomic_write_folder(folder) as unfinished:
        assert list(unfinished.iterdir()) == []
        (unfinished / "file").write_text("new")
        assert not folder.exists()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["new", "new/a", "new/a/file"]


def test_a_folder_that_cannot_be_finished_is_not_there(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic_write_folder(tmp_path / "a") as unfinished:
        (unfinished / "file").touch()
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
