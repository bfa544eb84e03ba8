"""Run a case in a process of its own."""

import multiprocessing
import os
import re
import shutil
import signal
import sys
import threading
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from helpers.errors import DiskFullError, TutorialError
from helpers.files import is_disk_full
from helpers.notebook.results import read_results
from helpers.notebook.secrets import redact_tokens
from helpers.run.editions import execute
from helpers.run.pages import render_html
from regression.calibration import calibrate
from regression.processes import MARK, adopt_orphans, kill, kill_descendants, marked

NOTEBOOK, PAGE, LOG, ARTEFACTS = "notebook.ipynb", "notebook.html", "log.txt", "output"
WEIGHTS = ("model", "checkpoints")
LAST_LINES = 12  # of an error: enough for the frames that matter
UNPRINTABLE = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x08\x0b-\x1f]")
NO_CHARACTERS = re.compile(r"[\ud800-\udfff\ufffe\uffff]")  # which UTF-8 or XML cannot contain
OUT_OF_MEMORY = ("MemoryError", "OutOfMemoryError", "ResourceExhaustedError")  # NumPy's begins with an underscore
ALLOCATION_FAILED = "can't allocate memory"  # in PyTorch's RuntimeError
NOTHING = {"outcome": None, "error": None, "cell": None, "calibration": None, "results": None}


class Task(NamedTuple):
    """Everything that a process needs to run a case.

    Attributes
    ----------
    project : str
        The working directory of the notebook.
    notebook : str
        Its path from there.
    language : {"en", "ko"}
    parameters : dict of str to any
        Without ``output_dir``.
    folder : str
        An existing folder, for the executed notebook, its page, the log and the artefacts.
    environment : dict of str to str
        Variables to set.
    """

    project: str
    notebook: str
    language: str
    parameters: dict[str, Any]
    folder: str
    environment: dict[str, str]


def run_task(task: Task, connection: Connection) -> None:
    """Run a task in this process, which does nothing else, and report to the parent process.

    Parameters
    ----------
    task : Task
    connection : Connection
        Gets ``("cell", dict)`` whenever a cell begins, with its ``number`` and ``source``, and finally ``("ended",
        dict)``. There ``outcome`` is "passed", "raised", "died", "out of memory" or "disk full"; ``calibration`` and
        ``results`` are as `calibrate` and `read_results` return them; after a failure, ``error`` has its last lines and
        ``cell`` is the last cell that began. Each may be None.
    """
    _leave_terminal()
    adopt_orphans()
    os.chdir(task.project)
    os.environ |= task.environment
    threading.Thread(target=_end_with_runner, daemon=True).start()
    with open(Path(task.folder) / LOG, "w", encoding="utf-8") as log:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(log.fileno(), stream.fileno())
        ended = NOTHING | {"outcome": "passed"}
        kernel = _Kernel(connection)
        try:
            ended["calibration"] = before = calibrate()
            ended["results"] = _run(task, kernel)
            # The faster of two, since the machine may have been busy during one.
            ended["calibration"] = min(before, calibrate(), key=lambda unit: unit["seconds"])
        except Exception as error:
            ended |= {"cell": kernel.cell} | kernel.failure(error)
            if DiskFullError.__name__ in ended["error"] or is_disk_full(error, Path(task.folder)):
                ended["outcome"] = "disk full"
                shutil.rmtree(Path(task.folder) / ARTEFACTS, ignore_errors=True)  # leave room for the result
            with suppress(OSError):
                print(printable(traceback.format_exc()), file=sys.stderr, flush=True)
        kill_descendants()  # while this process is still their parent
        connection.send(("ended", ended))


def _leave_terminal() -> None:
    """Leave Ctrl-C to the runner, which ends its cases."""
    if hasattr(os, "setsid"):
        os.setsid()
    else:  # Windows sends it to all processes of a console; Jupyter's kernels have a group of their own
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end_with_runner() -> None:
    """Wait for the end of the process that started this one, however it ends, and leave nothing behind."""
    multiprocessing.parent_process().join()
    try:
        kill_descendants()
        for process in marked(os.environ[MARK]):
            kill(process)
    finally:
        os._exit(1)


def _run(task: Task, kernel: "_Kernel") -> dict:
    notebook, folder = Path(task.notebook), Path(task.folder)
    artefacts = folder / ARTEFACTS
    artefacts.mkdir()
    parameters = task.parameters | {"output_dir": str(artefacts)}
    try:
        execute(
            notebook,
            folder / NOTEBOOK,
            parameters,
            progress_bar=False,
            on_cell_start=kernel.begin_cell,
            kernel_manager_class=kernel.manager_class,
        )
    except Exception:
        with suppress(Exception):  # the page is a convenience; what went wrong before is what counts
            render_html(folder / NOTEBOOK, notebook.parent, task.language)
        raise
    finally:
        for weights in WEIGHTS:  # by far the largest part, and never loaded again
            shutil.rmtree(artefacts / weights, ignore_errors=True)
    render_html(folder / NOTEBOOK, notebook.parent, task.language)
    return read_results(artefacts)


class _Kernel:
    """Follow a notebook's process: the cell that it is in, and how it ended."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self.cell: dict[str, Any] | None = None
        self.status: int | None = None
        self.kills_before = _out_of_memory_kills()

    @property
    def manager_class(self) -> type[AsyncKernelManager]:
        """Make a kernel manager that notes the exit status of the process."""

        class Manager(AsyncKernelManager):
            async def is_alive(manager) -> bool:
                alive = await super().is_alive()
                if not alive and manager.provisioner and manager.provisioner.process:
                    self.status = manager.provisioner.process.returncode
                return alive

        return Manager

    def begin_cell(self, cell: dict, cell_index: int) -> None:
        """Note the cell that runs next; the notebook client calls this."""
        if cell["cell_type"] == "code":
            number = self.cell["number"] + 1 if self.cell else 1
            self.cell = {"number": number, "source": cell["source"]}
            self.connection.send(("cell", self.cell))

    def failure(self, error: Exception) -> dict[str, str]:
        """Return the outcome and the last lines of an error."""
        cause = error.__cause__ or error
        outcome, text = "raised", str(error)
        if isinstance(cause, PapermillExecutionError):
            text = "\n".join(cause.traceback) or str(cause)  # IPython shows no error that has a lone surrogate
            if cause.ename.endswith(OUT_OF_MEMORY) or ALLOCATION_FAILED in cause.evalue:
                outcome = "out of memory"
        elif isinstance(cause, DeadKernelError) or self.status is not None:
            # In this order, as Windows, which counts none, has no SIGKILL either.
            by_system = _out_of_memory_kills() > self.kills_before and self.status == -signal.SIGKILL
            outcome = "out of memory" if by_system else "died"
            text = f"the notebook's process {_ending(self.status)}"
        elif not isinstance(error, TutorialError):
            text = f"{type(error).__name__}: {text}"
        return {"outcome": outcome, "error": "\n".join(printable(text).splitlines()[-LAST_LINES:])}


def printable(text: str) -> str:
    """Strip colours, access tokens, and what UTF-8 or XML cannot contain from a text."""
    return redact_tokens(NO_CHARACTERS.sub("\ufffd", UNPRINTABLE.sub("", text))).strip()


def _out_of_memory_kills() -> int:
    """Count the processes that Linux has killed because memory ran out (proc_vmstat(5))."""
    with suppress(OSError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


def _ending(status: int | None) -> str:
    if status is None:
        return "ended"
    return f"was killed ({signal.Signals(-status).name})" if status < 0 else f"ended with status {status}"
