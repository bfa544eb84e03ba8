"""A run beside an earlier one's results: what it replaces, and what stays."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from support.editions import lesson

from helpers.errors import OutputFolderError, RunError
from helpers.notebook.editions import MAIN
from helpers.run.editions import run_editions
from helpers.run.replace import remove_unfinished

PARAMETERS = "output_dir = ''\nmodel = ''\nseed = 0"
RUNS = """
import json
from pathlib import Path
output = Path(output_dir)
(output / "model").mkdir()
(output / "model" / str(seed)).write_text(model and Path(model, "0").read_text())
assert edition != "keras" or seed != 2
results = dict.fromkeys(("errors", "versions"), {}) | {
    "schema_version": 3,
    "edition": edition,
    "dataset": {"name": "", "sentences": {}},
    "model": {"name": ""},
    "parameters": {"seed": seed, "epochs": 1, "output_dir": output_dir},
    "history": [],
    "test": dict.fromkeys(("precision", "recall", "f1", "accuracy"), 0.5) | {"per_type": {}},
    "peak_memory_bytes": 1,
}
(output / "metrics.json").write_text(json.dumps(results))
print(output)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project whose notebooks take a second, in place of the lesson, with the results of a run of both."""
    project = tmp_path_factory.mktemp("project")
    (project / "notebooks").mkdir()
    for edition in MAIN:
        cells = [new_code_cell(PARAMETERS), new_code_cell(f"edition = {edition!r}{RUNS}")]
        cells[0].metadata["tags"] = ["parameters"]
        notebook = new_notebook(cells=cells, metadata=nbformat.read(lesson(edition), 4).metadata)
        nbformat.write(notebook, project / "notebooks" / lesson(edition).name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        run_editions(MAIN, {}, Path("runs/sample"))
    return project


@pytest.fixture
def folder(project, tmp_path, monkeypatch):
    shutil.copytree(project, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Path("runs/sample")


def seeds(folder):
    return [json.loads((folder / edition / "metrics.json").read_text())["parameters"]["seed"] for edition in MAIN]


def test_the_editions_are_replaced_once_all_have_read_what_an_earlier_run_has_left(folder):
    (folder / "pytorch" / "model" / "0").write_text("weights")
    (folder / "pytorch" / "notes.txt").write_text("a reader's own")
    run_editions(MAIN, {"seed": 1, "model": "runs/sample/pytorch/model"}, folder)
    assert seeds(folder) == [1, 1]
    models = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.glob("*/model/*")}
    assert models == {"pytorch/model/1": "weights", "keras/model/1": "weights"}
    assert (folder / "pytorch" / "notes.txt").read_text() == "a reader's own"
    notebook = (folder / "keras.ipynb").read_text(encoding="utf-8")
    assert notebook.count("runs/sample/keras") >= 3  # the parameters' cell, what is printed, papermill's record
    assert [path for path in folder.rglob("*") if path.is_file() and "unfinished" in path.read_text()] == []


def test_where_the_second_edition_fails_the_first_is_replaced_and_the_second_stays(folder):
    with pytest.raises(RunError, match=r"cell 3 failed; the notebook up to there is .*keras\.unfinished\.ipynb"):
        run_editions(MAIN, {"seed": 2}, folder)
    assert seeds(folder) == [2, 0]
    assert (folder / "keras" / "model" / "0").exists()
    assert "AssertionError" in (folder / "keras.unfinished.html").read_text(encoding="utf-8")
    assert "<th>seed</th>" in (folder / "report.html").read_text(encoding="utf-8")
    remove_unfinished(folder, "keras")
    assert list(folder.glob("*.unfinished*")) == []


def test_another_edition_that_cannot_be_read_is_left_out(folder, capsys):
    record, notebook = folder / "keras" / "metrics.json", folder / "keras.ipynb"
    for path in (record, notebook):
        path.write_text(path.read_text()[:20])
    run_editions(["pytorch"], {"seed": 1}, folder)
    said = capsys.readouterr().out
    assert f"Left out: {record} cannot be read" in said
    assert f"Left out: {notebook} is no notebook" in said
    assert "keras" not in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["keras", "keras.unfinished"])
def test_what_a_link_leads_to_is_left_alone(folder, name, tmp_path):
    mine = tmp_path / "mine"
    (folder / "keras").rename(mine)
    (folder / name).symlink_to(mine)
    before = sorted(mine.rglob("*"))
    with pytest.raises(OutputFolderError, match=f"runs/sample/{name} is a link"):
        run_editions(MAIN, {"seed": 1}, folder)
    assert sorted(mine.rglob("*")) == before


def test_where_something_cannot_be_moved_all_is_as_it_was(folder, small_disk):
    small_disk(folder / "pytorch" / "model", "1m")  # in use, as far as the system is concerned
    with pytest.raises(RunError, match=r"pytorch/model cannot be replaced: .*copy the results from"):
        run_editions(["pytorch"], {"seed": 1}, folder)
    assert seeds(folder) == [0, 0]
    assert "seed = 1" not in (folder / "pytorch.ipynb").read_text(encoding="utf-8")
    assert json.loads((folder / "pytorch.unfinished" / "metrics.json").read_text())["parameters"]["seed"] == 1
    assert not (folder / "pytorch.replaced").exists()


def test_what_a_run_has_moved_away_that_was_killed_then_comes_back(folder):
    place, replaced = folder / "pytorch", folder / "pytorch.replaced"
    replaced.mkdir()
    for path in (folder / "pytorch.ipynb", place / "model", place / "metrics.json"):
        path.rename(replaced / path.name)
    (place / "model").mkdir()  # of the new run
    remove_unfinished(folder, "pytorch")
    assert seeds(folder) == [0, 0]
    assert list((place / "model").iterdir()) == []
    assert (folder / "pytorch.ipynb").exists()
    assert not replaced.exists()
