"""Whether a run has become worse than its baseline, by more than its baseline's runs differ among themselves."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from scipy.stats import t as student

from regression.baselines import COSTS, SCORES, measured, parameters_of_group

FALSE_ALARMS = 0.01  # how often a whole run in which nothing has changed may be called worse
ROUNDING = 1e-9  # relative; what the order of an addition changes
MOVED = ("worse", "better")
JUDGED = ("held", *MOVED)


class Comparison(NamedTuple):
    """A metric of a series of cases, which differ in nothing but the seed, beside its baseline.

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
    r"""Tell how far the mean of new runs may lie from the mean of a baseline on one side, if nothing has changed.

    This is the one-sided prediction interval for the mean of m more draws from a normal distribution of which mean and
    variance are unknown, :math:`t_{1-\alpha,\,n-1}\, s \sqrt{1/m + 1/n}` (Hahn and Meeker, Statistical Intervals,
    1991, chapter 4). The chance of a false alarm is shared out among all comparisons (Bonferroni).

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
        As `run_case` gives them, of cases that differ in nothing but the seed.
    baseline : dict
        As `make_baseline` gives it.
    comparisons : int
        As for `tolerance`.

    Returns
    -------
    list of Comparison
        One for each metric, scores first. Of scores more is better; of time and memory, less.
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
    """A case with its verdict, which is that of its series if it passed.

    Attributes
    ----------
    result : dict
    baseline : dict or None
    comparisons : list of Comparison
        Empty where the case did not pass, or there is no baseline.
    verdict : str
        "held", "better" or "worse"; "no baseline"; or how a case ended that did not pass.
    """

    result: dict[str, Any]
    baseline: dict[str, Any] | None
    comparisons: list[Comparison]
    verdict: str


def judge_all(results: Sequence[dict[str, Any]], baselines: dict[str, dict[str, Any] | None]) -> list[Judged]:
    """Judge all cases of a run, each by the mean of its series; ``baselines`` has that of each group, or None.

    A baseline of other parameters, as where a profile has changed since, is none.
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
    """Give 0 if all held, 1 if something got worse, 2 if something did not run or could not be judged."""
    verdicts = {case.verdict for case in judged}
    if verdicts - set(JUDGED):
        return 2
    return 1 if "worse" in verdicts else 0
