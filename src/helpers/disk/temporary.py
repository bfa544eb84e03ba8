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
    """Yield a new folder that stays as long as this process; it is removed at once if the body raises.

    A process holds its folder by a lock on a file beside it; those that no process holds any more are removed first.
    """
    parent = Path(tempfile.gettempdir())
    for left in parent.glob(f"{PREFIX}*.lock"):
        with suppress(OSError):  # it is held, or gone, or somebody else's, or there are no locks here
            lock = FileLock(left, blocking=False)
            lock.acquire()
            _remove(lock)
    lock = FileLock(parent / f"{PREFIX}{uuid4().hex}.lock", thread_local=False)
    with suppress(OSError):  # where there are no locks, nobody removes it either
        lock.acquire()
    folder = Path(lock.lock_file).with_suffix("")
    folder.mkdir(mode=0o700)
    atexit.register(_remove, lock)
    try:
        yield folder
    except BaseException:
        _remove(lock)
        raise


def _remove(lock: FileLock) -> None:
    """Remove a folder and its lock; where a file of it is still open, which Windows minds, the next process does so."""
    folder = Path(lock.lock_file).with_suffix("")
    rmtree(folder, ignore_errors=True)
    lock.release()
    if not folder.exists():
        Path(lock.lock_file).unlink(missing_ok=True)
