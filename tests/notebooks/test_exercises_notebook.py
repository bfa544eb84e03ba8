"""The exercises, solved and not, from beginning to end."""

import re

import papermill
import pytest

SMOKE = {"model": "./tests/support/tiny_distilbert", "max_train_examples": 32}


@pytest.mark.parametrize(("name", "status"), [("exercises_solved", "right"), ("exercises", "open")])
def test_each_exercise_runs_and_is_checked(workplace, name, status):
    notebook = papermill.execute_notebook(
        workplace / "notebooks" / "exercises" / f"{name}.ipynb", None, SMOKE, cwd=workplace, progress_bar=False
    )
    exercises = [cell for cell in notebook.cells if "exercise" in cell.metadata.get("tags", [])]
    boxes = [cell.outputs[-1].data["text/html"] for cell in exercises]
    assert [re.search('class="feedback (.*?)"', box)[1] for box in boxes] == [status] * 20
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert not (workplace / "output").exists()
