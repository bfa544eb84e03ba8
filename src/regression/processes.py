"""Find and end the processes that a case has started."""

import ctypes
import os
import sys
from contextlib import suppress

import psutil

MARK = "REGRESSION_CASE"  # a variable, which descendants inherit
SET_CHILD_SUBREAPER = 36  # prctl(2)


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent ends, daemons too; only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def marked(mark: str) -> list[psutil.Process]:
    """Return the other processes whose variable `MARK` has this value, whoever their parent is by now."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # what has ended, or belongs to somebody else
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(process)
    return found


def kill_descendants() -> None:
    """Kill all descendants of this process."""
    for process in psutil.Process().children(recursive=True):
        kill(process)


def kill(process: psutil.Process) -> None:
    """Kill a process, if it is still there."""
    with suppress(psutil.Error):
        process.kill()  # psutil makes sure that the id hasn't been reused
