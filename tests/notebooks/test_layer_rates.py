"""The chapter on a learning rate for each layer: after one step, each layer has moved as far as its rate says."""

import numpy as np
import papermill
import pytest
from safetensors.numpy import load_file
from support.editions import ROOT

CHECKPOINT = "tests/support/tiny_distilbert"
SETTINGS = {
    "model": f"./{CHECKPOINT}",
    "max_train_examples": 16,  # a single batch, so AdamW moves each weight by its rate, whatever its gradient
    "batch_size": 16,
    "epochs": 1,
    "learning_rate": 1e-4,
    "layer_decay": 0.1,
}


@pytest.mark.weekly
@pytest.mark.parametrize("edition", ["pytorch", "keras"])
def test_each_layer_moves_by_its_rate(workplace, tmp_path, edition):
    path = workplace / "notebooks" / "going_further" / f"layer_rates_{edition}.ipynb"
    papermill.execute_notebook(path, None, SETTINGS | {"output_dir": str(tmp_path)}, cwd=workplace, progress_bar=False)
    before = load_file(ROOT / CHECKPOINT / "model.safetensors")
    after = load_file(tmp_path / "model" / "model.safetensors")
    moved = {name: np.median(abs(after[f"distilbert.{name}"] - weights)) for name, weights in before.items()}
    bottom, top = (moved[f"transformer.layer.{number}.ffn.lin1.weight"] for number in (0, 1))
    assert [top, bottom] == pytest.approx([1e-5, 1e-6], rel=0.02)
    assert moved["embeddings.word_embeddings.weight"] == 0
