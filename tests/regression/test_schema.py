"""Results and baselines from which something is missing, or in which it is something else."""

import json
import math
import re

import pytest
from support.regression_results import changed, make_result

from helpers.errors import ResultsError
from regression.baselines import accept, make_baseline, read_baseline
from regression.errors import BaselineError
from regression.matrix import Case
from regression.report import make_report, write_report
from regression.run_cases import Job, read_valid_result
from regression.schema import check_baseline, check_result
from regression.storage import RESULT, Store
from regression.verdict import judge_all

# What JSON can hold, and what Python takes for JSON besides.
VALUES = (None, True, -1, 0.5, 10**400, math.nan, math.inf, "", "text", "../x", [], [None], {}, {"a": None})
RESULTS = [make_result(seed, 0.4) for seed in (1, 2, 3)]
NAME, GROUP = RESULTS[0]["case"]["name"], RESULTS[0]["case"]["group"]
BASELINE = make_baseline(RESULTS)
NO_RESULT = [(None, "no valid result"), (None, "no result")]
JOB = Job(Case("pytorch", "en", "sample", {"seed": 1}), "a notebook", RESULTS[0]["fingerprint"], 3600, 1, 0)


def paths(value):
    """List the way to each entry, however deep."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (key,)
        yield from ((key, *path) for path in paths(inner))


def changes(whole, path):
    """Change a value at a place in each way that makes a difference."""
    different = (changed(whole, path, *value) for value in ((), *zip(VALUES)))
    return [each for each in different if repr(each) != repr(whole)]


def report_on(results, baseline, tmp_path):
    judged = judge_all(results, {GROUP: baseline})
    write_report(make_report(judged, []), judged, Store(str(tmp_path / "report")))


@pytest.mark.parametrize("path", list(paths(RESULTS[0])), ids=str)
def test_any_change_of_a_result_is_named_or_makes_no_difference(tmp_path, path):
    store, last = Store(str(tmp_path / "run")), None
    for result in RESULTS[1:]:
        store.write_result(result["case"]["name"], result)
    for broken in changes(RESULTS[0], path):
        store.write(f"{RESULTS[0]['case']['name']}/{RESULT}", json.dumps(broken))
        found, reason = read_valid_result(JOB, store)
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


SCORES = [("history", 1, "f1"), ("history", 1, "training_loss")]
SCORES += [("test", "accuracy"), ("test", "per_type", "person", "f1")]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, None])
@pytest.mark.parametrize("path", SCORES, ids=str)
def test_a_result_with_a_score_that_is_no_number_has_not_passed(path, number):
    check_result(RESULTS[0])
    with pytest.raises(ResultsError, match=rf"results\.{path[0]}.*{path[-1]} is {number}, not a number"):
        check_result(changed(RESULTS[0], ("results", *path), number))


def test_of_a_case_that_did_not_pass_no_results_are_asked():
    check_result(RESULTS[0] | {"outcome": "died", "results": None, "calibration": None})
    check_baseline(BASELINE)


CONTENTS = [b"", b"{", b"[]", b"null", b"\xff", b'{"outcome": NaN}', b"[" * 10**5, b"9" * 5000]


@pytest.mark.parametrize("content", CONTENTS, ids=range(len(CONTENTS)))
def test_what_is_no_json_is_named_and_the_case_runs_again(tmp_path, content):
    store = Store(str(tmp_path / "run"))
    store.write(f"{NAME}/{RESULT}", content)
    with pytest.raises(BaselineError, match=rf"the result of {NAME} in .*; run it again"):
        accept([store.url], tmp_path)
    assert read_valid_result(JOB, store) in NO_RESULT
    (tmp_path / f"{GROUP}.json").write_bytes(content)
    with pytest.raises(BaselineError, match=rf"{GROUP}\.json is not a baseline: .*; make it again"):
        read_baseline(GROUP, tmp_path)


@pytest.mark.parametrize("kind", ["named pipe", "folder"])
def test_a_named_pipe_is_neither_result_nor_baseline(tmp_path, named_pipe, kind):
    store = Store(str(tmp_path / "run"))
    for path, content in ((tmp_path / "run" / NAME / RESULT, RESULTS[0]), (tmp_path / f"{GROUP}.json", BASELINE)):
        named_pipe(path, json.dumps(content)) if kind == "named pipe" else path.mkdir(parents=True)
    assert read_valid_result(JOB, store) in NO_RESULT
    with pytest.raises(BaselineError, match=r"; make it again"):
        read_baseline(GROUP, tmp_path)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("case",), RESULTS[1]["case"], "other case"),
        (("fingerprint", "notebook"), "other", "other notebook"),
        (("fingerprint", "versions", "torch"), "0.1", "other versions"),
        (("outcome",), "died", "died"),
    ],
)
def test_a_result_of_something_else_is_not_taken(tmp_path, path, value, reason):
    store = Store(str(tmp_path))
    store.write_result(NAME, RESULTS[0])
    assert read_valid_result(JOB, store) == (RESULTS[0], "")
    store.write_result(NAME, changed(RESULTS[0], path, value))
    assert read_valid_result(JOB, store) == (None, reason)
