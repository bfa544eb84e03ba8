"""Run cases on this machine, in parallel."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event
from typing import Any

from joblib import cpu_count

from regression.record import Job, run_case
from regression.storage import Store
from regression.supervisor import start_forkserver


def run_locally(jobs: Sequence[Job], store: Store, tell: Callable[[str, str], None]) -> Iterator[dict[str, Any]]:
    """Run cases, each in a process of its own, as many at a time as there are processors for.

    Parameters
    ----------
    jobs : sequence of Job
        All with the same ``cpus``.
    store : Store
    tell : callable
        Called with a case's name and each cell that begins.

    Yields
    ------
    dict
        The result of each case, as `run_case` returns it, as soon as it ends. Closing the generator, as Ctrl-C does,
        ends the running cases.
    """
    stop = Event()

    def run(job: Job) -> dict[str, Any]:
        name = job.case.name
        tell(name, "")
        return run_case(job, store, stop, lambda number: tell(name, f"cell {number}"))

    start_forkserver()
    side_by_side = max(1, cpu_count() // max((job.cpus for job in jobs), default=1))
    with ThreadPoolExecutor(side_by_side) as threads:
        try:
            futures = [threads.submit(run, job) for job in jobs]
            for future in as_completed(futures):
                yield future.result()
        finally:
            stop.set()
            threads.shutdown(cancel_futures=True)
