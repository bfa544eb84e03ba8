"""The chapter's two editions see the same in a model."""

import numpy as np
import pytest
from support.editions import ROOT, code_cells, read_notebook

BERT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
ARCHITECTURES = {"bert": BERT, "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48}}
SENTENCES = ["Marisol moved from Ljubljana to Porto .".split(), ["Lisbon"]]


@pytest.fixture(params=ARCHITECTURES)
def folder(request, tmp_path, tokenizer):
    """A checkpoint of random weights, large enough for attention that is far from even."""
    import torch
    from transformers import AutoConfig, AutoModelForTokenClassification

    torch.manual_seed(0)
    settings = ARCHITECTURES[request.param] | {"vocab_size": len(tokenizer), "num_labels": 5}
    model = AutoModelForTokenClassification.from_config(AutoConfig.for_model(request.param, **settings))
    for name, parameter in model.named_parameters():
        parameter.data.normal_(mean=float(name.lower().endswith("norm.weight")), std=0.2)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    return tmp_path


def look_inside(edition, folder, sentence):
    """Run the cells that load a model and look inside, and nothing else of the chapter."""
    import keras
    import torch
    from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer

    scope = {"keras": keras, "np": np, "torch": torch, "model_dir": folder, "names": range(5)} | {
        auto.__name__: auto for auto in (AutoConfig, AutoModelForTokenClassification, AutoTokenizer)
    }
    cells = code_cells(read_notebook(ROOT / "notebooks" / "going_further" / f"inside_the_model_{edition}.ipynb"))
    for cell in cells:
        if "def load_model" in cell.source or "def look_inside" in cell.source:
            exec(cell.source, scope)
    return scope["look_inside"](scope["load_model"](folder), sentence)


@pytest.mark.parametrize("sentence", SENTENCES, ids=len)
def test_both_editions_see_the_same(folder, sentence):
    pytorch, keras = (look_inside(edition, folder, sentence) for edition in ("pytorch", "keras"))
    assert pytorch["subwords"] == keras["subwords"]
    assert pytorch["word_ids"] == keras["word_ids"]
    count = len(pytorch["subwords"])
    assert pytorch["attention"].shape == (2, 4, count, count)
    assert pytorch["states"].shape == (3, count, 32)
    assert np.ptp(pytorch["attention"], axis=-1).max() > 0.1  # else any softmax would do
    for name in ("probabilities", "attention", "states"):
        np.testing.assert_allclose(keras[name], pytorch[name], rtol=0, atol=1e-4)
