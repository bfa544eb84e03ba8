"""Whether a run has become worse than its baseline, by more than its baseline's runs differ among themselves."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from scipy.stats import t as student

from helpers.regression.baselines import COSTS, SCORES, measured, parameters_of_group

FALSE_ALARMS = 0.01  # how often a whole run in which nothing has changed may be called worse
FEWEST_RUNS = 3  # fewer say next to nothing about their spread
ROUNDING = 1e-9  # relative; what the order of an addition changes


class Comparison(NamedTuple):
    """A metric of a case beside its baseline.

    Attributes
    ----------
    metric : str
    value, mean : float
    tolerance : float
        How far beyond the mean a value may lie; infinite where the baseline has too few runs to tell.
    verdict : {"held", "worse", "better"}
    """

    metric: str
    value: float
    mean: float
    tolerance: float
    verdict: str


def tolerance(spread: float | None, runs: int, comparisons: int) -> float:
    r"""Tell how far one more run may lie from the mean of a baseline on one side, if nothing has changed.

    This is the one-sided prediction interval for one more draw from a normal distribution of unknown mean and variance,
    :math:`t_{1-\alpha,\,n-1}\, s \sqrt{1 + 1/n}` (Hahn and Meeker, Statistical Intervals, 1991, chapter 4). The chance
    of a false alarm is shared out among all comparisons (Bonferroni).

    Parameters
    ----------
    spread : float or None
        Sample standard deviation s of the baseline's runs.
    runs : int
        Their number n.
    comparisons : int
        How many metrics of how many cases are judged together.

    Returns
    -------
    float
        Infinite for fewer than two runs.
    """
    if spread is None or runs < 2:
        return math.inf
    return float(student.ppf(1 - FALSE_ALARMS / comparisons, runs - 1)) * spread * math.sqrt(1 + 1 / runs)


def judge(result: dict[str, Any], baseline: dict[str, Any], comparisons: int) -> list[Comparison]:
    """Compare a case that passed with its baseline.

    Parameters
    ----------
    result, baseline : dict
        As `run_case` and `make_baseline` give them.
    comparisons : int
        As for `tolerance`.

    Returns
    -------
    list of Comparison
        One for each metric, scores first. Of scores more is better; of time and memory, less.
    """
    values = measured(result)
    found = []
    for metric in (*SCORES, *COSTS):
        known = baseline["metrics"][metric]
        allowed = tolerance(known["spread"], known["runs"], comparisons)
        gain = values[metric] - known["mean"] if metric in SCORES else known["mean"] - values[metric]
        held = abs(gain) <= allowed + ROUNDING * abs(known["mean"])  # which NaN never is
        verdict = "held" if held else "better" if gain > 0 else "worse"
        found.append(Comparison(metric, values[metric], known["mean"], allowed, verdict))
    return found


class Judged(NamedTuple):
    """A case with its verdict.

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


def judge_all(results: Iterable[dict[str, Any]], baselines: dict[str, dict[str, Any] | None]) -> list[Judged]:
    """Judge all cases of a run together; ``baselines`` has that of each group, or None.

    A baseline of too few runs to tell, or of other parameters, as where a profile has changed since, is none.
    """
    pairs = [(result, _fitting(baselines[result["case"]["group"]], result)) for result in results]
    count = sum(baseline is not None for _, baseline in pairs) * len((*SCORES, *COSTS))
    judged = []
    for result, baseline in pairs:
        comparisons = judge(result, baseline, count) if baseline else []
        judged.append(Judged(result, baseline, comparisons, _verdict(result, comparisons)))
    return judged


def _fitting(baseline: dict[str, Any] | None, result: dict[str, Any]) -> dict[str, Any] | None:
    if baseline is None or result["outcome"] != "passed":
        return None
    same = baseline["parameters"] == parameters_of_group(result)
    enough = all(metric["runs"] >= FEWEST_RUNS for metric in baseline["metrics"].values())
    return baseline if same and enough else None


def _verdict(result: dict[str, Any], comparisons: list[Comparison]) -> str:
    if result["outcome"] != "passed":
        return result["outcome"]
    if not comparisons:
        return "no baseline"
    verdicts = {comparison.verdict for comparison in comparisons}
    return next(verdict for verdict in ("worse", "better", "held") if verdict in verdicts)


def exit_code(judged: Iterable[Judged]) -> int:
    """Give 0 if all held, 1 if something got worse, 2 if something did not run or could not be judged."""
    verdicts = {case.verdict for case in judged}
    if verdicts - {"held", "better", "worse"}:
        return 2
    return 1 if "worse" in verdicts else 0
