"""Judge runs against their baselines."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from scipy.stats import t as student

from helpers.metrics import SCORES
from regression.baselines import measured, parameters_of_group
from regression.schema import COSTS

FALSE_ALARMS = 0.01  # the share of unchanged runs that may be called worse
ROUNDING = 1e-9  # relative; what the order of an addition changes
MOVED = ("worse", "better")
JUDGED = ("held", *MOVED)


class Comparison(NamedTuple):
    """A metric of a series (cases that differ only in the seed) beside its baseline.

    Attributes
    ----------
    metric : str
    value : float
        Mean of the series.
    mean : float
        Mean of the baseline.
    tolerance : float
        How far the one may lie from the other.
    verdict : {"held", "worse", "better"}
    """

    metric: str
    value: float
    mean: float
    tolerance: float
    verdict: str


def tolerance(spread: float, runs: int, new_runs: int, comparisons: int) -> float:
    r"""Return how far the mean of new runs may fall short of the baseline's if nothing has changed.

    This is the one-sided prediction interval for the mean of m more draws from a normal distribution with unknown mean
    and variance, :math:`t_{1-\alpha,\,n-1}\, s \sqrt{1/m + 1/n}` (Hahn and Meeker, Statistical Intervals, 1991,
    chapter 4). All comparisons share the chance of a false alarm (Bonferroni correction).

    Parameters
    ----------
    spread : float
        Sample standard deviation s of the baseline's runs.
    runs : int
        Their number n.
    new_runs : int
        The number m of new runs.
    comparisons : int
        How many metrics of how many series are judged together.
    """
    return float(student.ppf(1 - FALSE_ALARMS / comparisons, runs - 1)) * spread * math.sqrt(1 / new_runs + 1 / runs)


def judge(results: Sequence[dict[str, Any]], baseline: dict[str, Any], comparisons: int) -> list[Comparison]:
    """Compare a series of cases that passed with its baseline.

    Parameters
    ----------
    results : sequence of dict
        As `run_case` returns them, of cases that differ only in the seed.
    baseline : dict
        As `make_baseline` returns it.
    comparisons : int
        As for `tolerance`.

    Returns
    -------
    list of Comparison
        One for each metric, scores first. Higher scores are better, and less time and memory.
    """
    values = [measured(result) for result in results]
    found = []
    for metric in (*SCORES, *COSTS):
        known, value = baseline["metrics"][metric], fmean(each[metric] for each in values)
        allowed = tolerance(known["spread"], known["runs"], len(results), comparisons)
        gain = value - known["mean"] if metric in SCORES else known["mean"] - value
        held = abs(gain) <= allowed + ROUNDING * abs(known["mean"])  # which NaN never is
        verdict = "held" if held else "better" if gain > 0 else "worse"
        found.append(Comparison(metric, value, known["mean"], allowed, verdict))
    return found


class Judged(NamedTuple):
    """A case with its verdict, which is its series' if it passed.

    Attributes
    ----------
    result : dict
    baseline : dict or None
    comparisons : list of Comparison
        Empty if the case did not pass or has no baseline.
    verdict : str
        "held", "better", "worse" or "no baseline"; or the outcome of a case that did not pass.
    """

    result: dict[str, Any]
    baseline: dict[str, Any] | None
    comparisons: list[Comparison]
    verdict: str


def judge_all(results: Sequence[dict[str, Any]], baselines: dict[str, dict[str, Any] | None]) -> list[Judged]:
    """Judge all cases of a run, each by the mean of its series.

    ``baselines`` maps each group to its baseline, or to None. A baseline made with other parameters, as before a change
    of the profile, counts as none.
    """
    series = defaultdict(list)
    for result in results:
        if _fitting(baselines, result):
            series[result["case"]["series"]].append(result)
    count = len(series) * len((*SCORES, *COSTS))
    compared = {name: judge(cases, _fitting(baselines, cases[0]), count) for name, cases in series.items()}
    judged = []
    for result in results:
        baseline = _fitting(baselines, result)
        comparisons = compared[result["case"]["series"]] if baseline else []
        judged.append(Judged(result, baseline, comparisons, _verdict(result, comparisons)))
    return judged


def _fitting(baselines: dict[str, dict[str, Any] | None], result: dict[str, Any]) -> dict[str, Any] | None:
    baseline = baselines[result["case"]["group"]]
    if baseline is None or result["outcome"] != "passed":
        return None
    return baseline if baseline["parameters"] == parameters_of_group(result) else None


def _verdict(result: dict[str, Any], comparisons: list[Comparison]) -> str:
    if result["outcome"] != "passed":
        return result["outcome"]
    if not comparisons:
        return "no baseline"
    verdicts = {comparison.verdict for comparison in comparisons}
    return next((verdict for verdict in MOVED if verdict in verdicts), "held")


def exit_code(judged: Iterable[Judged]) -> int:
    """Return 0 if all metrics held, 1 if one got worse, 2 if a case did not run or could not be judged."""
    verdicts = {case.verdict for case in judged}
    if verdicts - set(JUDGED):
        return 2
    return 1 if "worse" in verdicts else 0
