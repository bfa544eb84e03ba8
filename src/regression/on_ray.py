"""Run cases on a Ray cluster."""

import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import ray
from ray.exceptions import LocalRayletDiedError, NodeDiedError, RayError, WorkerCrashedError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from helpers.errors import RunError
from helpers.notebook.sources import HELPERS
from regression.record import Job, failed_result, run_case
from regression.storage import Store

RETRIES = 3  # of a case whose node has died
INTERVAL = 1.0  # seconds between two looks at the news
LAST_WAIT = 60  # seconds for cancelled cases to end
SUBMITTED = "RAY_JOB_CONFIG_JSON_ENV_VAR"  # set by `ray job submit`, which has sent the project already
PACKAGES = [str(HELPERS), str(Path(__file__).parent)]
NOT_SENT = [".venv*", ".git", "runs", "output", "docs"]  # of the project's folder, which every node gets


def connect(address: str | None) -> None:
    """Connect to a cluster and send it the project.

    Parameters
    ----------
    address : str or None
        The cluster's, such as ``ray://host:10001``; None means the cluster of this machine, or a new one on it.

    Raises
    ------
    RunError
        If no cluster answers at the address.
    """
    if address and ":" in address:
        _require_server(address)
    project = {"py_modules": PACKAGES}
    if SUBMITTED not in os.environ:
        project |= {"working_dir": str(Path.cwd()), "excludes": NOT_SENT}
    on_terminate = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address, runtime_env=project, log_to_driver=False)
    except (ConnectionError, RayError, RuntimeError, ValueError) as error:
        raise RunError(f"Ray cannot be used{f' at {address}' if address else ''}: {error}") from error
    signal.signal(signal.SIGTERM, on_terminate)  # Ray has put its own in place, which ends the process at once


def run_on_ray(jobs: Sequence[Job], store: Store, tell: Callable[[str, str], None]) -> Iterator[dict[str, Any]]:
    """Run cases as tasks on the cluster that `connect` has found.

    Its nodes need the project's requirements installed.

    Parameters
    ----------
    jobs : sequence of Job
    store : Store
        One that every node reaches.
    tell : callable
        Called with a case's name and each cell that begins.

    Yields
    ------
    dict
        The result of each case, as `run_case` returns it, as soon as it ends. Closing the generator ends the running
        cases and the connection.
    """
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    news = _News.options(num_cpus=0, scheduling_strategy=here).remote()
    tasks = {}
    try:
        for job in jobs:
            options = _run_case.options(num_cpus=job.cpus, num_gpus=job.gpus, max_retries=RETRIES)
            tasks[options.remote(job, store.url, news)] = job
        while tasks:
            done, _ = ray.wait(list(tasks), num_returns=len(tasks), timeout=INTERVAL)
            open_names = {job.case.name for job in tasks.values()}
            with suppress(RayError):  # the node with the news may be lost, and the cases go on
                for name, cell in ray.get(news.take.remote()):
                    if name in open_names:
                        tell(name, cell)
            for task in done:
                yield _result(task, tasks.pop(task))
    finally:
        for task in tasks:
            ray.cancel(task)
        if tasks:
            ray.wait(list(tasks), num_returns=len(tasks), timeout=LAST_WAIT)
        ray.shutdown()


def _require_server(address: str) -> None:
    """Raise `RunError` if nothing listens at an address; Ray itself would retry for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, ValueError) as error:
        raise RunError(f"there is no Ray cluster at {address}: {error}") from error


@ray.remote
class _News:
    """Collect which cell each case is in, from all nodes."""

    def __init__(self):
        self.told: list[tuple[str, str]] = []

    def tell(self, name: str, cell: str) -> None:
        self.told.append((name, cell))

    def take(self) -> list[tuple[str, str]]:
        told, self.told = self.told, []
        return told


@ray.remote
def _run_case(job: Job, url: str, news: ray.actor.ActorHandle) -> dict[str, Any]:
    name = job.case.name
    news.tell.remote(name, "")
    # Nobody sets the event: cancelling a task interrupts it, as Ctrl-C would, which ends the case too.
    return run_case(job, Store(url), Event(), lambda number: news.tell.remote(name, f"cell {number}"))


def _result(task: ray.ObjectRef, job: Job) -> dict[str, Any]:
    try:
        return ray.get(task)
    except (NodeDiedError, WorkerCrashedError, LocalRayletDiedError) as error:
        return failed_result(job, "died", f"its node or its process was lost, {RETRIES + 1} times: {error}")
    except RayError as error:
        return failed_result(job, "raised", str(error))
