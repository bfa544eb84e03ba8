"""Judge runs against their baselines."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import pandas as pd
from scipy.stats import t as student

from helpers.metrics import SCORES
from regression.baselines import measured, parameters_of_group
from regression.schema import COSTS

FALSE_ALARMS = 0.01  # the share of unchanged runs that may be called worse
ROUNDING = 1e-9  # relative; what the order of an addition changes
MOVED = ("worse", "better")
JUDGED = ("held", *MOVED)


class Comparison(NamedTuple):
    """A metric of a series (cases that differ only in the seed): its mean, the baseline's, and how far it may lie."""

    metric: str
    value: float
    mean: float
    tolerance: float
    verdict: str  # of `JUDGED`

    def __str__(self) -> str:
        if self.metric in SCORES:
            return f"{self.metric} {self.value:.3f}, baseline {self.mean:.3f} ± {self.tolerance:.3f}"
        return f"{self.metric} {self.value / self.mean:.0%} of the baseline, ± {self.tolerance / self.mean:.0%}"


class Judged(NamedTuple):
    """A case with its verdict, which is its series' if it passed, or else "no baseline" or the case's outcome."""

    result: dict[str, Any]
    baseline: dict[str, Any] | None
    comparisons: list[Comparison]  # none if the case did not pass or has no baseline
    verdict: str


def tolerance(spread: float, runs: int, new_runs: int, comparisons: int) -> float:
    r"""Return how far the mean of `new_runs` m may fall short of that of n `runs` if nothing has changed.

    This is the one-sided prediction interval for the mean of m more draws from a normal distribution with unknown mean
    and variance, :math:`t_{1-\alpha,\,n-1}\, s \sqrt{1/m + 1/n}` (Hahn and Meeker, Statistical Intervals, 1991,
    chapter 4), where `spread` is the sample standard deviation s. All `comparisons` that are judged together share the
    chance of a false alarm (Bonferroni correction).
    """
    return float(student.ppf(1 - FALSE_ALARMS / comparisons, runs - 1)) * spread * math.sqrt(1 / new_runs + 1 / runs)


def judge(results: Sequence[dict[str, Any]], baseline: dict[str, Any], comparisons: int) -> list[Comparison]:
    """Compare a series of cases that passed with its baseline: scores, then times and memory, where less is better.

    `comparisons` is as for `tolerance`.
    """
    means = pd.DataFrame([measured(result) for result in results]).mean(skipna=False)
    found = []
    for metric, value in means.items():
        known = baseline["metrics"][metric]
        allowed = tolerance(known["spread"], known["runs"], len(results), comparisons)
        gain = value - known["mean"] if metric in SCORES else known["mean"] - value
        held = abs(gain) <= allowed + ROUNDING * abs(known["mean"])  # which NaN never is
        verdict = "held" if held else "better" if gain > 0 else "worse"
        found.append(Comparison(metric, value, known["mean"], allowed, verdict))
    return found


def judge_all(results: Sequence[dict[str, Any]], baselines: dict[str, dict[str, Any] | None]) -> list[Judged]:
    """Judge all cases of a run, each by the mean of its series.

    ``baselines`` maps each group to its baseline, or to None. A baseline made with other parameters, as before a change
    of the profile, counts as none.
    """
    series, fitting = defaultdict(list), []
    for result in results:
        baseline = baselines[result["case"]["group"]]
        fits = result["outcome"] == "passed" and baseline and baseline["parameters"] == parameters_of_group(result)
        fitting.append(baseline if fits else None)
        if fits:
            series[result["case"]["series"]].append(result)
    count = len(series) * len((*SCORES, *COSTS))
    compared = {name: judge(cases, baselines[cases[0]["case"]["group"]], count) for name, cases in series.items()}
    judged = []
    for result, baseline in zip(results, fitting, strict=True):
        comparisons = compared[result["case"]["series"]] if baseline else []
        verdicts = [comparison.verdict for comparison in comparisons] or ["no baseline"]
        if result["outcome"] != "passed":
            verdicts = [result["outcome"]]
        verdict = next((verdict for verdict in MOVED if verdict in verdicts), verdicts[0])
        judged.append(Judged(result, baseline, comparisons, verdict))
    return judged


def exit_code(judged: Iterable[Judged]) -> int:
    """Return 0 if all metrics held, 1 if one got worse, 2 if a case did not run or could not be judged."""
    verdicts = {case.verdict for case in judged}
    if verdicts - set(JUDGED):
        return 2
    return 1 if "worse" in verdicts else 0


def compare_editions(passed: Sequence[dict[str, Any]]) -> list[str]:
    """Say how far apart the mean F1 of editions is that were run alike, with several seeds.

    The standard error is the root of the sum of both sample variances, each over its number of seeds.
    """
    rows, lines = defaultdict(list), []
    for result in passed:
        edition, seed = result["case"]["edition"], result["results"]["parameters"]["seed"]
        setting = result["case"]["group"].removeprefix(f"{edition}-")
        rows[setting].append((edition, seed, result["results"]["test"]["f1"]))
    for setting, scores in rows.items():
        table = pd.DataFrame(scores, columns=["edition", "seed", "f1"])
        by_seed = table.pivot_table("f1", "seed", "edition", sort=False)  # the mean of both languages
        for first, second in combinations(by_seed, 2):
            difference = by_seed[second].mean() - by_seed[first].mean()
            error = math.sqrt((by_seed.var() / by_seed.count())[[first, second]].sum(skipna=False))
            if not math.isnan(error):  # as with one seed
                said = f"mean F1 {difference:+.4f}, standard error {error:.4f}"
                lines.append(f"{setting}, {second} less {first}: {said}")
    return lines
