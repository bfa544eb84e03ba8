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
from support.published_checkpoints import SMALL, write_weights
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerFast

from helpers.checkpoints.find import resolve_checkpoint
from helpers.errors import CheckpointUnavailableError, TutorialError

TORCH = find_spec("torch") is not None
LABELS = {0: "O", 1: "B-x", 2: "I-x"}
CONFIG, WEIGHTS = "config.json", "model.safetensors"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


def write_small(folder, kind, task="TokenClassification"):
    """Save a small model of a kind, beside the tiny encoder's tokenizer."""
    known = AutoConfig.for_model(kind)
    small = {name: value for name, value in SMALL.items() if hasattr(known, name)}
    AutoConfig.for_model(kind, **small).save_pretrained(folder)
    write_weights(folder, task)
    for name in TOKENIZER:
        shutil.copy(TINY / name, folder)
    return folder


def change(folder, **entries):
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def change_weights(folder, change):
    """Replace each weight by any number of others."""
    path = folder / WEIGHTS
    arrays = dict(pair for weight in load_file(path).items() for pair in change(*weight))
    save_file(arrays, path, {"format": "pt"})


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


ENCODERS = (
    *("albert", "bert", "camembert", "convbert", "deberta-v2", "distilbert", "electra", "mpnet", "roberta"),
    *("xlm-roberta", *(["modernbert", "ernie"] if TORCH else [])),
)


@pytest.mark.parametrize("task", ["", "MaskedLM", "SequenceClassification", "TokenClassification"])
@pytest.mark.parametrize("kind", ENCODERS)
def test_encoders_are_taken_from_models_for_any_task(tmp_path, kind, task):
    write_small(tmp_path, kind, task)
    assert resolve_checkpoint(str(tmp_path)) == str(tmp_path)
    assert np.isfinite(train_a_step(tmp_path))


@pytest.mark.parametrize("spoilt", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_refused(tmp_path, spoilt):
    """In one place only, of a subword that the data may never contain."""
    shutil.copytree(TINY, tmp_path, dirs_exist_ok=True)
    arrays = load_file(tmp_path / WEIGHTS)
    arrays["embeddings.word_embeddings.weight"][700, 3] = spoilt
    save_file(arrays, tmp_path / WEIGHTS, {"format": "pt"})
    with pytest.raises(CheckpointUnavailableError, match=r"word_embeddings\S+ are not finite"):
        resolve_checkpoint(str(tmp_path))


@pytest.mark.parametrize(
    ("change", "count"),
    [
        (lambda name, array: [(f"other.{name}", array)], 36),
        (lambda name, array: [("nothing", np.ones(1, np.float32))], 36),
        (lambda name, array: [] if "layer.1." in name else [(name, array)], 16),
        (lambda name, array: [] if "q_lin.bias" in name else [(name, array)], 2),
        (lambda name, array: [(name, array[:-1] if "position" in name else array)], 1),
    ],
    ids=["renamed", "none", "half", "some", "another shape"],
)
def test_weights_that_are_not_this_encoders_are_refused(tmp_path, change, count):
    shutil.copytree(TINY, tmp_path, dirs_exist_ok=True)
    change_weights(tmp_path, change)
    with pytest.raises(CheckpointUnavailableError, match=f"do not fit its config.json: {count} of the encoder's"):
        resolve_checkpoint(str(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        lambda name, array: [(f"distilbert.{name}", array)],
        lambda name, array: [
            (name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"), array)
        ],
        lambda name, array: [(name, array), (f"pooler.{name}", array), ("embeddings.position_ids", np.arange(64))],
        lambda name, array: [(name, array.astype(np.float16))],
    ],
    ids=["with a prefix", "old names", "others besides", "half precision"],
)
def test_weights_may_have_other_names_and_more_besides(tmp_path, change):
    shutil.copytree(TINY, tmp_path, dirs_exist_ok=True)
    change_weights(tmp_path, change)
    assert resolve_checkpoint(str(tmp_path)) == str(tmp_path)


def test_a_tokenizer_with_more_subwords_than_the_encoder_is_refused(tmp_path):
    shutil.copytree(TINY, tmp_path, dirs_exist_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    tokenizer.add_tokens(["<one more>"])
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(
        CheckpointUnavailableError, match="numbers its subwords up to 800, but its encoder knows only 800"
    ):
        resolve_checkpoint(str(tmp_path))


def test_a_tokenizer_without_padding_is_refused(tmp_path):
    shutil.copytree(TINY, tmp_path, dirs_exist_ok=True)
    for name in TOKENIZER:
        (tmp_path / name).unlink()
    tokenizer = AutoTokenizer.from_pretrained(TINY)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, unk_token="[UNK]").save_pretrained(tmp_path)
    with pytest.raises(CheckpointUnavailableError, match="has no padding token"):
        resolve_checkpoint(str(tmp_path))


@pytest.mark.skipif(find_spec("sentencepiece") is not None, reason="the package is there")
def test_a_sentencepiece_model_names_the_package_that_reads_it(tmp_path):
    shutil.copytree(TINY, tmp_path, dirs_exist_ok=True)
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "sentencepiece.bpe.model").write_bytes(b"")
    with pytest.raises(CheckpointUnavailableError, match="pip install sentencepiece protobuf"):
        resolve_checkpoint(str(tmp_path))


@pytest.mark.skipif(not TORCH, reason="the TensorFlow edition trains what it has a class for")
@pytest.mark.parametrize("kind", ["gpt2", "llama", "t5", "bloom"])
def test_decoders_and_others_are_taken_too(tmp_path, kind):
    write_small(tmp_path, kind)
    assert resolve_checkpoint(str(tmp_path)) == str(tmp_path)


@pytest.mark.skipif(not TORCH, reason="the TensorFlow edition trains what it has a class for")
@pytest.mark.parametrize("kind", ["canine"])
def test_what_cannot_be_trained_is_refused_by_name(tmp_path, kind):
    write_small(tmp_path, kind)
    with pytest.raises(CheckpointUnavailableError, match="cannot become a token classifier"):
        resolve_checkpoint(str(tmp_path))


@pytest.mark.skipif(not TORCH, reason="TensorFlow draws from another generator")
def test_the_trial_draws_no_random_numbers(tmp_path):
    import torch

    torch.manual_seed(0)
    resolve_checkpoint(str(TINY))
    drawn = torch.rand(4)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(4))
