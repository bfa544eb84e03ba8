"""Run a matrix of notebooks and judge it."""

import argparse
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from helpers.errors import RunError, TutorialError
from regression.baselines import FOLDER, accept, read_baseline
from regression.matrix import read_matrix
from regression.progress_table import ProgressTable
from regression.report import FILES, HTML, make_report, summarise, write_report
from regression.run_cases import Job, make_job, read_valid_result, run_locally
from regression.storage import Store
from regression.verdict import exit_code, judge_all
from regression.worker import PAGE

RUNS = "runs/regression"
REQUESTS = 32  # at a time to a store, which may be far away
console = Console(soft_wrap=True, highlight=False, markup=False)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return what `exit_code` says, or 2 after an error."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a CI system's stop is as clean as Ctrl-C
    try:
        return options.command(options)
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    except Exception:  # Python would exit with 1, which has a meaning here
        traceback.print_exc()
    except KeyboardInterrupt:
        print("\nStopped. Finished cases are kept: call it again with --resume to run the rest.", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m regression", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="run the cases of a matrix and judge them")
    run.add_argument("matrix", type=Path, help="a YAML file, such as notebooks/matrices/default.yaml")
    run.add_argument("--output", help=f"folder or URL of the results (default: {RUNS}/<name of the matrix>)")
    run.add_argument("--resume", action="store_true", help="keep valid results of an earlier call, run only the rest")
    run.add_argument("--on", choices=("here", "ray"), default="here", help="this machine, or a Ray cluster")
    run.add_argument("--address", help="of the Ray cluster (default: the one this machine belongs to)")
    run.set_defaults(command=_run)
    accepting = commands.add_parser("accept", help="make baselines from finished runs")
    accepting.add_argument("runs", nargs="+", help="folders or URLs of results")
    accepting.set_defaults(command=_accept)
    for command in (run, accepting):
        command.add_argument("--baselines", type=Path, default=FOLDER, help="their folder (default: %(default)s)")
    return parser


def _run(options: argparse.Namespace) -> int:
    matrix = read_matrix(options.matrix)
    jobs = [make_job(case, matrix) for case in matrix.cases]
    baselines = {group: read_baseline(group, options.baselines) for group in {job.case.group for job in jobs}}
    store = Store(options.output or f"{RUNS}/{options.matrix.stem.lstrip('.')}")  # never the folder above
    run = _runner(options)  # before anything is removed, as there may be no cluster
    with store.claimed():
        results = _resumed(jobs, store) if options.resume else {}
        _clear(store, set(results))
        open_jobs = [job for job in jobs if job.case.name not in results]
        with ProgressTable(len(open_jobs), console) as table:
            for result in run(open_jobs, store, table.tell):
                results[result["case"]["name"]] = result
                table.end(result["case"]["name"], result["outcome"], result["seconds"])
        judged = judge_all([results[job.case.name] for job in jobs], baselines)
        report = make_report(judged, store.names(PAGE))
        console.print(summarise(report))
        try:
            write_report(report, judged, store)
        except OSError as error:
            console.print(f"The report cannot be written: {error}")
            return 2
    console.print(f"Report: {store.url}/{HTML}")
    return exit_code(judged)


def _resumed(jobs: Sequence[Job], store: Store) -> dict[str, dict[str, Any]]:
    """Read the results of an earlier call that are still valid; print why others are not."""
    with ThreadPoolExecutor(REQUESTS) as threads:
        found = list(threads.map(lambda job: read_valid_result(job, store), jobs))
    results = {result["case"]["name"]: result for result, _ in found if result}
    reasons = Counter(reason for result, reason in found if not result)
    again = "".join(f"; {count} run again: {reason}" for reason, count in reasons.items())
    console.print(f"{len(results)} of {len(jobs)} cases have a valid result already{again}.")
    return results


def _clear(store: Store, kept: set[str]) -> None:
    """Remove the results and reports of earlier runs, so that none passes for a new one."""
    try:
        with ThreadPoolExecutor(REQUESTS) as threads:
            list(threads.map(store.remove, {*store.names(), *FILES} - kept))
    except OSError as error:
        raise RunError(f"the results of an earlier run cannot be removed from {store.url}: {error}") from error


def _runner(options: argparse.Namespace) -> Callable[..., Iterator[dict[str, Any]]]:
    if options.on == "here":
        return run_locally
    try:
        from regression import on_ray
    except ImportError as error:
        raise TutorialError(f"--on ray needs more packages: python tools/setup.py ray ({error})") from error
    on_ray.connect(options.address)
    return on_ray.run_on_ray


def _accept(options: argparse.Namespace) -> int:
    for group, (old, new) in accept(options.runs, options.baselines).items():
        known = {"new": new} | ({"old": old} if old else {})
        tables = {age: pd.DataFrame(baseline["metrics"]).T for age, baseline in known.items()}
        console.print(f"{group}.json: {'changed' if old else 'new'}")
        console.print(pd.concat(tables, axis="columns").to_string(float_format="{:.4g}".format))
    return 0


if __name__ == "__main__":
    sys.exit(main())
