"""What cannot be trained is refused by name, before anything is trained.

These tests also run with transformers 4 and TensorFlow (TF_USE_LEGACY_KERAS=1), where PyTorch is not installed.
"""

import json
import shutil
from importlib.util import find_spec

import numpy as np
import pytest
import transformers
from safetensors.numpy import load_file, save_file
from support.hostile import TINY
from support.published_checkpoints import SMALL
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerFast

from helpers.checkpoints.find import resolve_checkpoint
from helpers.errors import CheckpointUnavailableError, TutorialError

TORCH = find_spec("torch") is not None
LABELS = {0: "O", 1: "B-x", 2: "I-x"}
CONFIG, WEIGHTS = "config.json", "model.safetensors"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


def write_small(folder, kind, task="TokenClassification", **settings):
    """Save a small model of a kind, beside the tiny encoder's tokenizer."""
    auto = getattr(transformers, f"{'' if TORCH else 'TF'}AutoModel{task and f'For{task}'}")
    model = auto.from_config(AutoConfig.for_model(kind, **SMALL | settings))
    if not TORCH:
        model(model.dummy_inputs)
    model.save_pretrained(folder, **{} if TORCH else {"safe_serialization": True})
    for name in TOKENIZER:
        shutil.copy(TINY / name, folder)
    return folder


def change(folder, **entries):
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def change_weights(folder, change):
    path = folder / WEIGHTS
    save_file(dict(change(name, array) for name, array in load_file(path).items()), path, {"format": "pt"})


def train_a_step(folder):
    """As the lesson does, and return the loss."""
    given = {"id2label": LABELS, "label2id": {name: label for label, name in LABELS.items()}, "use_safetensors": True}
    batch = AutoTokenizer.from_pretrained(folder)(["a text", "another"], padding=True)
    ids, mask = np.array(batch["input_ids"]), np.array(batch["attention_mask"])
    if TORCH:
        import torch

        auto = transformers.AutoModelForTokenClassification
        model = auto.from_pretrained(folder, dtype="float32", ignore_mismatched_sizes=True, **given)
        ids, mask = torch.tensor(ids), torch.tensor(mask)
        loss = model(input_ids=ids, attention_mask=mask, labels=ids % 3).loss
        loss.backward()
        return loss.item()
    auto = transformers.TFAutoModelForTokenClassification
    model = auto.from_pretrained(folder, ignore_mismatched_sizes=True, **given)
    model.compile("adam")
    return model.train_on_batch({"input_ids": ids, "attention_mask": mask, "labels": ids % 3})


NUMBERS = (-1, 0, None, "x", 10**12, 1.5, [])


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta"])
def test_any_number_in_a_configuration_either_trains_or_is_one_error(tmp_path, kind):
    write_small(tmp_path, kind)
    config = json.loads((tmp_path / CONFIG).read_text())
    numeric = [key for key, value in config.items() if isinstance(value, int | float) and not isinstance(value, bool)]
    refused, problems = 0, []
    for key in (*numeric, "num_labels"):
        for value in NUMBERS:
            change(tmp_path, **config | {key: value})
            try:
                resolve_checkpoint(str(tmp_path))
                loss = train_a_step(tmp_path)
                if not np.isfinite(loss):
                    problems.append((key, value, loss))
            except TutorialError as error:
                refused += 1
                if "\n" in str(error):
                    problems.append((key, value, error))
            except Exception as error:
                problems.append((key, value, error))
        (tmp_path / CONFIG).write_text(json.dumps(config))
    assert problems == []
    assert len(numeric) >= 9
    assert refused > 3 * len(numeric)
