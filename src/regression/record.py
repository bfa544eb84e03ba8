"""Run cases and record their results."""

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
from joblib import cpu_count

from helpers.errors import ResultsError, RunError
from helpers.notebook.results import library_versions
from helpers.notebook.sources import helpers_digest
from helpers.run.editions import notebook_path
from regression.matrix import Case, Matrix
from regression.schema import RESULT_VERSION, check_result
from regression.storage import Store, read_file
from regression.supervisor import supervise
from regression.worker import NOTHING, Task, printable

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
DEVICES = "CUDA_VISIBLE_DEVICES"  # set by Ray for each case


class Job(NamedTuple):
    """A case with everything that it takes to run it, here or on another machine.

    Attributes
    ----------
    case : Case
    notebook : str
        Its path, from the project's folder.
    fingerprint : dict
        As `fingerprint` returns it.
    time_limit : float
        Seconds.
    cpus : int
    gpus : float
    """

    case: Case
    notebook: str
    fingerprint: dict[str, Any]
    time_limit: float
    cpus: int
    gpus: float


def job(case: Case, matrix: Matrix) -> Job:
    """Make the job of a case."""
    notebook = notebook_path(case.edition, case.language)
    return Job(
        case,
        str(notebook),
        fingerprint(notebook, case.parameters, case.edition),
        matrix.time_limit,
        matrix.cpus,
        matrix.gpus,
    )


def fingerprint(notebook: Path, parameters: dict[str, Any], edition: str) -> dict[str, Any]:
    """Return what a result depends on; runs that differ in it are not comparable.

    Parameters
    ----------
    notebook : Path
    parameters : dict of str to any
    edition : {"pytorch", "keras", "tensorflow"}

    Returns
    -------
    dict
        ``parameters``; ``versions`` of Python and libraries; SHA-256 of the ``notebook``, and of all ``helpers`` that
        notebooks import, package data included.

    Raises
    ------
    RunError
        If the notebook cannot be read.
    """
    try:
        content = read_file(notebook)
    except OSError as error:
        raise RunError(f"the notebook {notebook} cannot be read: {error}") from error
    return {
        "notebook": hashlib.sha256(content).hexdigest(),
        "helpers": helpers_digest(),
        "parameters": parameters,
        "versions": library_versions(edition),
    }


def run_case(job: Job, store: Store, stop: Event, tell: Callable[[int], None]) -> dict[str, Any]:
    """Run a case and store its result.

    Parameters
    ----------
    job : Job
    store : Store
    stop : Event
        Set it to end the case; then no result is stored.
    tell : callable
        Called with the number of each cell that begins.

    Returns
    -------
    dict
        What `supervise` returns, with ``schema_version``, ``case``, ``fingerprint`` and ``machine``. Where
        `check_result` refuses the results of a notebook that ran to its end, ``outcome`` is "bad results".
    """
    name, result = job.case.name, failed_result(job, "raised", "")
    try:
        with store.folder(name) as folder:
            parameters = job.fingerprint["parameters"]
            task = Task(os.getcwd(), job.notebook, job.case.language, parameters, str(folder), _environment(job))
            result |= supervise(task, job.time_limit, stop, tell)
        result |= _refused(result)
        if result["outcome"] != "stopped":
            store.write_result(name, result)
        return result
    except Exception as error:  # whatever the store's library raises: the other cases go on
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        reason = f"the result cannot be stored: {type(error).__name__}: {error}"
        before = f"{result['error']}\n" if result["error"] else ""
        return result | {"outcome": "disk full" if full else "raised", "error": before + printable(reason)}


def _refused(result: dict[str, Any]) -> dict[str, Any]:
    """Return what changes in a result that cannot be judged."""
    try:
        check_result(result)
    except ResultsError as error:
        reason = f"its results cannot be judged, perhaps because the training diverged: {error}"
        return {"outcome": "bad results", "error": printable(reason), "results": None}
    return {}


def failed_result(job: Job, outcome: str, error: str) -> dict[str, Any]:
    """Make the result of a case that could not be run."""
    return (
        _described(job)
        | NOTHING
        | {"outcome": outcome, "error": printable(error), "seconds": 0.0, "peak_memory_bytes": 0}
    )


def _environment(job: Job) -> dict[str, str]:
    """Return the variables that a case's processes need; they descend from another process than this."""
    devices = {DEVICES: os.environ[DEVICES]} if DEVICES in os.environ else {}
    return dict.fromkeys(THREADS, str(job.cpus)) | devices


def _described(job: Job) -> dict[str, Any]:
    return {
        "schema_version": RESULT_VERSION,
        "case": _case(job),
        # Of the machine that runs it, which need not be the one that asked for it.
        "fingerprint": job.fingerprint | {"versions": library_versions(job.case.edition)},
        "machine": machine(),
    }


def _case(job: Job) -> dict[str, Any]:
    return {"name": job.case.name, "series": job.case.series, "group": job.case.group, **job.case._asdict()}


def valid_result(job: Job, store: Store) -> tuple[dict[str, Any] | None, str]:
    """Return the stored result of a case if it is whole and passed with the same fingerprint, or None and the reason.

    Returns
    -------
    dict or None
    str
        Why there is none.
    """
    try:
        result = store.read_result(job.case.name)
        if result is None:
            return None, "no result"
        check_result(result)
    except ResultsError:
        return None, "no valid result"
    if result["outcome"] != "passed":
        return None, result["outcome"]
    if result["case"] != _case(job):
        return None, "other case"
    changed = [name for name, value in job.fingerprint.items() if result["fingerprint"].get(name) != value]
    return (None, f"other {', '.join(changed)}") if changed else (result, "")


def machine() -> dict[str, Any]:
    """Describe this machine: system, processor, cores, memory in bytes."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": cpu_count(),  # that this process may use
        "memory_bytes": psutil.virtual_memory().total,
    }


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(": ", 1)[1]
    return platform.processor()
