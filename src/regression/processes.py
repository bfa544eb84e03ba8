"""Start, watch and end a case's processes."""

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import IO, Any
from uuid import uuid4

import psutil

LOG = "log.txt"
MARK = "REGRESSION_CASE"  # a variable, which descendants inherit
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
SET_CHILD_SUBREAPER = 36  # prctl(2)
INTERVAL = 0.5  # seconds between two looks at its processes
GRACE = 20  # seconds to write its files once the notebook's process is gone
NOTHING = {"outcome": None, "error": None, "cell": None, "calibration": None, "results": None}
LOST = NOTHING | {"outcome": "died", "error": "the case's own process was killed"}


def supervise(
    task: dict[str, Any], cpus: int, time_limit: float, stop: Event, tell: Callable[[int], None]
) -> dict[str, Any]:
    """Run a case in a process of its own until it ends, or is ended; none of its processes survives.

    `task` is for `regression.worker`, whose log goes to its ``folder``; libraries may use a thread for each of `cpus`.
    Set `stop` to end the case early. `tell` is called with the number of each cell that begins. Returns what
    the worker reports at its end, where ``outcome`` may also be "timed out" or "stopped"; ``seconds``, and
    ``peak_memory_bytes``, the most memory that its processes were seen to use together.
    """
    mark, start = uuid4().hex, time.monotonic()
    process = _start(task, os.environ | dict.fromkeys(THREADS, str(cpus)) | {MARK: mark})
    messages: Queue[tuple[str, dict[str, Any]]] = Queue()
    Thread(target=_listen, args=(process.stdout, messages), daemon=True).start()
    family = _Family(process.pid, mark)
    ended, cell, cut, deadline = None, None, {}, None
    try:
        while ended is None:
            with suppress(Empty):
                kind, content = messages.get(timeout=INTERVAL)
                if kind == "ended":
                    ended = content
                else:
                    cell = content
                    tell(cell["number"])
            family.look()
            seconds = time.monotonic() - start
            if ended is None and not cut and (stop.is_set() or seconds > time_limit):
                late = {"outcome": "timed out", "error": f"not done within the time limit of {time_limit:g} s"}
                cut = {"outcome": "stopped", "error": "the runner was stopped"} if stop.is_set() else late
                deadline = seconds + GRACE
            if cut:
                family.kill(children_only=True)  # its own process then notices and writes what there is
                if seconds > deadline:
                    break
    finally:
        family.kill()
        process.wait()
        process.stdin.close()
    seconds = time.monotonic() - start
    return LOST | {"cell": cell} | (ended or {}) | cut | {"seconds": seconds, "peak_memory_bytes": family.peak}


def _start(task: dict[str, Any], environment: dict[str, str]) -> subprocess.Popen:
    """Start a worker, which Ctrl-C in a terminal doesn't reach: the runner ends its cases."""
    with open(Path(task["folder"], LOG), "wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "regression.worker", json.dumps(task)],
            env=environment,
            stdin=subprocess.PIPE,  # which ends with the runner
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )


def _listen(stdout: IO[bytes], messages: Queue) -> None:
    """Pass on what a worker reports, a line of JSON each, and an empty end if it is gone."""
    with suppress(ValueError), stdout:  # where it was killed in the middle of a line
        for line in stdout:
            messages.put(json.loads(line))
    messages.put(("ended", {}))


class _Family:
    """A process and all its descendants, orphans included."""

    def __init__(self, pid: int, mark: str):
        self.mark, self.peak = mark, 0
        self.members: list[psutil.Process] = []
        with suppress(psutil.Error):
            self.members.append(psutil.Process(pid))

    def look(self) -> None:
        """Find new members and add up the resident set sizes of all."""
        for member in list(self.members):
            with suppress(psutil.Error):
                self.members += [child for child in member.children(recursive=True) if child not in self.members]
        memory = 0
        for member in self.members:
            with suppress(psutil.Error):
                memory += member.memory_info().rss
        self.peak = max(self.peak, memory)

    def kill(self, children_only: bool = False) -> None:
        """Kill all members, and wait until no marked process is left; or all but the first, and don't wait."""
        self.look()
        for member in self.members[1:] if children_only else self.members[::-1]:
            kill(member)
        patience = time.monotonic() + GRACE  # with one that hangs in the kernel
        while not children_only and (left := marked(self.mark)) and time.monotonic() < patience:
            for process in left:
                kill(process)


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
