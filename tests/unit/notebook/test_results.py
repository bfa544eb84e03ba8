import json

import pytest
from bs4 import BeautifulSoup
from support.tagged import ODD_TYPES

from helpers.errors import ResultsError
from helpers.notebook import results
from helpers.run.pages import write_report

CONTENT = {
    "edition": "pytorch",
    "dataset": {"name": "sample", "digest": "d", "sentences": {"train": 1}},
    "model": {"name": "bundled", "digest": "m"},
    "parameters": {"epochs": 3},
    "history": [{"epoch": 1}],
    "test": {"precision": 0.5, "recall": 0.25, "f1": 1 / 3, "accuracy": 0.9, "per_type": {}},
    "decoded": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "accuracy": 0.9},
    "errors": {"missed": 1},
}


def test_what_was_written_is_read_and_how_long_it_took_can_be_added_again(tmp_path):
    path = results.write_results(tmp_path / "new", **CONTENT)
    assert path == tmp_path / "new" / "metrics.json"
    read = results.read_results(tmp_path / "new")
    assert read.items() >= CONTENT.items()
    assert read["versions"]["torch"].startswith("2.")
    assert "tensorflow" not in read["versions"]
    for seconds in ({"training": 1.0, "total": 2.0}, {"training": 3.0, "total": 4.0}):
        results.add_seconds(tmp_path / "new", seconds)
        assert results.read_results(tmp_path / "new") == read | {"seconds": seconds}
    with pytest.raises(ResultsError, match="edition 'pytorch', expected 'keras'"):
        results.read_results(tmp_path / "new", "keras")


def test_what_is_no_number_is_null_as_json_has_no_other_form(tmp_path):
    history = [{"epoch": 1, "training_loss": float("nan"), "validation_loss": float("inf"), "f1": 0.1 + 0.2}]
    path = results.write_results(tmp_path, **(CONTENT | {"history": history}))
    written = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert written["history"] == [{"epoch": 1, "training_loss": None, "validation_loss": None, "f1": 0.1 + 0.2}]


def test_peak_memory_is_in_bytes():
    ballast = bytearray(300_000_000)
    ballast[::4096] = b"x" * len(ballast[::4096])
    assert 300_000_000 <= results.peak_memory_bytes() < 2**40


@pytest.mark.parametrize(
    ("change", "error"), [({"extra": 1}, ResultsError), ({"history": None}, ResultsError), ({"errors": {1}}, TypeError)]
)
def test_a_write_that_is_refused_or_breaks_leaves_the_earlier_file_whole(tmp_path, change, error):
    results.write_results(tmp_path, **CONTENT)
    content = {key: value for key, value in (CONTENT | change).items() if value is not None}
    with pytest.raises(error, match="set" if error is TypeError else next(iter(change))):
        results.write_results(tmp_path, **content)
    assert results.read_results(tmp_path)["errors"] == {"missed": 1}


OTHER_FILES = {
    None: "does not exist",
    "{": "cannot be read",
    "[" * 100_000: "cannot be read",
    "[]": "schema version None",
    '{"schema_version": 99}': "schema version 99",
    '{"schema_version": 4, "edition": "pytorch"}': "missing",
}


@pytest.mark.parametrize(("text", "message"), OTHER_FILES.items(), ids=range(len(OTHER_FILES)))
def test_other_files_are_refused(tmp_path, text, message):
    if text is not None:
        (tmp_path / "metrics.json").write_text(text)
    with pytest.raises(ResultsError, match=message):
        results.read_results(tmp_path)


def test_table_sets_runs_side_by_side():
    runs = [CONTENT | {"edition": edition, "peak_memory_bytes": 2e9} for edition in ("pytorch", "keras")]
    runs[0]["seconds"] = {"training": 1.0, "total": 2.0}
    table = results.results_table(runs)
    assert table.index.tolist() == ["pytorch", "keras"]
    assert table["f1"].tolist() == [1 / 3, 1 / 3]
    assert table["f1, valid tags"].tolist() == [0.5, 0.5]
    assert table["epochs"].tolist() == [3, 3]
    assert table["training (s)"].isna().tolist() == [False, True]


def test_types_with_odd_names_are_recorded_and_reported(tmp_path):
    per_type = {name: {"precision": 0.0, "recall": 0.0, "f1": i / 100, "number": i} for i, name in enumerate(ODD_TYPES)}
    results.write_results(tmp_path, **(CONTENT | {"test": CONTENT["test"] | {"per_type": per_type}}))
    read = results.read_results(tmp_path)
    assert read["test"] == CONTENT["test"] | {"per_type": per_type}
    page = BeautifulSoup(write_report([read], tmp_path).read_text(encoding="utf-8"), "html.parser")
    (table,) = (section.table for section in page.find_all("section") if section.h3.text == "F1 by type")
    rows = {row.th.text: row.td.text for row in table.tbody.find_all("tr")}
    assert rows == {name: f"{i / 100:.3f}" for i, name in enumerate(ODD_TYPES)}
    (scores,) = (section.table for section in page.find_all("section") if section.h3.text == "Scores")
    rows = {row.th.text: row.td.text for row in scores.tbody.find_all("tr")}
    assert (rows["f1"], rows["f1, valid tags"]) == ("0.333", "0.500")


def test_what_is_no_file_is_not_waited_for(tmp_path, no_file):
    no_file(tmp_path / "metrics.json")
    with pytest.raises(ResultsError, match="it is no file, but a pipe or a device"):
        results.read_results(tmp_path)
