"""One run at a time in a folder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from helpers.errors import OutputFolderError
from helpers.notebook.language import translate

LOCK = ".lock"
PATIENCE = 5  # seconds, in which a killed run's processes notice and end

_claimed: dict[Path, IO] = {}


def claim(folder: Path, name: str = LOCK) -> None:
    """Keep other processes out of a folder until this one ends or lets go of it.

    The lock is the system's (flock(2)) on an empty file, so a process that is killed leaves none behind. To claim
    what this process has already changes nothing: a notebook's cell may be run again. Where the file system knows no
    locks, that is printed and nothing else happens. On NFS, Linux has the server keep the lock, unless mounted with
    ``nolock`` or ``local_lock``, where it is seen on this machine alone.

    Parameters
    ----------
    folder : Path
        Created where it is missing.
    name : str
        Of the file.

    Raises
    ------
    OutputFolderError
        If another process has claimed it, or it cannot be written to.
    """
    path = _lock(folder, name)
    if path in _claimed:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    except OSError as error:
        raise OutputFolderError(f"the results cannot go to {folder}: {error.strerror}") from error
    end = time.monotonic() + PATIENCE
    while not _locked(file, folder):
        if time.monotonic() > end:
            file.close()
            raise OutputFolderError(
                f"another run is at work in {folder}. Wait until it has ended, or end it (in Jupyter, shut down its"
                " kernel), or let this one write to another folder"
            )
        time.sleep(0.1)
    _claimed[path] = file


def release(folder: Path, name: str = LOCK) -> None:
    """Let go of a folder, if this process has claimed it."""
    file = _claimed.pop(_lock(folder, name), None)
    if file:
        file.close()


@contextmanager
def claimed(folder: Path, name: str = LOCK) -> Iterator[None]:
    """Claim a folder for the body of a ``with`` statement."""
    claim(folder, name)
    try:
        yield
    finally:
        release(folder, name)


def _lock(folder: Path, name: str) -> Path:
    """Give the file of a lock the one name that it has by all ways to it, through links and ``..`` too."""
    return Path(os.path.realpath(folder / name))


def _locked(file: IO, folder: Path) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        message = translate("{folder} cannot be locked ({reason}): see to it that no second run writes there.")
        print(message.format(folder=folder, reason=error.strerror))
    return True
