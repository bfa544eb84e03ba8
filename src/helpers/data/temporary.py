"""Make temporary folders that no killed process leaves behind."""

import atexit
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from uuid import uuid4

from filelock import FileLock

PREFIX = "token-classification-held-"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder that stays as long as this process; it is removed at once if the body raises.

    A killed process cannot remove its folder, so whoever makes one first removes those that no process holds any more.
    The process holds its own by a lock on a file beside it.

    Yields
    ------
    Path
        A new folder, where temporary files go (the environment variable ``TMPDIR``).
    """
    parent = Path(tempfile.gettempdir())
    for left in parent.glob(f"{PREFIX}*.lock"):
        lock = FileLock(left)
        with suppress(OSError):  # it is held, or gone, or somebody else's, or there are no locks here
            lock.acquire(blocking=False)
            _remove(lock)
    lock = FileLock(parent / f"{PREFIX}{uuid4().hex}.lock", thread_local=False)
    with suppress(OSError):  # where there are no locks, nobody removes it either
        lock.acquire()
    folder = _folder(lock)
    folder.mkdir(mode=0o700)
    atexit.register(_remove, lock)
    try:
        yield folder
    except BaseException:
        _remove(lock)
        raise


def _folder(lock: FileLock) -> Path:
    return Path(lock.lock_file).with_suffix("")


def _remove(lock: FileLock) -> None:
    """Remove a folder and its lock; where a file of it is still open, which Windows minds, the next process does so."""
    rmtree(_folder(lock), ignore_errors=True)
    lock.release()
    if not _folder(lock).exists():
        Path(lock.lock_file).unlink(missing_ok=True)
