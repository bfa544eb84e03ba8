"""Keep a second run out of a folder."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from helpers.errors import OutputFolderError
from helpers.notebook.language import translate

LOCK = ".lock"
PATIENCE = 5  # seconds, in which a killed run's processes notice and end
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)

_claimed: dict[Path, FileLock] = {}  # by files' names that are the same through links and ".." too


def claim(folder: Path) -> None:
    """Lock a folder, created where it is missing, until `release` is called or the process ends.

    It is the operating system's lock, so a killed process leaves none behind. In the same process, claiming it again
    changes nothing: a cell may be run again. That a file system has no locks is printed. Raises `OutputFolderError` if
    another process has claimed the folder, or it cannot be written to.
    """
    try:
        path = (folder / LOCK).resolve()
        if path in _claimed:
            return
        lock = FileLock(path, thread_local=False)
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=PATIENCE, poll_interval=0.1)
    except Timeout as error:
        text = translate(
            "another run is at work in {folder}. Wait until it has ended, or end it (in Jupyter, shut down its"
            " kernel), or let this one write to another folder"
        )
        raise OutputFolderError(text, folder=folder) from error
    except (OSError, ValueError) as error:  # ValueError: no folder can have that name
        reason = getattr(error, "strerror", error)
        if getattr(error, "errno", None) not in NO_LOCKS:
            text = translate("the results cannot go to {folder}: {reason}")
            raise OutputFolderError(text, folder=folder, reason=reason) from error
        print(
            translate(
                "{folder} cannot be locked ({reason}): see to it that no second run writes there.",
                folder=folder,
                reason=reason,
            )
        )
    _claimed[path] = lock


def release(folder: Path) -> None:
    """Unlock a folder, if this process has claimed it."""
    if lock := _claimed.pop((folder / LOCK).resolve(), None):
        lock.release()


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Claim a folder for the body of a ``with`` statement."""
    claim(folder)
    try:
        yield
    finally:
        release(folder)
