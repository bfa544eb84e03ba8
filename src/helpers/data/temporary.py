"""A folder for temporary files that goes away: with its process, or, if that is killed, when the next one comes."""

import atexit
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

PREFIX = "token-classification-held-"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give the body of a ``with`` statement a folder that stays there for as long as this process lives.

    It is removed at once if the body raises. A process that is killed leaves its folder behind; so the folders of this
    user that no process holds any more are removed first. The process holds its own with the system's lock (flock(2)).

    Yields
    ------
    Path
        A new folder, in the one for temporary files (of the environment variable ``TMPDIR``).
    """
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_if_left(left)
    while (held := _hold(folder := Path(tempfile.mkdtemp(prefix=PREFIX)))) is None:
        pass
    atexit.register(rmtree, folder, ignore_errors=True)
    try:
        yield folder
    except BaseException:
        rmtree(folder, ignore_errors=True)
        os.close(held)
        raise


def _remove_if_left(folder: Path) -> None:
    with suppress(OSError):  # it is held, or gone, or no folder, or there are no locks here
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(descriptor).st_uid == os.getuid():
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                rmtree(folder)
        finally:
            os.close(descriptor)


def _hold(folder: Path) -> int | None:
    """Lock a new folder; None if another process was faster and has removed it."""
    with suppress(FileNotFoundError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        with suppress(OSError):  # where there are no locks, nobody removes it either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if folder.exists():
            return descriptor
        os.close(descriptor)
    return None
