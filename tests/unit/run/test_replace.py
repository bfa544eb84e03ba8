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
from helpers.run.editions import put_in_place, remove_unfinished, run_editions

PARAMETERS = "output_dir = ''\nmodel = ''\nseed = 0"
RUNS = """
import json
from pathlib import Path
output = Path(output_dir)
(output / "model").mkdir()
(output / "model" / str(seed)).write_text(model and Path(model, "0").read_text())
assert edition != "keras" or seed != 2
results = dict.fromkeys(("errors", "versions"), {}) | {
    "schema_version": 4,
    "edition": edition,
    "dataset": {"name": "", "sentences": {}},
    "model": {"name": ""},
    "parameters": {"seed": seed, "epochs": 1, "output_dir": output_dir},
    "history": [],
    "test": dict.fromkeys(("precision", "recall", "f1", "accuracy"), 0.5) | {"per_type": {}},
    "decoded": {"f1": 0.5},
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_where_the_second_edition_fails_the_first_is_replaced_and_the_second_stays(folder):
    with pytest.raises(RunError, match=r"cell 3 failed; the notebook up to there is .*keras\.unfinished\.ipynb"):
        run_editions(MAIN, {"seed": 2}, folder)
    assert seeds(folder) == [2, 0]
    assert (folder / "keras" / "model" / "0").exists()
    assert "AssertionError" in (folder / "keras.unfinished.html").read_text(encoding="utf-8")
    assert "<th>seed</th>" in (folder / "report.html").read_text(encoding="utf-8")
    remove_unfinished(folder, "keras")
    assert list(folder.glob("*.unfinished*")) == []


@pytest.mark.slow
def test_another_edition_that_cannot_be_read_is_left_out(folder, capsys):
    record, notebook = folder / "keras" / "metrics.json", folder / "keras.ipynb"
    for path in (record, notebook):
        path.write_text(path.read_text()[:20])
    run_editions(["pytorch"], {"seed": 1}, folder)
    assert f"Left out: {record} cannot be read" in capsys.readouterr().out
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


@pytest.mark.slow
def test_where_something_cannot_be_moved_the_new_results_stay_and_no_record_stands_beside_old_ones(folder, small_disk):
    small_disk(folder / "pytorch" / "model", "1m")  # in use, as far as the system is concerned
    with pytest.raises(
        RunError, match=r"pytorch/model cannot be replaced: .*move what is left in .*pytorch.unfinished"
    ):
        run_editions(["pytorch"], {"seed": 1}, folder)
    assert not (folder / "pytorch" / "metrics.json").exists()
    assert (folder / "pytorch.unfinished" / "model" / "1").exists()
    assert json.loads((folder / "pytorch.unfinished" / "metrics.json").read_text())["parameters"]["seed"] == 1


def test_a_run_that_is_killed_while_it_replaces_leaves_no_record_beside_a_mixture(folder, monkeypatch):
    shutil.copytree(folder / "pytorch", folder / "pytorch.unfinished")
    shutil.copy(folder / "pytorch.ipynb", folder / "pytorch.unfinished.ipynb")
    replace, moved = Path.replace, []

    def die_at_the_third(path, target):
        if ".unfinished" in str(path):
            moved.append(path.name)
            if len(moved) == 3:
                raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", die_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        put_in_place(folder, "pytorch")
    assert moved == ["pytorch.unfinished.ipynb", "model", "metrics.json"]
    assert not (folder / "pytorch" / "metrics.json").exists()
