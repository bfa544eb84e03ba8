"""The chapter on the training loop: each step written by hand has the loss of the library's own."""

import re

import papermill
import pytest
from support.editions import outputs_of

SETTINGS = {
    "model": "./tests/support/tiny_distilbert",
    "max_train_examples": 40,
    "batch_size": 4,
    "epochs": 2,
    "learning_rate": 0.01,  # so that whatever differs shows after a step or two
}
OTHERS = {"pytorch": 1, "keras": 2}  # trainings that the loop is compared with
ROW = re.compile(r"^\d+((?: +\d+\.\d+)+)$", re.MULTILINE)


@pytest.mark.weekly
@pytest.mark.parametrize("edition", OTHERS)
def test_twenty_steps_by_hand_have_the_losses_of_the_library(workplace, tmp_path, edition):
    path = workplace / "notebooks" / "going_further" / f"training_loop_{edition}.ipynb"
    parameters = SETTINGS | {"output_dir": str(tmp_path)}
    notebook = papermill.execute_notebook(path, None, parameters, cwd=workplace, progress_bar=False)
    [proof] = [cell for cell in notebook.cells if "proof" in cell.metadata.get("tags", [])]
    table = next(output.data["text/plain"] for output in proof.outputs if "data" in output)
    steps = [[float(loss) for loss in losses.split()] for losses in ROW.findall(table)]
    assert len(steps) == 20
    for by_hand, *of_library in steps:
        assert of_library == pytest.approx([by_hand] * OTHERS[edition], abs=2e-5)
    assert steps[-1][0] < steps[0][0] - 0.2  # the model has learnt, so equal losses are no accident

    shown = "".join(output.get("text", "") for output in outputs_of(notebook))
    by_hand, of_model = re.search(r"by hand: +(\S+)\n.*? own: +(\S+)\n", shown).groups()
    assert float(by_hand) == pytest.approx(float(of_model), abs=2e-6)
