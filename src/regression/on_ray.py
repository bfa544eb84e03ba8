"""Run cases on a Ray cluster."""

import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import ray
from ray.exceptions import LocalRayletDiedError, NodeDiedError, RayError, WorkerCrashedError

from helpers.errors import RunError
from helpers.notebook.sources import HELPERS
from regression.run_cases import Job, failed_result, run_case
from regression.storage import Store

RETRIES = 3  # of a case whose node has died
LAST_WAIT = 60  # seconds for cancelled cases to end
SUBMITTED = "RAY_JOB_CONFIG_JSON_ENV_VAR"  # set by `ray job submit`, which has sent the project already
PACKAGES = [str(HELPERS), str(Path(__file__).parent)]
NOT_SENT = [".venv*", ".git", "runs", "output", "docs"]  # of the project's folder, which every node gets


def connect(address: str | None) -> None:
    """Connect to a cluster and send it the project; raises `RunError` if none answers.

    The address is such as ``ray://host:10001``; None means the cluster of this machine, or a new one on it.
    """
    project = {"py_modules": PACKAGES}
    if SUBMITTED not in os.environ:
        project |= {"working_dir": str(Path.cwd()), "excludes": NOT_SENT}
    on_terminate = signal.getsignal(signal.SIGTERM)
    try:
        if address and ":" in address:
            host, _, port = address.removeprefix("ray://").rpartition(":")
            socket.create_connection((host, int(port)), timeout=10).close()  # Ray itself would retry for minutes
        ray.init(address, runtime_env=project, log_to_driver=False)
    except (OSError, RayError, RuntimeError, ValueError) as error:
        raise RunError(f"there is no Ray cluster{f' at {address}' if address else ''}: {error}") from error
    signal.signal(signal.SIGTERM, on_terminate)  # Ray has put its own in place, which ends the process at once


def run_on_ray(jobs: Sequence[Job], store: Store, tell: Callable[[str, str], None]) -> Iterator[dict[str, Any]]:
    """Run cases as `run_locally` does, but as tasks on the cluster that `connect` has found.

    Its nodes need the project's requirements installed, and reach the store. Which cases run is what Ray's own tools
    show; `tell` is not called. Closing the generator also closes the connection.
    """
    tasks = {}
    try:
        for job in jobs:
            options = _run_case.options(num_cpus=job.cpus, num_gpus=job.gpus, max_retries=RETRIES)
            tasks[options.remote(job, store.url)] = job
        while tasks:
            done, _ = ray.wait(list(tasks))
            for task in done:
                yield _result(task, tasks.pop(task))
    finally:
        for task in tasks:
            ray.cancel(task)
        if tasks:
            ray.wait(list(tasks), num_returns=len(tasks), timeout=LAST_WAIT)
        ray.shutdown()


@ray.remote
def _run_case(job: Job, url: str) -> dict[str, Any]:
    # Nobody sets the event: cancelling a task interrupts it, as Ctrl-C would, which ends the case too.
    return run_case(job, Store(url), Event(), lambda number: None)


def _result(task: ray.ObjectRef, job: Job) -> dict[str, Any]:
    try:
        return ray.get(task)
    except (NodeDiedError, WorkerCrashedError, LocalRayletDiedError) as error:
        return failed_result(job, "died", f"its node or its process was lost, {RETRIES + 1} times: {error}")
    except RayError as error:
        return failed_result(job, "raised", str(error))
