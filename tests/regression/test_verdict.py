"""Baselines, the tolerance, and what a run is called."""

import math
import statistics

import numpy as np
import pytest
import scipy.stats
from support.regression_results import changed, make_result

from regression.baselines import FOLDER, accept, make_baseline, read_baseline
from regression.errors import BaselineError
from regression.storage import Store
from regression.verdict import FALSE_ALARMS, compare_editions, exit_code, judge, judge_all, tolerance

GROUP = "pytorch-sample"


def test_a_baseline_is_mean_spread_and_number_of_runs():
    made = make_baseline([make_result(1, 0.4, 10), make_result(2, 0.5, 14), make_result(3, 0.3, 12, types=())])
    assert made["metrics"]["f1"] == pytest.approx({"mean": 0.4, "spread": 0.1, "runs": 3})
    # Time and memory are multiples of the calibration's.
    assert made["metrics"]["training time"] == pytest.approx({"mean": 24, "spread": 4, "runs": 3})
    assert (made["metrics"]["total time"]["mean"], made["metrics"]["memory"]["mean"]) == (48, 3)
    assert made["per_type_f1"]["person"]["mean"] == pytest.approx(0.3)  # a run that has nothing of a type counts as 0
    assert made["parameters"] == {"epochs": 2}
    # Runs of one seed count once for scores, and each for time.
    made = make_baseline([make_result(1, 0.4), make_result(1, 0.4, 12, language="ko"), make_result(2, 0.5, 14)])
    assert made["metrics"]["f1"] == pytest.approx({"mean": 0.45, "spread": statistics.stdev([0.4, 0.5]), "runs": 2})
    assert made["metrics"]["training time"]["runs"] == 3


def store_with(folder, *results):
    for each in results:
        Store(str(folder)).write_result(each["case"]["name"], each)
    return str(folder)


THREE = [make_result(seed, 0.4 + seed / 100) for seed in (1, 2, 3)]


def test_accept_takes_what_passed_in_all_runs_and_replaces_what_was(tmp_path):
    first = store_with(tmp_path / "a", *THREE, make_result(4, 0.9, outcome="raised"))
    second = store_with(tmp_path / "b", make_result(4, 0.5))
    baselines = tmp_path / "baselines"
    baselines.mkdir()
    (baselines / f"{GROUP}.json").write_text("{")  # which cannot be read, and is made again
    ((old, new),) = accept([first, f"{first}/"], baselines).values()  # the same one twice is one
    assert (old, new["metrics"]["f1"]) == (None, pytest.approx({"mean": 0.42, "spread": 0.01, "runs": 3}))
    ((old, new),) = accept([first, second], baselines).values()
    assert (old["metrics"]["f1"]["mean"], new["metrics"]["f1"]["mean"]) == (pytest.approx(0.42), pytest.approx(0.44))
    assert read_baseline(GROUP, baselines) == new
    assert [path.name for path in baselines.iterdir()] == [f"{GROUP}.json"]


TOO_FEW, DIFFERENT = f"{GROUP} has passed with 2 of the 3 seeds", f"{GROUP} has cases that were run with different "


@pytest.mark.parametrize(
    ("results", "message"),
    [
        (THREE[:2], TOO_FEW),
        ([*THREE[:2], make_result(2, language="ko")], TOO_FEW),
        ([*THREE[:2], make_result(3, outcome="died")], TOO_FEW),
        ([*THREE[:2], make_result(3, helpers="b")], f"{DIFFERENT}helpers"),
        ([*THREE[:2], make_result(3, versions={})], f"{DIFFERENT}versions"),
        ([*THREE[:2], make_result(3, parameters={})], f"{DIFFERENT}parameters"),
        ([make_result(outcome="died")], "no case has passed in"),
    ],
)
def test_what_makes_no_baseline_is_refused_and_changes_nothing(tmp_path, results, message):
    accept([store_with(tmp_path / "a", *THREE)], tmp_path / "baselines")
    with pytest.raises(BaselineError, match=message):
        accept([store_with(tmp_path / "b", *results)], tmp_path / "baselines")
    assert read_baseline(GROUP, tmp_path / "baselines")["metrics"]["f1"]["mean"] == pytest.approx(0.42)


def test_the_baselines_of_the_project_can_be_read_and_others_may_be_missing(request, monkeypatch):
    monkeypatch.chdir(request.config.rootpath)
    assert [read_baseline(path.stem)["group"] for path in FOLDER.iterdir()] == [path.stem for path in FOLDER.iterdir()]
    assert read_baseline("none") is None


def test_tolerance_of_a_textbook_example():
    # t with 4 degrees of freedom exceeds 2.776 with probability 0.025, as printed in every table of it.
    comparisons = FALSE_ALARMS / 0.025
    assert tolerance(1.0, 5, 1, comparisons) == pytest.approx(2.776 * math.sqrt(1.2), abs=2e-3)
    assert tolerance(1.0, 5, 4, comparisons) == pytest.approx(2.776 * math.sqrt(0.45), abs=2e-3)
    assert tolerance(0.1, 6, 2, 1) < tolerance(0.1, 6, 1, 1) < tolerance(0.1, 6, 1, 10) < tolerance(0.1, 3, 1, 10)


@pytest.mark.parametrize(("runs", "new_runs"), [(3, 1), (8, 1), (8, 2), (4, 8)])
def test_runs_in_which_nothing_changed_fall_short_as_rarely_as_promised(runs, new_runs):
    chance, trials = 0.05, 20_000
    draws = np.random.default_rng(0).normal(0.4, 0.02, (trials, runs + new_runs))
    known, new = draws[:, :runs], draws[:, runs:]
    allowed = tolerance(1.0, runs, new_runs, FALSE_ALARMS / chance) * known.std(axis=1, ddof=1)
    fallen = (new.mean(axis=1) < known.mean(axis=1) - allowed).sum()
    assert scipy.stats.binomtest(int(fallen), trials, chance).pvalue > 0.001


def baseline(spread=0.02):
    means = {"precision": 0.5, "recall": 0.5, "f1": 0.5, "accuracy": 0.9}
    means |= {"training time": 20.0, "total time": 40.0, "memory": 3.0}
    known = {name: {"mean": mean, "spread": spread * mean, "runs": 6} for name, mean in means.items()}
    return {"metrics": known, "parameters": {"epochs": 2}}


SLOW_MACHINE = changed(make_result(training=40.0), ("calibration", "seconds"), 2.0)
MUCH_MEMORY = changed(make_result(), ("results", "peak_memory_bytes"), 450)


@pytest.mark.parametrize(
    ("result", "spread", "expected"),
    [
        (make_result(), 0.02, {}),
        (make_result(f1=0.48), 0.02, {}),
        (make_result(f1=0.3), 0.02, {"f1": "worse"}),
        (make_result(f1=0.7), 0.02, {"f1": "better"}),
        (make_result(f1=math.nan), 0.02, {"f1": "worse"}),
        (make_result(training=20.0), 0.02, {"training time": "worse", "total time": "worse"}),
        (make_result(training=5.0), 0.02, {"training time": "better", "total time": "better"}),
        (MUCH_MEMORY, 0.02, {"memory": "worse"}),
        (SLOW_MACHINE, 0.02, {}),
        (make_result(f1=0.49), 0.0, {"f1": "worse"}),
        (make_result(f1=0.5 - 1e-12), 0.0, {}),  # rounding is no fall
    ],
)
def test_what_lies_beyond_the_tolerance_is_worse_or_better(result, spread, expected):
    comparisons = judge([result], baseline(spread), 7)
    assert {found.metric: found.verdict for found in comparisons if found.verdict != "held"} == expected


def test_cases_that_differ_in_the_seed_alone_are_judged_by_their_mean():
    # Alone, 0.43 is worse, and so is the mean of 0.43 and 0.43; that of 0.43 and 0.57 is not.
    english = [make_result(1, 0.43), make_result(2, 0.57)]
    korean = [make_result(seed, 0.43, language="ko") for seed in (1, 2)]
    assert [case.verdict for case in judge_all(english[:1], {GROUP: baseline()})] == ["worse"]
    judged = judge_all(english + korean, {GROUP: baseline()})
    assert [case.verdict for case in judged] == ["held", "held", "worse", "worse"]
    (f1,) = [found for found in judged[0].comparisons if found.metric == "f1"]
    assert (f1.value, f1.tolerance) == (0.5, tolerance(0.01, 6, 2, 2 * 7))


@pytest.mark.parametrize(
    ("results", "known", "verdicts", "code"),
    [
        ([make_result()], baseline(), ["held"], 0),
        ([make_result(), make_result(f1=0.9, language="ko")], baseline(), ["held", "better"], 0),
        ([make_result(), make_result(f1=0.1, language="ko")], baseline(), ["held", "worse"], 1),
        ([make_result(f1=0.1, training=1.0)], baseline(), ["worse"], 1),
        ([make_result(f1=0.1), make_result(outcome="timed out", language="ko")], baseline(), ["worse", "timed out"], 2),
        ([make_result(1), make_result(2, 0.0, outcome="died")], baseline(), ["held", "died"], 2),
        ([make_result()], baseline() | {"parameters": {"epochs": 4}}, ["no baseline"], 2),
        ([make_result()], None, ["no baseline"], 2),
    ],
)
def test_verdicts_and_exit_codes(results, known, verdicts, code):
    judged = judge_all(results, {GROUP: known})
    assert ([case.verdict for case in judged], exit_code(judged)) == (verdicts, code)


def test_editions_that_ran_alike_are_set_side_by_side():
    pytorch = [make_result(seed, f1) for seed, f1 in ((42, 0.40), (43, 0.42), (44, 0.41))]
    keras = [make_result(seed, f1, edition="keras") for seed, f1 in ((42, 0.39), (43, 0.44), (44, 0.43))]
    other = [make_result(seed, 0.9, edition="keras", chosen={"epochs": 9}) for seed in (42, 43)]
    # Squared distances from the means: 0.0002 and 0.0014, each over 3 - 1 for the variance, and over 3 for the mean's.
    error = math.sqrt(0.0001 / 3 + 0.0007 / 3)
    expected = [f"sample, keras less pytorch: mean F1 +0.0100, standard error {error:.4f}"]
    assert compare_editions([*pytorch, *keras, *other]) == expected
    assert compare_editions([pytorch[0], keras[0]]) == []
