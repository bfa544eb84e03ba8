"""Try whether a checkpoint can be trained: transformers fills what it lacks with random numbers."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.checkpoints.safety import CONFIG, is_transformers_4, reading, refusal, refuse_on_error
from helpers.checkpoints.word_tokenizer import prepare_tokenizer
from helpers.notebook.language import translate

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

POOLER = ".pooler."  # makes one vector of a sentence, which no tagger uses
SENTENCES = [["a", "b"], ["a"]]
INPUTS = ("input_ids", "attention_mask")


def require_trainable(folder: Path, name: str) -> None:
    """Make a token classifier of a checkpoint that has passed `require_safe`, and compute a loss with it.

    Raises `SlowTokenizerError`, or `CheckpointUnavailableError` if configuration, tokenizer or model cannot be built,
    do not fit each other, or compute no finite loss.
    """
    from transformers import AutoConfig, AutoTokenizer

    model = next(folder.glob("*.model"), None)
    if model and not (folder / "tokenizer.json").exists() and find_spec("sentencepiece") is None:
        text = translate(
            "the checkpoint {name} has its tokenizer as a SentencePiece model ({file}), and no tokenizer.json;"
            " to read it, transformers needs two packages: pip install sentencepiece protobuf"
        )
        raise refusal(text, name, file=model.name)
    with reading(CONFIG, name):
        config = AutoConfig.from_pretrained(folder)
    with refuse_on_error(translate("the tokenizer of the checkpoint {name} cannot be loaded: {reason}"), name):
        tokenizer = prepare_tokenizer(AutoTokenizer.from_pretrained(folder), config)
    attempt = _try_in_tensorflow if is_transformers_4() else _try_in_pytorch
    with refuse_on_error(translate("the checkpoint {name} cannot become a token classifier: {reason}"), name):
        _require_tokenizer(config, tokenizer)
        batch = tokenizer(SENTENCES, is_split_into_words=True, padding=True)
        batch = {"labels": [[0] * len(row) for row in batch["input_ids"]]} | {key: batch[key] for key in INPUTS}
        spoilt = [part for part, is_finite in attempt(folder, name, config, batch).items() if not is_finite]
        if spoilt:
            raise ValueError(translate("numbers in {what} are not finite (NaN, infinity)", what=spoilt[0]))


def _try_in_pytorch(folder: Path, name: str, config: PretrainedConfig, batch: dict[str, Any]) -> dict[str, bool]:
    """Return which weights are finite, by their names, and whether the loss is."""
    import torch
    from transformers import AutoModelForTokenClassification

    labels = dict.fromkeys(range(config.num_labels + 1), "")  # one more, so that the head is always new
    settings = {"id2label": labels, "ignore_mismatched_sizes": True, "dtype": "float32"}

    def load(**more: Any) -> PreTrainedModel:
        return AutoModelForTokenClassification.from_pretrained(folder, use_safetensors=True, **settings, **more)

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        # First without memory for the weights, as a configuration may ask for terabytes
        model, report = load(device_map="meta", output_loading_info=True)
        encoder = f"{model.base_model_prefix}."
        _require_fit(name, report, lambda weight: weight.startswith(encoder) and POOLER not in weight)
        model = load().eval()
        model.get_input_embeddings().requires_grad_(False)  # as `speedups` does
        batch = {key: torch.tensor(rows) for key, rows in batch.items()}
        finite = {weight: all(map(torch.isfinite, part.aminmax())) for weight, part in model.named_parameters()}
        return finite | {"loss": torch.isfinite(model(**batch).loss)}


def _try_in_tensorflow(folder: Path, name: str, config: PretrainedConfig, batch: dict[str, Any]) -> dict[str, bool]:
    import tensorflow as tf
    from transformers import TFAutoModelForTokenClassification

    model, report = TFAutoModelForTokenClassification.from_pretrained(
        folder, ignore_mismatched_sizes=True, use_safetensors=True, output_loading_info=True
    )
    _require_fit(name, report, lambda weight: "classifier" not in weight)
    finite = {weight.name: tf.reduce_all(tf.math.is_finite(weight)) for weight in model.weights}
    batch = {key: tf.constant(rows) for key, rows in batch.items()}
    loss = model(**batch, training=True).loss  # as only training looks at dropout rates
    return finite | {"loss": tf.reduce_all(tf.math.is_finite(loss))}


def _require_tokenizer(config: PretrainedConfig, tokenizer: PreTrainedTokenizerBase) -> None:
    if tokenizer.pad_token is None:
        raise ValueError(translate("its tokenizer has no pad_token, which batches need"))
    # Some tokenizers have special tokens that their encoder doesn't know, and texts don't contain.
    largest = max({*tokenizer.get_vocab().values()} - {*tokenizer.all_special_ids}, default=0)
    if largest >= getattr(config, "vocab_size", largest + 1):
        raise ValueError(
            translate(
                "its tokenizer numbers subwords up to {largest}, but its encoder knows only {count}",
                largest=largest,
                count=config.vocab_size,
            )
        )


def _require_fit(name: str, report: dict[str, Any], is_needed: Callable[[str], bool]) -> None:
    """Refuse an encoder that would be partly random: some of its weights are missing, or have another shape."""
    mismatched = {weight for weight, *_ in report["mismatched_keys"]}
    unfit = [*filter(is_needed, {*report["missing_keys"]} | mismatched)]
    if unfit:
        text = translate(
            "the weights of the checkpoint {name} do not fit its {file}: {count} of the encoder's are missing or"
            " have another shape, and would start from random numbers; the first is {weight}"
        )
        raise refusal(text, name, file=CONFIG, count=len(unfit), weight=min(unfit))
