"""The chapters, from beginning to end, on a few sentences and a tiny model."""

import papermill
import pytest
from papermill.exceptions import PapermillExecutionError
from support.editions import ROOT

SMOKE = {
    "model": "./tests/support/tiny_distilbert",
    "max_train_examples": 32,
    "steps": 4,
    # Two steps an epoch: the crash is in the second one, after a checkpoint.
    "save_steps": 2,
    "crash_step": 3,
}
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks" / "going_further").glob("*.ipynb"))


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


@pytest.mark.parametrize("name", CHAPTERS)
def test_each_chapter_runs_without_a_warning(workplace, tmp_path, name):
    path = workplace / "notebooks" / "going_further" / f"{name}.ipynb"
    smoke = {key: value for key, value in SMOKE.items() if key in papermill.inspect_notebook(path)}
    parameters = smoke | {"output_dir": str(tmp_path)}
    notebook = papermill.execute_notebook(path, None, parameters, cwd=workplace, progress_bar=False)
    assert [output.text for output in outputs(notebook) if output.get("name") == "stderr"] == []


@pytest.mark.parametrize("path", ["going_further/own_data", "exercises/exercises_solved"])
def test_a_name_that_is_no_parameter_is_named(workplace, path):
    notebook = workplace / "notebooks" / f"{path}.ipynb"
    with pytest.raises(PapermillExecutionError, match="no parameter 'max_train_example', but 'max_train_examples'"):
        papermill.execute_notebook(notebook, None, {"max_train_example": 8}, cwd=workplace, progress_bar=False)
