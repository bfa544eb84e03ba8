"""What is kept of a case: what it ran on, how it ended, and what came out."""

import errno
import hashlib
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import psutil

from helpers.regression.matrix import Case, Matrix
from helpers.regression.storage import Store
from helpers.regression.supervisor import supervise
from helpers.regression.worker import Task
from helpers.results import library_versions
from helpers.run import notebook_path

SCHEMA_VERSION = 1
HELPERS = Path(__file__).parent.parent


class Job(NamedTuple):
    """A case with everything that running it needs, so that it can be sent to another machine.

    Attributes
    ----------
    case : Case
    parameters : dict of str to any
    notebook : str
        Its path, from the project's folder.
    fingerprint : dict
        As `fingerprint` gives it.
    time_limit : float
        Seconds.
    cpus : int
    gpus : float
    """

    case: Case
    parameters: dict[str, Any]
    notebook: str
    fingerprint: dict[str, Any]
    time_limit: float
    cpus: int
    gpus: float


def job(case: Case, matrix: Matrix) -> Job:
    """Look up what a case of a matrix needs."""
    notebook = notebook_path(case.edition, case.language)
    parameters = case.parameters
    return Job(
        case,
        parameters,
        str(notebook),
        fingerprint(notebook, parameters, case.edition),
        matrix.time_limit,
        matrix.cpus,
        matrix.gpus,
    )


def fingerprint(notebook: Path, parameters: dict[str, Any], edition: str) -> dict[str, Any]:
    """Tell what a result depends on: two runs of which this differs are not the same run.

    Parameters
    ----------
    notebook : Path
    parameters : dict of str to any
    edition : {"pytorch", "tensorflow"}

    Returns
    -------
    dict
        ``parameters``; ``versions`` of Python and libraries; SHA-256 of the ``notebook``, and of all ``helpers`` that
        notebooks import.
    """
    helpers = hashlib.sha256()
    for path in sorted(HELPERS.glob("*.py")):
        helpers.update(path.name.encode() + path.read_bytes())
    return {
        "notebook": hashlib.sha256(notebook.read_bytes()).hexdigest(),
        "helpers": helpers.hexdigest(),
        "parameters": parameters,
        "versions": library_versions(edition),
    }


def run_case(job: Job, store: Store, stop: Event, tell: Callable[[str], None]) -> dict[str, Any]:
    """Run a case and keep its result.

    Parameters
    ----------
    job : Job
    store : Store
    stop : Event
        Set by whoever wants the case ended; then no result is kept.
    tell : callable
        Called with the name of each cell that begins.

    Returns
    -------
    dict
        What `supervise` gives, with ``schema_version``, ``case``, ``fingerprint`` and ``machine``.
    """
    name = job.case.name
    try:
        with store.folder(name) as folder:
            task = Task(os.getcwd(), job.notebook, job.case.language, job.parameters, str(folder), job.cpus)
            result = _described(job) | supervise(task, job.time_limit, stop, tell)
        if result["outcome"] != "stopped":
            store.write_result(name, result)
        return result
    except Exception as error:  # whatever the store's library raises: the other cases go on
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        reason = f"the result cannot be kept: {type(error).__name__}: {error}"
        return failed_result(job, "disk full" if full else "raised", reason)


def failed_result(job: Job, outcome: str, error: str) -> dict[str, Any]:
    """Make the result of a case that could not be run or kept at all."""
    nothing = {"cell": None, "calibration": None, "results": None, "seconds": 0.0, "peak_memory_bytes": 0}
    return _described(job) | nothing | {"outcome": outcome, "error": error}


def _described(job: Job) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "case": {"name": job.case.name, "group": job.case.group, **job.case._asdict()},
        # Of the machine that runs it, which need not be the one that asked for it.
        "fingerprint": job.fingerprint | {"versions": library_versions(job.case.edition)},
        "machine": machine(),
    }


def valid_result(job: Job, store: Store) -> dict[str, Any] | None:
    """Read the result of a case, if it has one of the same notebook, helpers, parameters and versions that passed."""
    result = store.read_result(job.case.name)
    if not isinstance(result, dict) or result.get("schema_version") != SCHEMA_VERSION:
        return None
    same = result["fingerprint"] == job.fingerprint
    return result if same and result["outcome"] == "passed" else None


def machine() -> dict[str, Any]:
    """Describe this machine, as far as it matters for speed: system, processor, cores, memory in bytes."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": usable_cores(),
        "memory_bytes": psutil.virtual_memory().total,
    }


def usable_cores() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(": ", 1)[1]
    return platform.processor()
