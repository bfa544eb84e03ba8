"""Each chapter, from its first cell to its last."""

import papermill
import pytest
from support.editions import NOTEBOOKS

CHAPTERS = sorted((NOTEBOOKS["en"] / "going_further").glob("*.ipynb"))
SMOKE = {"model": "./tests/support/tiny_distilbert", "max_train_examples": 32}


@pytest.fixture(scope="module", params=CHAPTERS, ids=lambda path: path.stem)
def executed(request, workplace, tmp_path_factory):
    parameters = SMOKE | {"output_dir": str(tmp_path_factory.mktemp("output"))}
    return papermill.execute_notebook(request.param, None, parameters, cwd=workplace, progress_bar=False)


def test_each_chapter_runs_and_warns_of_nothing(executed):
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert outputs
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
