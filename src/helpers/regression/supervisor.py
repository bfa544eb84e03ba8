"""Starts the process of a case, watches over it, and sees to its end."""

import multiprocessing
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from threading import Event
from typing import Any

import psutil

from helpers.regression.worker import Task, run_task

INTERVAL = 0.5  # seconds between two looks at a case's processes
GRACE = 20  # seconds that a case has to put its files in order once its notebook's process is gone
LOST = {
    "outcome": "died",
    "error": "the case's own process was killed",
    "cell": None,
    "calibration": None,
    "results": None,
}

# Processes are forked from one that has imported everything they need, which saves seconds for each case, and that has
# no threads, unlike the runner, whose forks they would confuse.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["helpers.regression.worker"])


def supervise(task: Task, time_limit: float, stop: Event, tell: Callable[[str], None]) -> dict[str, Any]:
    """Run a task in a process of its own until it ends, or is ended.

    Parameters
    ----------
    task : Task
    time_limit : float
        Seconds after which it is ended.
    stop : Event
        Set by whoever wants it ended before.
    tell : callable
        Called with the name of each cell that begins.

    Returns
    -------
    dict
        What `run_task` tells at the end, where ``outcome`` may also be "timed out" or "stopped"; and ``seconds``, how
        long it took, and ``peak_memory_bytes``, the most memory that its processes were seen to hold together. None of
        them is left.
    """
    receiver, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=run_task, args=(task, sender))
    start = time.monotonic()
    process.start()
    sender.close()
    family = _Family(process.pid)
    ended, cut, deadline = None, {}, None
    try:
        while ended is None:
            wait([receiver], timeout=INTERVAL)
            family.look()
            ended = _read(receiver, tell)
            seconds = time.monotonic() - start
            if ended is None and not cut and (stop.is_set() or seconds > time_limit):
                cut, deadline = _cut(stop, time_limit), seconds + GRACE
                family.kill_children()  # its own process then notices and writes what there is
            elif cut and seconds > deadline:
                break
    finally:
        family.kill()
        process.join()
        receiver.close()
    return (ended or LOST) | cut | {"seconds": time.monotonic() - start, "peak_memory_bytes": family.peak}


def _read(connection: Connection, tell: Callable[[str], None]) -> dict[str, Any] | None:
    """Pass on what a process tells; give what it tells at the end."""
    try:
        while connection.poll():
            kind, content = connection.recv()
            if kind == "ended":
                return content
            tell(content)
    except EOFError:
        return LOST
    return None


def _cut(stop: Event, time_limit: float) -> dict[str, Any]:
    if stop.is_set():
        return {"outcome": "stopped", "error": "the runner was stopped"}
    return {"outcome": "timed out", "error": f"not done within the time limit of {time_limit:g} s"}


class _Family:
    """A process and all that have descended from it, also those whose parent has gone since."""

    def __init__(self, pid: int):
        self.peak = 0
        self.descendants: set[psutil.Process] = set()
        with suppress(psutil.NoSuchProcess):
            self.head = psutil.Process(pid)
            self.look()

    def look(self) -> None:
        """Find new descendants, and add up the resident set sizes of all."""
        with suppress(psutil.NoSuchProcess):
            self.descendants.update(self.head.children(recursive=True))
        self.peak = max(self.peak, sum(map(_resident_bytes, {self.head, *self.descendants})))

    def kill_children(self) -> None:
        """Kill all but the first process."""
        self.look()
        for process in self.descendants:
            with suppress(psutil.NoSuchProcess):
                process.kill()  # psutil sees to it that the number does not belong to another process by now

    def kill(self) -> None:
        """Kill all."""
        self.kill_children()
        with suppress(psutil.NoSuchProcess):
            self.head.kill()


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0
