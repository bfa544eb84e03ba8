"""Make, keep and read baselines."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.errors import ResultsError
from helpers.metrics import SCORES
from regression.errors import BaselineError
from regression.schema import BASELINE_VERSION, COSTS, check_baseline, check_result, parse_json
from regression.storage import Store, read_file

FEWEST_RUNS = 3  # seeds; fewer say next to nothing about their spread
FOLDER = Path("tests", "baselines")


def measured(result: dict[str, Any]) -> dict[str, float]:
    """Return the judged metrics of a case that passed.

    They are the scores on the test split, and ``training time``, ``total time`` and ``memory`` as multiples of the
    calibration's time and memory, so that a faster machine does not pass for a better notebook.
    """
    results, unit = result["results"], result["calibration"]
    return {name: results["test"][name] for name in SCORES} | {
        "training time": results["seconds"]["training"] / unit["seconds"],
        "total time": results["seconds"]["total"] / unit["seconds"],
        "memory": results["peak_memory_bytes"] / unit["memory_bytes"],
    }


def type_scores(results: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return the test F1 of each entity type, by case (row) and type (column); 0 where a case has nothing of it."""
    types = (result["results"]["test"]["per_type"] for result in results)
    return pd.DataFrame([{name: scores["f1"] for name, scores in each.items()} for each in types]).fillna(0.0)


def parameters_of_group(result: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that a result shares with its group: all but the seed."""
    return {name: value for name, value in result["fingerprint"]["parameters"].items() if name != "seed"}


def make_baseline(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Make the baseline of a group: of cases that passed and differ only in seed and language, with two seeds or more.

    Each metric has ``mean``, ``spread`` (the sample standard deviation) and ``runs``. Runs with the same seed repeat
    their scores, so they count as one there, but not for time and memory.
    """
    last = results[-1]
    seeds = [result["results"]["parameters"]["seed"] for result in results]
    metrics = pd.DataFrame([measured(result) for result in results])
    return {
        "schema_version": BASELINE_VERSION,
        "group": last["case"]["group"],
        "parameters": parameters_of_group(last),
        "versions": last["fingerprint"]["versions"],
        "machine": last["machine"],
        "metrics": _summary(metrics[[*SCORES]].groupby(seeds).mean()) | _summary(metrics[[*COSTS]]),
        "per_type_f1": _summary(type_scores(results).groupby(seeds).mean().sort_index(axis="columns")),
    }


def _summary(values: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {
        name: {"mean": float(column.mean()), "spread": float(column.std()), "runs": len(column)}
        for name, column in values.items()
    }


def read_baseline(group: str, folder: Path = FOLDER) -> dict[str, Any] | None:
    """Return the baseline of a group of cases, or None if it has none; raises `BaselineError` if it is broken."""
    path = folder / f"{group}.json"
    try:
        baseline = parse_json(read_file(path))
        check_baseline(baseline)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ResultsError) as error:
        raise BaselineError(f"{path} is not a baseline: {error}; make it again with accept") from error
    return baseline


def accept(runs: Iterable[str], folder: Path = FOLDER) -> dict[str, tuple[dict[str, Any] | None, dict[str, Any]]]:
    """Make baselines from finished runs, and replace those of the same groups.

    `runs` are folders or URLs; a group's baseline is made from its cases in all of them. Returns the old and the new
    baseline of each group. Raises `BaselineError`, and changes nothing, if a result is broken, no case passed, or the
    cases of a group don't go together.
    """
    groups = defaultdict(list)
    for run in dict.fromkeys(Store(run).url for run in runs):
        store = Store(run)
        for name in store.names():
            try:
                result = store.read_result(name)
                check_result(result)
            except ResultsError as error:
                raise BaselineError(f"the result of {name} in {store.url} is broken: {error}; run it again") from error
            if result["outcome"] == "passed":
                groups[result["case"]["group"]].append(result)
    if not groups:
        raise BaselineError(f"no case has passed in {', '.join(runs)}, so there is nothing to accept")
    for group, results in groups.items():
        _check_group(group, results)
    changes = {group: (_old_baseline(group, folder), make_baseline(groups[group])) for group in sorted(groups)}
    for group, (_, new) in changes.items():
        Store(str(folder)).write(f"{group}.json", json.dumps(new, indent=2, ensure_ascii=False) + "\n")
    return changes


def _check_group(group: str, results: Sequence[dict[str, Any]]) -> None:
    seeds = {result["results"]["parameters"]["seed"] for result in results}
    if len(seeds) < FEWEST_RUNS:
        passed = f"{group} has passed with {len(seeds)} of the {FEWEST_RUNS} seeds that a baseline needs"
        raise BaselineError(f"{passed}; run it with more")
    runs = [result["fingerprint"] | {"parameters": parameters_of_group(result)} for result in results]
    for kind in ("helpers", "versions", "parameters"):
        if any(run[kind] != runs[0][kind] for run in runs):
            raise BaselineError(f"{group} has cases that were run with different {kind}; run them all again")


def _old_baseline(group: str, folder: Path) -> dict[str, Any] | None:
    try:
        return read_baseline(group, folder)
    except BaselineError:  # which is why it is made again
        return None
