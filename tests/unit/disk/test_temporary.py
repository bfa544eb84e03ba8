"""Temporary folders: there as long as their process, and no longer."""

import os
import subprocess
import sys

import pytest

from helpers.disk.temporary import PREFIX, temporary_folder

HOLD = """
import sys
from helpers.disk.temporary import temporary_folder
with temporary_folder() as folder:
    (folder / "data").touch()
print(folder.name, flush=True)
sys.stdin.read()
"""
AT_ONCE = """
from helpers.disk.temporary import temporary_folder
made = []
for _ in range(20):
    with temporary_folder() as folder:
        made.append(folder)
assert all(folder.is_dir() for folder in made)
"""


@pytest.fixture
def start(tmp_path):
    """Start a process that runs code with its temporary folders in a folder of the test's own."""
    processes, environment = [], os.environ | {"TMPDIR": str(tmp_path)}

    def start(code):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        processes.append(subprocess.Popen([sys.executable, "-c", code], env=environment, text=True, **pipes))
        return processes[-1]

    yield start
    for process in processes:
        process.communicate()


def names(folder):
    """Name what is in a folder; each temporary folder has a lock beside it."""
    found = {path.name for path in folder.iterdir()}
    locks = {name for name in found if name.endswith(".lock")}
    assert locks == {f"{name}.lock" for name in found - locks if name.startswith(PREFIX)}
    return found - locks


def test_a_folder_goes_with_its_process_or_if_that_was_killed_when_the_next_one_comes(tmp_path, start):
    killed, living = start(HOLD), start(HOLD)
    left, own = (process.stdout.readline().strip() for process in (killed, living))
    killed.kill()
    killed.wait()
    assert names(tmp_path) == {left, own}
    next_one = start(HOLD).stdout.readline().strip()
    assert names(tmp_path) == {own, next_one}
    living.communicate()
    assert names(tmp_path) == {next_one}


def test_if_the_body_raises_it_goes_at_once_and_what_is_no_folder_of_ours_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "data").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    (tmp_path / f"{PREFIX}link.lock").touch()
    (tmp_path / f"{PREFIX}file").touch()
    (tmp_path / f"{PREFIX}file.lock").symlink_to(elsewhere / "data")
    others = {"elsewhere", f"{PREFIX}link", f"{PREFIX}file"}
    with pytest.raises(KeyError), temporary_folder() as folder:
        assert names(tmp_path) == {*others, folder.name}
        raise KeyError
    assert names(tmp_path) == others
    assert names(elsewhere) == {"data"}


def test_processes_that_begin_at_once_leave_each_other_their_folders(tmp_path, start):
    processes = [start(AT_ONCE) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert names(tmp_path) == set()
