"""The tolerance, and what a run is called."""

import math
from statistics import fmean, stdev

import numpy as np
import pytest
import scipy.stats

from regression.verdict import FALSE_ALARMS, exit_code, judge, judge_all, tolerance

GROUP = "pytorch-sample"


def result(f1=0.5, training=10.0, memory=2e9, speed=1.0, outcome="passed", seed=1, language="en"):
    """A result as a machine of some speed would give it."""
    test = {"precision": 0.5, "recall": 0.5, "f1": f1, "accuracy": 0.9, "per_type": {"person": {"f1": f1}}}
    seconds = {"training": training / speed, "total": 2 * training / speed}
    return {
        "case": {"name": f"a case {seed}", "series": f"pytorch-{language}-sample", "group": GROUP},
        "fingerprint": {"parameters": {"seed": seed, "epochs": 3}},
        "outcome": outcome,
        "error": None if outcome == "passed" else "an error",
        "seconds": 20.0,
        "calibration": {"seconds": 0.1 / speed, "memory_bytes": 1e8},
        "results": {"test": test, "seconds": seconds, "peak_memory_bytes": memory, "parameters": {"seed": seed}},
    }


def baseline(**changes):
    means = {"precision": 0.5, "recall": 0.5, "f1": 0.5, "accuracy": 0.9}
    means |= {"training time": 100.0, "total time": 200.0, "memory": 20.0}
    known = {name: {"mean": mean, "spread": 0.02 * mean, "runs": 6} | changes for name, mean in means.items()}
    return {"metrics": known, "parameters": {"epochs": 3}}


def test_tolerance_of_a_textbook_example():
    # t with 4 degrees of freedom exceeds 2.776 with probability 0.025, as printed in every table of it.
    comparisons = FALSE_ALARMS / 0.025
    assert tolerance(1.0, 5, 1, comparisons) == pytest.approx(2.776 * math.sqrt(1.2), abs=2e-3)
    assert tolerance(1.0, 5, 4, comparisons) == pytest.approx(2.776 * math.sqrt(0.45), abs=2e-3)


@pytest.mark.parametrize(("runs", "new_runs"), [(3, 1), (8, 1), (8, 2), (4, 8)])
def test_runs_in_which_nothing_changed_fall_short_as_rarely_as_promised(runs, new_runs):
    chance, trials = 0.05, 20_000
    draws = np.random.default_rng(0).normal(0.4, 0.02, (trials, runs + new_runs)).tolist()
    fallen = sum(
        fmean(drawn[runs:])
        < fmean(drawn[:runs]) - tolerance(stdev(drawn[:runs]), runs, new_runs, FALSE_ALARMS / chance)
        for drawn in draws
    )
    assert scipy.stats.binomtest(fallen, trials, chance).pvalue > 0.001


def test_more_comparisons_and_fewer_runs_need_more_room():
    assert tolerance(0.1, 6, 2, 1) < tolerance(0.1, 6, 1, 1) < tolerance(0.1, 6, 1, 10) < tolerance(0.1, 3, 1, 10)


def verdicts(comparisons):
    return {c.metric: c.verdict for c in comparisons if c.verdict != "held"}


def test_what_lies_within_the_tolerance_held():
    assert verdicts(judge([result()], baseline(), 7)) == {}
    (f1,) = [c for c in judge([result(f1=0.48)], baseline(), 7) if c.metric == "f1"]
    assert (f1.value, f1.mean, f1.verdict) == (0.48, 0.5, "held")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"f1": 0.3}, {"f1": "worse"}),
        ({"f1": 0.7}, {"f1": "better"}),
        ({"training": 20.0}, {"training time": "worse", "total time": "worse"}),
        ({"training": 5.0}, {"training time": "better", "total time": "better"}),
        ({"memory": 3e9}, {"memory": "worse"}),
    ],
)
def test_what_lies_beyond_is_worse_or_better(changes, expected):
    assert verdicts(judge([result(**changes)], baseline(), 7)) == expected


def test_a_slower_machine_is_not_a_worse_notebook():
    assert verdicts(judge([result(speed=0.25)], baseline(), 7)) == {}


def test_without_any_spread_nothing_may_fall_and_rounding_is_no_fall():
    assert verdicts(judge([result(f1=0.49)], baseline(spread=0.0), 7)) == {"f1": "worse"}
    assert verdicts(judge([result(f1=0.5 - 1e-12)], baseline(spread=0.0), 7)) == {}


def test_what_is_no_number_is_worse():
    assert verdicts(judge([result(f1=math.nan)], baseline(), 7)) == {"f1": "worse"}


def test_cases_that_differ_in_the_seed_alone_are_judged_by_their_mean():
    # Alone, 0.43 is worse, and so is the mean of 0.43 and 0.43; that of 0.43 and 0.57 is not.
    english = [result(f1=0.43, seed=1), result(f1=0.57, seed=2)]
    korean = [result(f1=0.43, seed=seed, language="ko") for seed in (1, 2)]
    assert [case.verdict for case in judge_all(english[:1], {GROUP: baseline()})] == ["worse"]
    judged = judge_all(english + korean, {GROUP: baseline()})
    assert [case.verdict for case in judged] == ["held", "held", "worse", "worse"]
    (f1,) = [c for c in judged[0].comparisons if c.metric == "f1"]
    assert (f1.value, f1.tolerance) == (0.5, tolerance(0.01, 6, 2, 2 * 7))


def test_a_case_that_did_not_pass_is_left_out_of_its_series():
    judged = judge_all([result(seed=1), result(f1=0.0, outcome="died", seed=2)], {GROUP: baseline()})
    assert [case.verdict for case in judged] == ["held", "died"]


def test_runs_with_other_parameters_are_no_baseline():
    judged = judge_all([result()], {GROUP: baseline() | {"parameters": {"epochs": 4}}})
    assert [case.verdict for case in judged] == ["no baseline"]


@pytest.mark.parametrize(
    ("results", "verdict", "code"),
    [
        ([result()], {"held"}, 0),
        ([result(), result(f1=0.9, language="ko")], {"held", "better"}, 0),
        ([result(), result(f1=0.1, language="ko")], {"held", "worse"}, 1),
        ([result(f1=0.1, training=1.0)], {"worse"}, 1),
        ([result(f1=0.1), result(outcome="timed out", language="ko")], {"worse", "timed out"}, 2),
    ],
)
def test_exit_codes(results, verdict, code):
    judged = judge_all(results, {GROUP: baseline()})
    assert ({case.verdict for case in judged}, exit_code(judged)) == (verdict, code)


def test_without_a_baseline_nothing_is_called_held():
    judged = judge_all([result()], {GROUP: None})
    assert ([case.verdict for case in judged], exit_code(judged)) == (["no baseline"], 2)
