"""Run cases, and record their results."""

import errno
import hashlib
import platform
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
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
from regression.processes import NOTHING, supervise
from regression.schema import RESULT_VERSION, check_result
from regression.storage import Store, read_file
from regression.worker import printable


class Job(NamedTuple):
    """A case with everything that it takes to run it, here or on another machine."""

    case: Case
    notebook: str  # its path, from the project's folder
    fingerprint: dict[str, Any]  # what a result depends on; runs that differ in it are not comparable
    time_limit: float  # seconds
    cpus: int
    gpus: float

    @property
    def named_case(self) -> dict[str, Any]:
        """Describe the case with its names."""
        return {"name": self.case.name, "series": self.case.series, "group": self.case.group, **self.case._asdict()}


def make_job(case: Case, matrix: Matrix) -> Job:
    """Make the job of a case; raises `RunError` if its notebook cannot be read."""
    notebook = notebook_path(case.edition, case.language)
    try:
        content = read_file(notebook)
    except OSError as error:
        raise RunError(f"the notebook {notebook} cannot be read: {error}") from error
    fingerprint = {
        "notebook": hashlib.sha256(content).hexdigest(),
        "helpers": helpers_digest(),
        "parameters": case.parameters,
        "versions": library_versions(case.edition),
    }
    return Job(case, str(notebook), fingerprint, matrix.time_limit, matrix.cpus, matrix.gpus)


def run_locally(jobs: Sequence[Job], store: Store, tell: Callable[[str, str], None]) -> Iterator[dict[str, Any]]:
    """Run cases on this machine, as many at a time as there are processors for.

    Calls `tell` with a case's name and each cell that begins. Yields the result of each case as soon as it ends.
    Closing the generator, as Ctrl-C does, ends the running cases.
    """
    stop = Event()

    def run(job: Job) -> dict[str, Any]:
        name = job.case.name
        tell(name, "")
        return run_case(job, store, stop, lambda number: tell(name, f"cell {number}"))

    side_by_side = max(1, cpu_count() // max((job.cpus for job in jobs), default=1))
    with ThreadPoolExecutor(side_by_side) as threads:
        try:
            for future in as_completed([threads.submit(run, job) for job in jobs]):
                yield future.result()
        finally:
            stop.set()
            threads.shutdown(cancel_futures=True)


def run_case(job: Job, store: Store, stop: Event, tell: Callable[[int], None]) -> dict[str, Any]:
    """Run a case and store its result, unless `stop` was set to end it.

    Returns what `supervise` does, with ``schema_version``, ``case``, ``fingerprint`` and ``machine``. Where
    `check_result` refuses the results of a notebook that ran to its end, ``outcome`` is "bad results".
    """
    name, result = job.case.name, failed_result(job, "raised", "")
    try:
        with store.folder(name) as folder:
            task = {"notebook": job.notebook, "language": job.case.language, "folder": str(folder)}
            task["parameters"] = job.fingerprint["parameters"]
            result |= supervise(task, job.cpus, job.time_limit, stop, tell)
        try:
            check_result(result)
        except ResultsError as error:
            reason = f"its results cannot be judged, perhaps because the training diverged: {error}"
            result |= {"outcome": "bad results", "error": printable(reason), "results": None}
        if result["outcome"] != "stopped":
            store.write_result(name, result)
        return result
    except Exception as error:  # whatever the store's library raises: the other cases go on
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        reason = f"the result cannot be stored: {type(error).__name__}: {error}"
        before = f"{result['error']}\n" if result["error"] else ""
        return result | {"outcome": "disk full" if full else "raised", "error": before + printable(reason)}


def failed_result(job: Job, outcome: str, error: str) -> dict[str, Any]:
    """Make the result of a case that could not be run."""
    return NOTHING | {
        "schema_version": RESULT_VERSION,
        "case": job.named_case,
        # Of the machine that runs it, which need not be the one that asked for it.
        "fingerprint": job.fingerprint | {"versions": library_versions(job.case.edition)},
        "machine": describe_machine(),
        "outcome": outcome,
        "error": printable(error),
        "seconds": 0.0,
        "peak_memory_bytes": 0,
    }


def read_valid_result(job: Job, store: Store) -> tuple[dict[str, Any] | None, str]:
    """Return the stored result of a case if it passed with the same fingerprint, or None, and the reason for that."""
    try:
        result = store.read_result(job.case.name)
        if result is None:
            return None, "no result"
        check_result(result)
    except ResultsError:
        return None, "no valid result"
    if result["outcome"] != "passed":
        return None, result["outcome"]
    if result["case"] != job.named_case:
        return None, "other case"
    changed = [name for name, value in job.fingerprint.items() if result["fingerprint"].get(name) != value]
    return (None, f"other {', '.join(changed)}") if changed else (result, "")


def describe_machine() -> dict[str, Any]:
    """Describe this machine: system, processor, cores that this process may use, memory in bytes."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
    }


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(": ", 1)[1]
    return platform.processor()
