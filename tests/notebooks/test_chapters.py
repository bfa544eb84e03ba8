"""The chapters and the exercises, from beginning to end, on a few sentences and a tiny model."""

import json
import re

import papermill
import pytest
from papermill.exceptions import PapermillExecutionError
from support.editions import ROOT, errors_of

SMOKE = {"model": "./tests/support/tiny_distilbert", "max_train_examples": 32, "steps": 4}
# The chapters on long trainings are run by test_long_trainings.py.
NAMES = sorted(
    path.stem for path in (ROOT / "notebooks" / "going_further").glob("*.ipynb") if "long_trainings" not in path.stem
)
# Of a pair, the PyTorch one every day; what makes things fast takes longest.
CHAPTERS = [
    pytest.param(name, marks=pytest.mark.weekly) if "fast" in name or name.endswith("keras") else name for name in NAMES
]


def execute(workplace, name, **parameters):
    path = workplace / "notebooks" / f"{name}.ipynb"
    return papermill.execute_notebook(path, None, parameters, cwd=workplace, progress_bar=False)


@pytest.mark.parametrize("name", CHAPTERS)
def test_each_chapter_runs_without_a_warning(workplace, tmp_path, name):
    known = papermill.inspect_notebook(workplace / "notebooks" / "going_further" / f"{name}.ipynb")
    smoke = {key: value for key, value in SMOKE.items() if key in known}
    assert errors_of(execute(workplace, f"going_further/{name}", output_dir=str(tmp_path), **smoke)) == []


@pytest.mark.parametrize(("name", "status"), [("exercises_solved", "right"), ("exercises", "open")])
def test_each_exercise_runs_and_is_checked(workplace, name, status):
    notebook = execute(workplace, f"exercises/{name}", model=SMOKE["model"], max_train_examples=32)
    exercises = [cell for cell in notebook.cells if "exercise" in cell.metadata.get("tags", [])]
    boxes = [cell.outputs[-1].data["text/html"] for cell in exercises]
    assert [re.search('class="feedback (.*?)"', box)[1] for box in boxes] == [status] * 20


@pytest.mark.parametrize(("name", "status"), [("quiz_solved", "right"), ("quiz", "open")])
def test_each_question_runs_and_is_checked_and_answers_are_handed_in(workplace, name, status):
    notebook = execute(workplace, f"exercises/{name}", my_name="Ada", output_dir=f"output/{name}")
    assert errors_of(notebook) == []
    questions = [cell for cell in notebook.cells if "question" in cell.metadata.get("tags", [])]
    boxes = [cell.outputs[-1].data["text/html"] for cell in questions]
    assert [re.search('class="feedback (.*?)"', box)[1] for box in boxes] == [status] * 10
    saved = json.loads((workplace / "output" / name / f"{name}_Ada.json").read_text(encoding="utf-8"))
    assert [row["status"] for row in saved["answers"].values()] == [status] * 10
    folded = [cell for cell in notebook.cells if "<details>" in cell.source]
    assert folded == []  # whoever hands in answers has no solutions at hand


@pytest.mark.weekly
@pytest.mark.parametrize("name", ["going_further/own_data", "exercises/exercises_solved"])
def test_a_name_that_is_no_parameter_is_named(workplace, name):
    with pytest.raises(PapermillExecutionError, match="no parameter 'max_train_example', but 'max_train_examples'"):
        execute(workplace, name, max_train_example=8)
