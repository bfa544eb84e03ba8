"""What cannot be trained is refused by name, before anything is trained.

These tests also run with transformers 4 and TensorFlow (TF_USE_LEGACY_KERAS=1), where PyTorch is not installed.
"""

import json
import shutil
from importlib.util import find_spec
from itertools import product

import numpy as np
import pytest
import transformers
from safetensors.numpy import load_file, save_file
from support.hostile import TINY
from support.published_checkpoints import SMALL, write_weights
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerFast

from helpers.checkpoints.find import resolve_checkpoint
from helpers.errors import CheckpointUnavailableError, TutorialError

pytestmark = pytest.mark.slow
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


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(TINY, tmp_path / "tiny")


def assert_refused(folder, message):
    with pytest.raises(CheckpointUnavailableError, match=message):
        resolve_checkpoint(str(folder))


def train_a_step(folder):
    """As the lesson does, and return the loss."""
    given = {"id2label": LABELS, "label2id": {name: label for label, name in LABELS.items()}, "use_safetensors": True}
    batch = AutoTokenizer.from_pretrained(folder)(["a text", "another"], padding=True)
    ids, mask = np.array(batch["input_ids"]), np.array(batch["attention_mask"])
    given |= {"ignore_mismatched_sizes": True} | ({"dtype": "float32"} if TORCH else {})
    model = getattr(transformers, f"{'' if TORCH else 'TF'}AutoModelForTokenClassification").from_pretrained(
        folder, **given
    )
    if TORCH:
        import torch

        ids, mask = torch.tensor(ids), torch.tensor(mask)
        loss = model(input_ids=ids, attention_mask=mask, labels=ids % 3).loss
        loss.backward()
        return loss.item()
    model.compile("adam")
    return model.train_on_batch({"input_ids": ids, "attention_mask": mask, "labels": ids % 3})


NUMBERS = (-1, 0, None, "x", 10**12, 1.5, [])


@pytest.mark.weekly
@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta"])
def test_any_number_in_a_configuration_either_trains_or_is_one_error(tmp_path, kind):
    write_small(tmp_path, kind)
    config = json.loads((tmp_path / CONFIG).read_text())
    numeric = [key for key, value in config.items() if isinstance(value, int | float) and not isinstance(value, bool)]
    refused = 0
    for key, value in product((*numeric, "num_labels"), NUMBERS):
        (tmp_path / CONFIG).write_text(json.dumps(config | {key: value}))
        try:
            resolve_checkpoint(str(tmp_path))
        except TutorialError as error:
            assert "\n" not in str(error), (key, value)
            refused += 1
        else:
            assert np.isfinite(train_a_step(tmp_path)), (key, value)
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


@pytest.mark.skipif(not TORCH, reason="the TensorFlow edition trains what it has a class for")
@pytest.mark.parametrize("kind", ["gpt2", "llama", "t5", "bloom", "canine"])
def test_decoders_and_others_are_taken_too(tmp_path, kind):
    write_small(tmp_path, kind)
    if kind == "canine":
        assert_refused(tmp_path, "cannot become a token classifier")
    else:
        assert resolve_checkpoint(str(tmp_path)) == str(tmp_path)


@pytest.mark.parametrize("spoilt", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_refused(folder, spoilt):
    """In one place only, of a subword that the data may never contain."""
    arrays = load_file(folder / WEIGHTS)
    arrays["embeddings.word_embeddings.weight"][700, 3] = spoilt
    save_file(arrays, folder / WEIGHTS, {"format": "pt"})
    assert_refused(folder, r"word_embeddings\S+ are not finite")


@pytest.mark.parametrize(
    ("change", "count"),
    [
        (lambda name, array: [(f"other.{name}", array)], 36),
        (lambda name, array: [("nothing", np.ones(1, np.float32))], 36),
        (lambda name, array: [] if "layer.1." in name else [(name, array)], 16),
        (lambda name, array: [(name, array[:-1] if "position" in name else array)], 1),
        (lambda name, array: [(f"distilbert.{name}", array)], None),
        (lambda name, array: [(name, array), (f"pooler.{name}", array)], None),
        (
            lambda name, array: [(name.replace("Norm.weight", "Norm.gamma").replace("Norm.bias", "Norm.beta"), array)],
            None,
        ),
        (lambda name, array: [(name, array.astype(np.float16))], None),
    ],
)
def test_weights_that_are_not_this_encoders_are_refused(folder, change, count):
    arrays = dict(pair for weight in load_file(folder / WEIGHTS).items() for pair in change(*weight))
    save_file(arrays, folder / WEIGHTS, {"format": "pt"})
    if count:
        assert_refused(folder, f"do not fit its config.json: {count} of the encoder's")
    else:
        assert resolve_checkpoint(str(folder)) == str(folder)


def test_a_tokenizer_with_more_subwords_than_the_encoder_or_without_padding_is_refused(folder):
    tokenizer = AutoTokenizer.from_pretrained(TINY)
    for name in TOKENIZER:
        (folder / name).unlink()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, unk_token="[UNK]").save_pretrained(folder)
    assert_refused(folder, "cannot become a token classifier: ValueError: its tokenizer has no pad_token")
    tokenizer.add_tokens(["<one more>"])
    tokenizer.save_pretrained(folder)
    assert_refused(folder, "its tokenizer numbers subwords up to 800, but its encoder knows only 800")


@pytest.mark.skipif(find_spec("sentencepiece") is not None, reason="the package is there")
def test_a_sentencepiece_model_names_the_package_that_reads_it(folder):
    (folder / "tokenizer.json").unlink()
    (folder / "sentencepiece.bpe.model").write_bytes(b"")
    assert_refused(folder, "pip install sentencepiece protobuf")


@pytest.mark.skipif(not TORCH, reason="TensorFlow draws from another generator")
def test_the_trial_draws_no_random_numbers(tmp_path):
    import torch

    torch.manual_seed(0)
    resolve_checkpoint(str(TINY))
    drawn = torch.rand(4)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(4))
