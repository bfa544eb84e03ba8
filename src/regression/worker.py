"""Run a case, in a process that does nothing else: `python -m regression.worker TASK`.

The task is JSON: the ``notebook``'s path; its ``language``; ``parameters``, without ``output_dir``; and an existing
``folder`` for the executed notebook, its page, the log and the artefacts. A line of JSON goes to stdout whenever a cell
begins, ``["cell", {"number", "source"}]``, and at the end ``["ended", {...}]``. There ``outcome`` is "passed",
"raised", "died", "out of memory" or "disk full"; ``calibration`` and ``results`` are as `calibrate` and `read_results`
return them; after a failure, ``error`` has its last lines and ``cell`` is the last cell that began.
"""

import json
import os
import re
import shutil
import signal
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from helpers.disk.files import is_disk_full
from helpers.errors import DiskFullError, TutorialError
from helpers.notebook.results import read_results
from helpers.notebook.secrets import redact_tokens
from helpers.run.editions import execute
from helpers.run.pages import render_html
from regression.calibration import calibrate
from regression.processes import MARK, NOTHING, adopt_orphans, kill, kill_descendants, marked

NOTEBOOK, PAGE, ARTEFACTS = "notebook.ipynb", "notebook.html", "output"
WEIGHTS = ("model", "checkpoints")
LAST_LINES = 12  # of an error: enough for the frames that matter
UNPRINTABLE = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x08\x0b-\x1f]")
NO_CHARACTERS = re.compile(r"[\ud800-\udfff\ufffe\uffff]")  # which UTF-8 or XML cannot contain
OUT_OF_MEMORY = ("MemoryError", "OutOfMemoryError", "ResourceExhaustedError")  # NumPy's begins with an underscore
ALLOCATION_FAILED = "can't allocate memory"  # in PyTorch's RuntimeError


def main() -> None:
    """Run the task and report."""
    reports = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # so whatever is printed goes to the log
    threading.Thread(target=_end_with_runner, daemon=True).start()
    adopt_orphans()
    task, kernel = json.loads(sys.argv[1]), _Kernel(reports)
    folder, ended = Path(task["folder"]), NOTHING | {"outcome": "passed"}
    try:
        ended["calibration"] = before = calibrate()
        ended["results"] = _run(task, folder, kernel)
        # The faster of two, since the machine may have been busy during one.
        ended["calibration"] = min(before, calibrate(), key=lambda unit: unit["seconds"])
    except Exception as error:
        ended |= {"cell": kernel.cell} | kernel.failure(error)
        if DiskFullError.__name__ in ended["error"] or is_disk_full(error, folder):
            ended["outcome"] = "disk full"
            shutil.rmtree(folder / ARTEFACTS, ignore_errors=True)  # leave room for the result
        with suppress(OSError):
            print(printable(traceback.format_exc()), file=sys.stderr, flush=True)
    kill_descendants()  # while this process is still their parent
    print(json.dumps(["ended", ended]), file=reports)


def _end_with_runner() -> None:
    """Wait for the end of the process that started this one, however it ends, and leave nothing behind."""
    os.read(sys.stdin.fileno(), 1)
    try:
        kill_descendants()
        for process in marked(os.environ[MARK]):
            kill(process)
    finally:
        os._exit(1)


def _run(task: dict[str, Any], folder: Path, kernel: "_Kernel") -> dict:
    notebook, artefacts = Path(task["notebook"]), folder / ARTEFACTS
    artefacts.mkdir()
    parameters = task["parameters"] | {"output_dir": str(artefacts)}
    watch = {"on_cell_start": kernel.begin_cell, "kernel_manager_class": kernel.manager_class}
    try:
        execute(notebook, folder / NOTEBOOK, parameters, progress_bar=False, **watch)
    except Exception:
        with suppress(Exception):  # the page is a convenience; what went wrong before is what counts
            render_html(folder / NOTEBOOK, notebook.parent, task["language"])
        raise
    finally:
        for weights in WEIGHTS:  # by far the largest part, and never loaded again
            shutil.rmtree(artefacts / weights, ignore_errors=True)
    render_html(folder / NOTEBOOK, notebook.parent, task["language"])
    return read_results(artefacts)


class _Kernel:
    """Follow a notebook's process: the cell that it is in, and how it ended."""

    def __init__(self, reports: TextIO):
        self.reports = reports
        self.cell: dict[str, Any] | None = None
        self.status: int | None = None

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
        """Report the cell that runs next; the notebook client calls this."""
        if cell["cell_type"] == "code":
            self.cell = {"number": self.cell["number"] + 1 if self.cell else 1, "source": cell["source"]}
            print(json.dumps(["cell", self.cell]), file=self.reports)

    def failure(self, error: Exception) -> dict[str, str]:
        """Return the outcome and the last lines of an error."""
        cause = error.__cause__ or error
        outcome, text = "raised", str(error)
        if isinstance(cause, PapermillExecutionError):
            text = "\n".join(cause.traceback) or str(cause)  # IPython shows no error that has a lone surrogate
            if cause.ename.endswith(OUT_OF_MEMORY) or ALLOCATION_FAILED in cause.evalue:
                outcome = "out of memory"
        elif isinstance(cause, DeadKernelError) or self.status is not None:
            outcome, text = "died", f"the notebook's process {_ending(self.status)}"
        elif not isinstance(error, TutorialError):
            text = f"{type(error).__name__}: {text}"
        return {"outcome": outcome, "error": "\n".join(printable(text).splitlines()[-LAST_LINES:])}


def printable(text: str) -> str:
    """Strip colours, access tokens, and what UTF-8 or XML cannot contain from a text."""
    return redact_tokens(NO_CHARACTERS.sub("\ufffd", UNPRINTABLE.sub("", text))).strip()


def _ending(status: int | None) -> str:
    if status is None:
        return "ended"
    return f"was killed ({signal.Signals(-status).name})" if status < 0 else f"ended with status {status}"


if __name__ == "__main__":
    main()
