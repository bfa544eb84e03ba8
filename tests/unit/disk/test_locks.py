"""One run at a time in a folder."""

import errno
import os
import subprocess
import sys
import time

import pytest

from helpers.disk import locks
from helpers.errors import OutputFolderError

HOLD = "import sys, time; from pathlib import Path; from helpers.disk.locks import claim\n"
HOLD += "claim(Path(sys.argv[1])); print('claimed', flush=True); time.sleep(100)"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "output"
    yield folder
    locks.release(folder)


@pytest.fixture
def other(folder):
    """Another process that has claimed the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "claimed\n"
    yield process
    process.kill()
    process.communicate()


def test_the_second_is_told_which_folder_until_the_first_is_killed(folder, other, monkeypatch):
    with monkeypatch.context() as impatient, pytest.raises(OutputFolderError) as caught:
        impatient.setattr(locks, "PATIENCE", 0.2)
        locks.claim(folder)
    other.kill()
    assert f"another run is at work in {folder}. Wait until it has ended" in str(caught.value)
    start = time.monotonic()
    locks.claim(folder)
    assert time.monotonic() - start < locks.PATIENCE


def test_a_cell_may_be_run_again_and_from_another_folder_or_by_another_way(folder, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", 0)
    locks.claim(folder)
    monkeypatch.chdir(folder.parent)
    link = folder.with_name("link")
    link.symlink_to(folder)
    for way in (folder, type(folder)("output"), link, folder / ".." / folder.name):
        locks.claim(way)
    locks.release(link)
    assert folder.resolve() / locks.LOCK not in locks._claimed


def test_what_was_released_can_be_claimed_by_another(folder):
    with pytest.raises(ValueError, match="boom"), locks.claimed(folder):
        raise ValueError("boom")
    command = [sys.executable, "-c", HOLD.replace("time.sleep(100)", ""), folder]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "claimed\n"
    locks.release(folder)  # once more does no harm


@pytest.mark.parametrize("reason", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_without_locks_the_run_goes_on_and_says_so(folder, reason, monkeypatch, capsys):
    # No file system without locks can be had here.
    def refuse(file, how):
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr("fcntl.flock", refuse)
    locks.claim(folder)
    assert f"{folder} cannot be locked ({os.strerror(reason)})" in capsys.readouterr().out


def test_a_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputFolderError, match=f"the results cannot go to {tmp_path}/file/output: Not a directory"):
        locks.claim(tmp_path / "file" / "output")
