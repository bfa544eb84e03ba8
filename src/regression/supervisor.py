"""Start, watch and end a case's processes."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from threading import Event
from typing import Any
from uuid import uuid4

import psutil

from regression.processes import MARK, kill, marked
from regression.worker import NOTHING, Task, run_task

INTERVAL = 0.5  # seconds between two looks at its processes
GRACE = 20  # seconds to write its files once the notebook's process is gone
LOST = NOTHING | {"outcome": "died", "error": "the case's own process was killed"}

# The forkserver has imported everything, which saves seconds for each case, and has no threads, which a fork of the
# runner would break on. Windows has no forks: there each case imports for itself.
CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()
PROCESSES = multiprocessing.get_context("forkserver" if CAN_FORK else "spawn")
PROCESSES.set_forkserver_preload(["regression.worker"])


def start_forkserver() -> None:
    """Start the process that cases are forked from, where there is one, deaf to a terminal's Ctrl-C."""
    if not CAN_FORK:
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, before)


def supervise(task: Task, time_limit: float, stop: Event, tell: Callable[[int], None]) -> dict[str, Any]:
    """Run a task in a process of its own until it ends, or is ended.

    Parameters
    ----------
    task : Task
    time_limit : float
        Seconds.
    stop : Event
        Set it to end the task early.
    tell : callable
        Called with the number of each cell that begins.

    Returns
    -------
    dict
        What `run_task` reports at its end, where ``outcome`` may also be "timed out" or "stopped"; ``seconds``, and
        ``peak_memory_bytes``, the most memory that its processes were seen to use together. None of them survives.
    """
    receiver, sender = PROCESSES.Pipe(duplex=False)
    mark = uuid4().hex
    marked_task = task._replace(environment=task.environment | {MARK: mark})
    process = PROCESSES.Process(target=run_task, args=(marked_task, sender))
    start = time.monotonic()
    process.start()
    sender.close()
    family = _Family(process.pid, mark)
    ended, cell, cut, deadline = None, None, {}, None
    try:
        while ended is None:
            wait([receiver], timeout=INTERVAL)
            family.look()
            for kind, content in _messages(receiver):
                if kind == "ended":
                    ended = ended or content
                else:
                    cell = content
                    tell(cell["number"])
            seconds = time.monotonic() - start
            if ended is None and not cut and (stop.is_set() or seconds > time_limit):
                cut, deadline = _cut(stop, time_limit), seconds + GRACE
            if cut:
                family.kill_children()  # its own process then notices and writes what there is
                if seconds > deadline:
                    break
    finally:
        family.kill()
        process.join()
        receiver.close()
    seconds = time.monotonic() - start
    return LOST | {"cell": cell} | (ended or {}) | cut | {"seconds": seconds, "peak_memory_bytes": family.peak}


def _messages(connection: Connection) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a process has reported since the last call; an empty end if it is gone."""
    try:
        while connection.poll():
            yield connection.recv()
    except (EOFError, OSError):  # OSError where it was killed in the middle of a message
        yield "ended", {}


def _cut(stop: Event, time_limit: float) -> dict[str, Any]:
    if stop.is_set():
        return {"outcome": "stopped", "error": "the runner was stopped"}
    return {"outcome": "timed out", "error": f"not done within the time limit of {time_limit:g} s"}


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
        self.peak = max(self.peak, sum(map(_resident_bytes, self.members)))

    def kill_children(self) -> None:
        """Kill all descendants."""
        self.look()
        for member in self.members[1:]:
            kill(member)

    def kill(self) -> None:
        """Kill all members, and wait until no marked process is left."""
        self.kill_children()
        for member in self.members[:1]:
            kill(member)
        patience = time.monotonic() + GRACE  # with one that hangs in the kernel
        while (left := marked(self.mark)) and time.monotonic() < patience:
            for process in left:
                kill(process)


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0
