"""Tokenizers for words: each kind that checkpoints bring, and the limit of each architecture."""

from contextlib import suppress
from types import SimpleNamespace

import pytest
import torch
import transformers
from support.published_checkpoints import SMALL
from support.small_tokenizers import CHECKPOINTS, WORDS, save_tokenizer
from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForTokenClassification, AutoTokenizer, pipeline
from transformers.models.auto.modeling_auto import MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES

from helpers.checkpoints.word_tokenizer import POSITIONS_BEHIND_PADDING, longest_input, prepare_tokenizer
from helpers.errors import CheckpointUnavailableError

BERT = AutoConfig.for_model("bert", max_position_embeddings=64)
FEW_POSITIONS = SMALL | dict.fromkeys(("max_position_embeddings", "n_positions"), 20) | {"vocab_size": 50}
FEW_POSITIONS["pad_token_id"] = 1


def pieces(encoding):
    """Write subwords without the signs for spaces; lists that are equal say where words begin, too."""
    return [token.replace("Ġ", "_").replace("▁", "_") for token in encoding.tokens()]


@pytest.mark.parametrize("kind", [kind for kind in CHECKPOINTS if kind != "one that strips"])
def test_words_are_read_as_they_are_with_spaces_between(tmp_path, kind):
    untouched = AutoTokenizer.from_pretrained(save_tokenizer(kind, tmp_path / "encoder"))
    in_text = pieces(untouched("a " + " ".join(WORDS), add_special_tokens=False))
    prepared = prepare_tokenizer(AutoTokenizer.from_pretrained(tmp_path / "encoder"), BERT)
    encoding = prepared(["a", *WORDS], is_split_into_words=True, add_special_tokens=False)
    second = encoding.word_ids().index(1)  # what stands before the first word of a text differs
    assert pieces(encoding)[second:] == in_text[second - len(encoding.word_ids()) :]
    assert set(encoding.word_ids()) == set(range(len(WORDS) + 1))
    if kind != "BERT":
        assert pieces(encoding)[second].startswith("_")
    prepared.save_pretrained(tmp_path / "saved")
    again = prepare_tokenizer(AutoTokenizer.from_pretrained(tmp_path / "saved"), BERT)
    assert again(WORDS, is_split_into_words=True)["input_ids"] == prepared(WORDS, is_split_into_words=True)["input_ids"]
    assert again.model_max_length == 64


@pytest.mark.parametrize(
    ("kind", "model", "message"),
    [("one that strips", "bert", "runs words into each other"), ("BERT", "fnet", "'fnet' take no attention_mask")],
)
def test_what_would_go_wrong_silently_is_refused(tmp_path, kind, model, message):
    tokenizer = AutoTokenizer.from_pretrained(save_tokenizer(kind, tmp_path))
    with pytest.raises(CheckpointUnavailableError, match=message):
        prepare_tokenizer(tokenizer, AutoConfig.for_model(model))


def test_the_model_gets_what_it_takes_from_a_tokenizer_made_for_another(tmp_path):
    config = AutoConfig.for_model("distilbert", vocab_size=600, dim=16, hidden_dim=16, n_heads=2, n_layers=1)
    tokenizer = AutoTokenizer.from_pretrained(save_tokenizer("BERT", tmp_path / "encoder"))
    assert "token_type_ids" in tokenizer("a b")
    prepared = prepare_tokenizer(tokenizer, config)
    model = AutoModelForTokenClassification.from_config(config)
    assert model(**prepared("a b", return_tensors="pt")).logits.shape[-1] == 2
    assert len(pipeline("ner", model=model, tokenizer=prepared, ignore_labels=[])("a b")) == 2
    bert = prepare_tokenizer(AutoTokenizer.from_pretrained(tmp_path / "encoder"), BERT)
    assert "token_type_ids" in bert("a b")


@pytest.mark.parametrize(
    ("limit", "positions", "expected"),
    [(512, 512, 512), (int(1e30), 512, 512), (128, None, 128), (int(1e30), -1, 512), (4096, 8192, 4096)],
)
def test_longest_input_is_the_smallest_limit(limit, positions, expected):
    settings = {} if positions is None else {"max_position_embeddings": positions}
    config = transformers.PretrainedConfig(**settings)
    assert longest_input(SimpleNamespace(model_max_length=limit), config) == expected


def small_model(kind):
    """Make a model of an architecture; None if it is large or wants other sizes, for which each has its errors."""
    with suppress(Exception):
        known = CONFIG_MAPPING[kind]()
        config = CONFIG_MAPPING[kind](**{name: value for name, value in FEW_POSITIONS.items() if hasattr(known, name)})
        with torch.device("meta"):
            size = AutoModelForTokenClassification.from_config(config).num_parameters()
        return AutoModelForTokenClassification.from_config(config).eval() if size < 10**6 else None


def can_read(model, length):
    ids = torch.full((1, length), 5)
    # Positions beyond the embeddings; sizes that are too small for it
    with suppress(IndexError, RuntimeError, ValueError), torch.no_grad():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids)) is not None
    return False


@pytest.mark.slow
def test_every_architecture_can_read_what_it_is_said_to():
    models = {kind: small_model(kind) for kind in MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES}
    models = {kind: model for kind, model in models.items() if model is not None and can_read(model, 4)}
    assert len(models) > 60
    too_long = set()
    for kind, model in models.items():
        limit = longest_input(SimpleNamespace(model_max_length=int(1e30)), model.config)
        assert can_read(model, limit), kind
        too_long |= set() if can_read(model, limit + 1) else {kind}
    assert too_long >= POSITIONS_BEHIND_PADDING & {*models} >= {"roberta", "xlm-roberta", "camembert", "mpnet", "esm"}
