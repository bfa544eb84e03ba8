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

from rich.console import Console

from helpers.errors import RunError, TutorialError
from regression.baselines import FOLDER, accept, read_baseline
from regression.board import Board
from regression.local import run_locally
from regression.matrix import read_matrix
from regression.record import Job, job, valid_result
from regression.report import FILES as REPORT_FILES
from regression.report import moved, new_groups, says, write_report
from regression.storage import Store
from regression.verdict import MOVED, Judged, exit_code, judge_all

RUNS = "runs/regression"
REQUESTS = 32  # at a time to a store, which may be far away
console = Console(soft_wrap=True, highlight=False, markup=False)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        0 if all metrics held, 1 if one got worse, 2 if a case did not run or could not be judged.
    """
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
    run.add_argument("--baselines", type=Path, default=FOLDER, help="folder of the baselines (default: %(default)s)")
    run.add_argument("--resume", action="store_true", help="keep valid results of an earlier call, run only the rest")
    run.add_argument("--on", choices=("here", "ray"), default="here", help="this machine, or a Ray cluster")
    run.add_argument("--address", help="of the Ray cluster (default: the one this machine belongs to)")
    run.set_defaults(command=_run)
    accepting = commands.add_parser("accept", help="make baselines from finished runs")
    accepting.add_argument("runs", nargs="+", help="folders or URLs of results")
    accepting.add_argument("--baselines", type=Path, default=FOLDER, help="their folder (default: %(default)s)")
    accepting.set_defaults(command=_accept)
    return parser


def _run(options: argparse.Namespace) -> int:
    matrix = read_matrix(options.matrix)
    jobs = [job(case, matrix) for case in matrix.cases]
    groups = {job.case.group for job in jobs}
    baselines = {group: read_baseline(group, options.baselines) for group in groups}
    store = Store(options.output or f"{RUNS}/{options.matrix.stem.lstrip('.')}")  # never the folder above
    run = _runner(options)  # before anything is removed, as there may be no cluster
    with store.claimed():
        results = _resumed(jobs, store) if options.resume else {}
        _clear(store, set(results))
        open_jobs = [job for job in jobs if job.case.name not in results]
        with Board(len(open_jobs), console) as board:
            for result in run(open_jobs, store, board.tell):
                results[result["case"]["name"]] = result
                board.end(result["case"]["name"], result["outcome"], result["seconds"])
        judged = judge_all([results[job.case.name] for job in jobs], baselines)
        _print_verdict(judged)
        try:
            write_report(judged, store)
        except OSError as error:
            console.print(f"The report cannot be written: {error}")
            return 2
    console.print(f"Report: {store.url}/report.html")
    return exit_code(judged)


def _resumed(jobs: Sequence[Job], store: Store) -> dict[str, dict[str, Any]]:
    """Read the results of an earlier call that are still valid; print why others are not."""
    with ThreadPoolExecutor(REQUESTS) as threads:
        found = list(threads.map(lambda job: valid_result(job, store), jobs))
    results = {job.case.name: result for job, (result, _) in zip(jobs, found, strict=True) if result}
    reasons = Counter(reason for result, reason in found if not result)
    again = "".join(f"; {count} run again: {reason}" for reason, count in reasons.items())
    console.print(f"{len(results)} of {len(jobs)} cases have a valid result already{again}.")
    return results


def _clear(store: Store, kept: set[str]) -> None:
    """Remove the results and reports of earlier runs, so that none passes for a new one."""
    try:
        with ThreadPoolExecutor(REQUESTS) as threads:
            list(threads.map(store.remove, set(store.names()) - kept))
            list(threads.map(store.remove_file, REPORT_FILES))
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


def _print_verdict(judged: Sequence[Judged]) -> None:
    for case in judged:
        if case.result["error"]:
            console.print(f"{case.verdict}: {case.result['case']['name']}: {case.result['error'].splitlines()[-1]}")
    for group in new_groups(judged):
        console.print(f"no baseline: {group}: look at the results, then make one with accept")
    for verdict in MOVED:
        for series, comparison in moved(judged, verdict):
            console.print(f"{verdict}: {series}: {says(comparison)}")
    held = sum(case.verdict == "held" for case in judged)
    console.print(f"{held} of {len(judged)} cases held.")


def _accept(options: argparse.Namespace) -> int:
    for group, (old, new) in accept(options.runs, options.baselines).items():
        console.print(f"{group}.json: {'changed' if old else 'new'}")
        for name, metric in new["metrics"].items():
            before = old["metrics"].get(name) if old else None
            was = f"  (was {before['mean']:.4g}, {before['runs']} runs)" if before else ""
            console.print(
                f"  {name:14} {metric['mean']:.4g}  spread {metric['spread']:.2g}, {metric['runs']} runs{was}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
