"""Baselines: made from finished runs, read, and refused."""

import json
import statistics

import pytest

from regression.baselines import accept, make_baseline, measured, read_baseline
from regression.errors import BaselineError
from regression.storage import Store


def result(
    seed,
    f1,
    seconds=10.0,
    outcome="passed",
    types=("person",),
    language="en",
    helpers="a",
    epochs=2,
    torch="1",
    trained=2,
):
    test = {"precision": 0.5, "recall": 0.5, "f1": f1, "accuracy": 0.9}
    about = {"edition": "pytorch", "language": language, "profile": "sample", "chosen": {"seed": seed}}
    return {
        "schema_version": 2,
        "case": about
        | {
            "name": f"pytorch-{language}-sample-seed={seed}",
            "series": f"pytorch-{language}-sample",
            "group": "pytorch-sample",
        },
        "outcome": outcome,
        "seconds": 3 * seconds,
        "fingerprint": {
            "helpers": helpers,
            "parameters": {"seed": seed, "epochs": epochs},
            "versions": {"torch": torch},
        },
        "machine": {"system": "a system", "processor": "a processor", "cores": 2, "memory_bytes": 8e9},
        "calibration": {"seconds": 0.5, "memory_bytes": 100},
        "results": {
            "test": test | {"per_type": {name: {"f1": f1} for name in types}},
            "seconds": {"training": seconds, "total": 2 * seconds},
            "peak_memory_bytes": 300,
            "parameters": {"seed": seed},
            "history": [{"epoch": 1, "f1": f1 / 2}, {"epoch": 2, "f1": f1}][:trained],
        },
    }


def test_time_and_memory_are_multiples_of_the_calibration():
    values = measured(result(1, 0.4))
    assert (values["f1"], values["training time"], values["total time"], values["memory"]) == (0.4, 20, 40, 3)


def test_mean_spread_and_number_of_runs():
    made = make_baseline([result(1, 0.4, 10), result(2, 0.5, 14), result(3, 0.3, 12)])
    assert made["metrics"]["f1"] == pytest.approx({"mean": 0.4, "spread": 0.1, "runs": 3})
    assert made["metrics"]["training time"] == pytest.approx({"mean": 24, "spread": 4, "runs": 3})
    assert made["validation_f1"] == pytest.approx([0.2, 0.4])
    assert made["parameters"] == {"epochs": 2}


def test_runs_of_one_seed_count_once_for_scores_and_each_for_time():
    made = make_baseline([result(1, 0.4, 10), result(1, 0.4, 12, language="ko"), result(2, 0.5, 14)])
    assert made["metrics"]["f1"] == pytest.approx({"mean": 0.45, "spread": statistics.stdev([0.4, 0.5]), "runs": 2})
    assert made["metrics"]["training time"]["runs"] == 3


def test_a_type_that_a_run_has_nothing_of_counts_as_zero():
    made = make_baseline([result(1, 0.4, types=("person", "group")), result(2, 0.6)])
    assert made["per_type_f1"]["group"]["mean"] == pytest.approx(0.2)
    assert made["per_type_f1"]["person"]["mean"] == pytest.approx(0.5)


def store_with(folder, *results):
    store = Store(str(folder))
    for each in results:
        store.write_result(each["case"]["name"], each)
    return str(folder)


def three(f1=0.4):
    return [result(seed, f1 + seed / 100) for seed in (1, 2, 3)]


def test_accept_takes_what_passed_in_all_runs_and_replaces_what_was(tmp_path):
    first = store_with(tmp_path / "a", *three(), result(4, 0.9, outcome="raised"))
    second = store_with(tmp_path / "b", result(4, 0.5))
    baselines = tmp_path / "baselines"
    ((old, new),) = accept([first, f"{first}/"], baselines).values()  # the same one twice is one
    assert (old, new["metrics"]["f1"]) == (None, pytest.approx({"mean": 0.42, "spread": 0.01, "runs": 3}))
    ((old, new),) = accept([first, second], baselines).values()
    assert (old["metrics"]["f1"]["mean"], new["metrics"]["f1"]["mean"]) == (pytest.approx(0.42), pytest.approx(0.44))
    assert read_baseline("pytorch-sample", baselines) == new
    assert [path.name for path in baselines.iterdir()] == ["pytorch-sample.json"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], "has passed with 2 of the 3 seeds"),
        ([result(2, 0.4, language="ko")], "has passed with 2 of the 3 seeds"),
        ([result(3, 0.4, outcome="died")], "has passed with 2 of the 3 seeds"),
        ([result(3, 0.4, helpers="b")], "has cases that were run with different helpers"),
        ([result(3, 0.4, torch="2")], "has cases that were run with different versions"),
        ([result(3, 0.4, epochs=4)], "has cases that were run with different parameters"),
        ([result(3, 0.4, trained=1)], "has cases that trained for different numbers of epochs"),
    ],
)
def test_what_makes_no_baseline_is_refused_and_changes_nothing(tmp_path, more, message):
    accept([store_with(tmp_path / "a", *three())], tmp_path / "baselines")
    with pytest.raises(BaselineError, match=f"pytorch-sample {message}"):
        accept([store_with(tmp_path / "b", *three(0.8)[:2], *more)], tmp_path / "baselines")
    assert read_baseline("pytorch-sample", tmp_path / "baselines")["metrics"]["f1"]["mean"] == pytest.approx(0.42)


def test_where_nothing_passed_nothing_is_accepted(tmp_path):
    with pytest.raises(BaselineError, match="no case has passed in"):
        accept([store_with(tmp_path / "b", result(1, 0.9, outcome="died"))], tmp_path / "baselines")


def test_a_baseline_that_cannot_be_read_is_made_again(tmp_path):
    (tmp_path / "pytorch-sample.json").write_text("{")
    ((old, _),) = accept([store_with(tmp_path / "a", *three())], tmp_path).values()
    assert old is None
    assert read_baseline("pytorch-sample", tmp_path)["metrics"]["f1"]["mean"] == pytest.approx(0.42)


def test_there_may_be_no_baseline(tmp_path):
    assert read_baseline("pytorch-sample", tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", json.dumps({"schema_version": 0})])
def test_what_is_no_baseline_is_named(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(BaselineError, match=r"a\.json .*; make it again with accept"):
        read_baseline("a", tmp_path)
