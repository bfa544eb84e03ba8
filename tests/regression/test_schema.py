"""Results and baselines from which something is missing, or in which it is something else."""

import copy
import json
import math
import re

import pytest

from helpers.errors import ResultsError
from regression.baselines import accept, make_baseline, read_baseline
from regression.errors import BaselineError
from regression.matrix import Case
from regression.record import Job, valid_result
from regression.report import write_report
from regression.schema import check_baseline, check_result
from regression.storage import RESULT, Store
from regression.verdict import judge_all

MACHINE = {"system": "a system", "processor": "a processor", "cores": 2, "memory_bytes": 8_000_000_000}
SCORES = {"precision": 0.5, "recall": 0.5, "f1": 0.4, "accuracy": 0.9}
MISSING = "missing"
# What JSON can hold, and what Python takes for JSON besides.
VALUES = (None, True, -1, 0.5, 10**400, math.nan, math.inf, "", "text", "../x", [], [None], {}, {"a": None})


def result_of(seed):
    """Everything that a result has after a run, with fewer entries of each kind."""
    case = Case("pytorch", "en", "sample", {"seed": seed})
    return {
        "schema_version": 2,
        "case": {"name": case.name, "series": case.series, "group": case.group, **case._asdict()},
        "fingerprint": {
            "notebook": "a digest",
            "helpers": "a digest",
            "parameters": {"seed": seed, "epochs": 2},
            "versions": {"torch": "1"},
        },
        "machine": MACHINE,
        "outcome": "passed",
        "error": None,
        "cell": None,
        "calibration": {"seconds": 0.5, "memory_bytes": 100},
        "results": {
            "parameters": {"seed": seed},
            "dataset": {"name": "sample"},
            "history": [{"epoch": epoch, "training_loss": 0.5, "f1": 0.4} for epoch in (1, 2)],
            "test": SCORES | {"per_type": {"person": SCORES}},
            "errors": {"missed": 2},
            "seconds": {"training": 10.0 + seed, "total": 20.0 + seed},
            "peak_memory_bytes": 300,
        },
        "seconds": 30.0,
        "peak_memory_bytes": 400,
    }


def job_of(result):
    case = Case(*(result["case"][name] for name in Case._fields))
    return Job(case, "a notebook", result["fingerprint"], 3600, 1, 0)


RESULTS = [result_of(seed) for seed in (1, 2, 3)]
GROUP = RESULTS[0]["case"]["group"]
BASELINE = make_baseline(RESULTS)


def paths(value):
    """List the way to each entry, however deep."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (key,)
        yield from ((key, *path) for path in paths(inner))


def changed(whole, path, value):
    """Copy a value, with another one at a place, or none."""
    whole = copy.deepcopy(whole)
    *above, last = path
    place = whole
    for key in above:
        place = place[key]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return whole


def changes(whole, path):
    """Change a value at a place in each way that makes a difference."""
    different = (changed(whole, path, value) for value in (MISSING, *VALUES))
    return [each for each in different if repr(each) != repr(whole)]


def report_on(results, baseline, tmp_path):
    write_report(judge_all(results, {GROUP: baseline}), Store(str(tmp_path / "report")))


@pytest.mark.parametrize("path", list(paths(RESULTS[0])), ids=str)
def test_any_change_of_a_result_is_named_or_makes_no_difference(tmp_path, path):
    store, last = Store(str(tmp_path / "run")), None
    for result in RESULTS[1:]:
        store.write_result(result["case"]["name"], result)
    for broken in changes(RESULTS[0], path):
        store.write(f"{RESULTS[0]['case']['name']}/{RESULT}", json.dumps(broken))
        found, reason = valid_result(job_of(RESULTS[0]), store)
        assert found is None or reason == ""
        last = found or last
        try:
            accept([store.url], tmp_path / "baselines")
        except BaselineError as error:
            assert re.search("; run it again|; run them all again|has passed with [12] of the 3", str(error))
    if last:
        report_on([last, *RESULTS[1:]], BASELINE, tmp_path)


@pytest.mark.parametrize("path", list(paths(BASELINE)), ids=str)
def test_any_change_of_a_baseline_is_named_or_makes_no_difference(tmp_path, path):
    last = None
    for broken in changes(BASELINE, path):
        (tmp_path / f"{GROUP}.json").write_text(json.dumps(broken))
        try:
            last = read_baseline(GROUP, tmp_path)
        except BaselineError as error:
            assert "; make it again with accept" in str(error)
    if last:
        report_on(RESULTS, last, tmp_path)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, None])
@pytest.mark.parametrize(
    "path",
    [
        ("history", 1, "f1"),
        ("history", 1, "training_loss"),
        ("test", "accuracy"),
        ("test", "per_type", "person", "f1"),
    ],
    ids=str,
)
def test_a_result_with_a_score_that_is_no_number_has_not_passed(path, number):
    check_result(RESULTS[0])
    with pytest.raises(ResultsError, match=rf"results\.{path[0]}.*{path[-1]} is {number}, not a number"):
        check_result(changed(RESULTS[0], ("results", *path), number))


def test_of_a_case_that_did_not_pass_no_results_are_asked():
    check_result(RESULTS[0] | {"outcome": "died", "results": None, "calibration": None})


CONTENTS = [b"", b"{", b"[]", b"null", b"\xff", b'{"outcome": NaN}', b"[" * 10**5, b"9" * 5000]


@pytest.mark.parametrize("content", CONTENTS, ids=range(len(CONTENTS)))
def test_what_is_no_json_is_named(tmp_path, content):
    store = Store(str(tmp_path / "run"))
    store.write(f"a-case/{RESULT}", content)
    with pytest.raises(BaselineError, match=r"the result of a-case in .*; run it again"):
        accept([store.url], tmp_path)
    (tmp_path / f"{GROUP}.json").write_bytes(content)
    with pytest.raises(BaselineError, match=rf"{GROUP}\.json is not a baseline: .*; make it again"):
        read_baseline(GROUP, tmp_path)


@pytest.mark.parametrize("content", [*CONTENTS, None], ids=range(len(CONTENTS) + 1))
def test_a_case_whose_result_is_broken_runs_again(tmp_path, content):
    store = Store(str(tmp_path))
    path = tmp_path / RESULTS[0]["case"]["name"] / RESULT
    path.parent.mkdir()
    path.write_bytes(content) if content is not None else path.mkdir()
    found, reason = valid_result(job_of(RESULTS[0]), store)
    assert (found, reason) in [(None, "no valid result"), (None, "no result")]


def test_a_result_of_another_case_is_not_taken(tmp_path):
    store = Store(str(tmp_path))
    store.write_result(RESULTS[0]["case"]["name"], RESULTS[0] | {"case": RESULTS[1]["case"]})
    assert valid_result(job_of(RESULTS[0]), store) == (None, "other case")


def test_a_named_pipe_is_neither_result_nor_baseline(tmp_path, named_pipe):
    store, result = Store(str(tmp_path / "run")), RESULTS[0]
    named_pipe(tmp_path / "run" / result["case"]["name"] / RESULT, json.dumps(result))
    assert valid_result(job_of(result), store) == (None, "no valid result")
    named_pipe(tmp_path / f"{GROUP}.json", json.dumps(BASELINE))
    with pytest.raises(BaselineError, match=r"it is no file, .*; make it again"):
        read_baseline(GROUP, tmp_path)


def test_what_accept_writes_is_a_baseline():
    check_baseline(BASELINE)
