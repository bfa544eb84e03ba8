"""Make, keep and read baselines."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from helpers.errors import ResultsError
from helpers.metrics import SCORES
from regression.errors import BaselineError
from regression.schema import BASELINE_VERSION, COSTS, check_baseline, check_result, parse_json
from regression.storage import Store, read_file

FEWEST_RUNS = 3  # seeds; fewer say next to nothing about their spread
FOLDER = Path("tests", "baselines")


def measured(result: dict[str, Any]) -> dict[str, float]:
    """Return the judged metrics of a case that passed.

    Returns
    -------
    dict of str to float
        The scores on the test split; ``training time``, ``total time`` and ``memory`` as multiples of the calibration's
        time and memory, so that a faster machine does not pass for a better notebook.
    """
    results, unit = result["results"], result["calibration"]
    return {name: results["test"][name] for name in SCORES} | {
        "training time": results["seconds"]["training"] / unit["seconds"],
        "total time": results["seconds"]["total"] / unit["seconds"],
        "memory": results["peak_memory_bytes"] / unit["memory_bytes"],
    }


def type_scores(result: dict[str, Any]) -> dict[str, float]:
    """Return the test F1 of each entity type of a case that passed."""
    return {name: scores["f1"] for name, scores in result["results"]["test"]["per_type"].items()}


def parameters_of_group(result: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that a result shares with its group: all but the seed."""
    return {name: value for name, value in result["fingerprint"]["parameters"].items() if name != "seed"}


def make_baseline(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Make the baseline of a group of cases.

    Parameters
    ----------
    results : sequence of dict
        Of cases that passed and differ only in seed and language, with two seeds or more.

    Returns
    -------
    dict
        ``metrics`` has ``mean``, ``spread`` (the sample standard deviation) and ``runs`` of each metric. Runs with the
        same seed repeat their scores, so they count as one there, but not for time and memory.
    """
    last = results[-1]
    by_seed = defaultdict(list)
    for result in results:
        by_seed[result["results"]["parameters"]["seed"]].append(result)
    scores = {name: [fmean(measured(run)[name] for run in runs) for runs in by_seed.values()] for name in SCORES}
    costs = {name: [measured(run)[name] for run in results] for name in COSTS}
    types = sorted({name for result in results for name in type_scores(result)})
    per_type = {
        name: [fmean(type_scores(run).get(name, 0.0) for run in runs) for runs in by_seed.values()] for name in types
    }
    histories = [[epoch["f1"] for epoch in result["results"]["history"]] for result in results]
    return {
        "schema_version": BASELINE_VERSION,
        "group": last["case"]["group"],
        "parameters": parameters_of_group(last),
        "versions": last["fingerprint"]["versions"],
        "machine": last["machine"],
        "metrics": {name: _summary(values) for name, values in (scores | costs).items()},
        "per_type_f1": {name: _summary(values) for name, values in per_type.items()},
        "validation_f1": [fmean(epoch) for epoch in zip(*histories, strict=True)],
    }


def _summary(values: Sequence[float]) -> dict[str, Any]:
    return {"mean": fmean(values), "spread": stdev(values), "runs": len(values)}


def read_baseline(group: str, folder: Path = FOLDER) -> dict[str, Any] | None:
    """Return the baseline of a group of cases, or None if it has none.

    Raises
    ------
    BaselineError
        If it cannot be read, or `check_baseline` refuses it.
    """
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

    Parameters
    ----------
    runs : iterable of str
        Folders or URLs of runs. A group's baseline is made from its cases in all of them.
    folder : Path

    Returns
    -------
    dict of str to (dict or None, dict)
        The old and the new baseline of each group.

    Raises
    ------
    BaselineError
        If a result is broken, no case passed, or a group has too few seeds, or cases that trained for different numbers
        of epochs or were run from different helpers, parameters or versions. No baseline is changed then.
    """
    groups = defaultdict(list)
    for run in dict.fromkeys(Store(run).url for run in runs):
        store = Store(run)
        for name in store.names():
            result = _finished(store, name)
            if result["outcome"] == "passed":
                groups[result["case"]["group"]].append(result)
    if not groups:
        raise BaselineError(f"no case has passed in {', '.join(runs)}, so there is nothing to accept")
    for group, results in groups.items():
        _check_group(group, results)
    changes = {}
    for group, results in sorted(groups.items()):
        changes[group] = (_old_baseline(group, folder), make_baseline(results))
    store = Store(str(folder))
    for group, (_, new) in changes.items():
        store.write(f"{group}.json", json.dumps(new, indent=2, ensure_ascii=False) + "\n")
    return changes


def _finished(store: Store, name: str) -> dict[str, Any]:
    try:
        result = store.read_result(name)
        check_result(result)
    except ResultsError as error:
        raise BaselineError(f"the result of {name} in {store.url} is broken: {error}; run it again") from error
    return result


def _check_group(group: str, results: Sequence[dict[str, Any]]) -> None:
    seeds = {result["results"]["parameters"]["seed"] for result in results}
    if len(seeds) < FEWEST_RUNS:
        raise BaselineError(
            f"{group} has passed with {len(seeds)} of the {FEWEST_RUNS} seeds that a baseline needs; run it with more"
        )
    runs = [result["fingerprint"] | {"parameters": parameters_of_group(result)} for result in results]
    for kind in ("helpers", "versions", "parameters"):
        if any(run[kind] != runs[0][kind] for run in runs):
            raise BaselineError(f"{group} has cases that were run with different {kind}; run them all again")
    if len({len(result["results"]["history"]) for result in results}) > 1:
        raise BaselineError(f"{group} has cases that trained for different numbers of epochs; run them all again")


def _old_baseline(group: str, folder: Path) -> dict[str, Any] | None:
    try:
        return read_baseline(group, folder)
    except BaselineError:  # which is why it is made again
        return None
