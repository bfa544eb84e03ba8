"""Try whether a checkpoint can be trained.

transformers fills what a checkpoint lacks with random numbers, and says so only in its log.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.checkpoints.safety import CONFIG, is_transformers_4
from helpers.checkpoints.word_tokenizer import prepare_tokenizer
from helpers.errors import CheckpointUnavailableError, TutorialError
from helpers.notebook.language import translate

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

POOLER = ".pooler."  # makes one vector of a sentence, which no tagger uses
SENTENCES = [["a", "b"], ["a"]]


def require_trainable(folder: Path, name: str) -> None:
    """Make a token classifier of a checkpoint, and compute a loss with it.

    Parameters
    ----------
    folder : Path
        Has passed `helpers.checkpoints.safety.require_safe`.
    name : str
        What the reader calls the checkpoint.

    Raises
    ------
    SlowTokenizerError
        If the tokenizer cannot tell the words of its subwords.
    CheckpointUnavailableError
        If configuration or tokenizer cannot be loaded; if the tokenizer runs words into each other, or has no padding
        or more subwords than the encoder; if the model cannot be built or computes no loss; or if one of the encoder's
        weights is missing, has another shape than the configuration says, or isn't finite.
    """
    config, tokenizer = _load_without_weights(folder, name)
    attempt = _try_in_tensorflow if is_transformers_4() else _try_in_pytorch
    try:
        _require_tokenizer(name, config, tokenizer)
        attempt(folder, name, config, tokenizer)
    except CheckpointUnavailableError:
        raise
    except Exception as error:  # of any kind, as a configuration may say anything
        raise CheckpointUnavailableError(
            translate("the checkpoint {name} cannot become a token classifier: {reason}").format(
                name=repr(name), reason=f"{type(error).__name__}: {error}".splitlines()[0]
            )
        ) from error


def _load_without_weights(folder: Path, name: str) -> tuple[PretrainedConfig, PreTrainedTokenizerBase]:
    """Load the configuration, and the tokenizer as `prepare_tokenizer` leaves it."""
    from transformers import AutoConfig, AutoTokenizer

    model = next(folder.glob("*.model"), None)
    if model and not (folder / "tokenizer.json").exists() and find_spec("sentencepiece") is None:
        raise CheckpointUnavailableError(
            translate(
                "the checkpoint {name} has its tokenizer as a SentencePiece model ({file}), and no tokenizer.json;"
                " to read it, transformers needs two packages: pip install sentencepiece protobuf"
            ).format(name=repr(name), file=model.name)
        )
    config = _loaded(
        lambda: AutoConfig.from_pretrained(folder),
        translate("the configuration of the checkpoint {name} cannot be loaded: {reason}"),
        name,
    )
    tokenizer = _loaded(
        lambda: prepare_tokenizer(AutoTokenizer.from_pretrained(folder), config),
        translate("the tokenizer of the checkpoint {name} cannot be loaded: {reason}"),
        name,
    )
    return config, tokenizer


def _loaded(load: Callable[[], Any], message: str, name: str) -> Any:
    try:
        return load()
    except TutorialError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise CheckpointUnavailableError(message.format(name=repr(name), reason=reason)) from error


def _try_in_pytorch(folder: Path, name: str, config: PretrainedConfig, tokenizer: PreTrainedTokenizerBase) -> None:
    import torch
    from transformers import AutoModelForTokenClassification

    def load(**settings):
        return AutoModelForTokenClassification.from_pretrained(
            folder,
            id2label=dict.fromkeys(range(config.num_labels + 1), ""),  # one more, so that the head is always new
            ignore_mismatched_sizes=True,
            use_safetensors=True,
            dtype="float32",
            **settings,
        )

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        # First without memory for the weights, as a configuration may ask for terabytes
        model, report = load(device_map="meta", output_loading_info=True)
        unfit = report["missing_keys"] | {weight for weight, *_ in report["mismatched_keys"]}
        encoder = f"{model.base_model_prefix}."
        _require_fit(name, [weight for weight in unfit if weight.startswith(encoder) and POOLER not in weight])
        model = load().eval()
        model.get_input_embeddings().requires_grad_(False)  # as `speedups` does
        for weight, numbers in model.named_parameters():
            _require_finite(name, weight, all(map(torch.isfinite, numbers.aminmax())))
        batch = tokenizer(SENTENCES, is_split_into_words=True, padding=True, return_tensors="pt")
        ids, mask = batch["input_ids"], batch["attention_mask"]
        loss = model(input_ids=ids, attention_mask=mask, labels=torch.zeros_like(ids)).loss
        _require_finite(name, "loss", torch.isfinite(loss))


def _try_in_tensorflow(folder: Path, name: str, config: PretrainedConfig, tokenizer: PreTrainedTokenizerBase) -> None:
    import tensorflow as tf
    from transformers import TFAutoModelForTokenClassification

    model, report = TFAutoModelForTokenClassification.from_pretrained(
        folder, ignore_mismatched_sizes=True, use_safetensors=True, output_loading_info=True
    )
    unfit = [*report["missing_keys"], *(weight for weight, *_ in report["mismatched_keys"])]
    _require_fit(name, [weight for weight in unfit if "classifier" not in weight])
    for weight in model.weights:
        _require_finite(name, weight.name, tf.reduce_all(tf.math.is_finite(weight)))
    batch = tokenizer(SENTENCES, is_split_into_words=True, padding=True, return_tensors="tf")
    ids, mask = batch["input_ids"], batch["attention_mask"]
    # Training, as only that looks at dropout rates
    loss = model(input_ids=ids, attention_mask=mask, labels=tf.zeros_like(ids), training=True).loss
    _require_finite(name, "loss", tf.reduce_all(tf.math.is_finite(loss)))


def _require_tokenizer(name: str, config: PretrainedConfig, tokenizer: PreTrainedTokenizerBase) -> None:
    if tokenizer.pad_token is None:
        raise CheckpointUnavailableError(
            translate(
                "the tokenizer of the checkpoint {name} has no padding token, which batches need; choose another"
                " encoder, or name one as pad_token in the tokenizer_config.json of a copy"
            ).format(name=repr(name))
        )
    # Some tokenizers have special tokens that their encoder doesn't know, and texts don't contain.
    largest = max({*tokenizer.get_vocab().values()} - {*tokenizer.all_special_ids}, default=0)
    if largest >= getattr(config, "vocab_size", largest + 1):
        raise CheckpointUnavailableError(
            translate(
                "the tokenizer of the checkpoint {name} numbers its subwords up to {largest}, but its encoder knows"
                " only {count}; put the tokenizer there that belongs to it"
            ).format(name=repr(name), largest=largest, count=config.vocab_size)
        )


def _require_fit(name: str, unfit: list[str]) -> None:
    """Refuse an encoder that would be partly random; `unfit` are its weights that are missing or of another shape."""
    if unfit:
        raise CheckpointUnavailableError(
            translate(
                "the weights of the checkpoint {name} do not fit its {file}: {count} of the encoder's are missing or"
                " have another shape, and would start from random numbers; the first is {weight}"
            ).format(name=repr(name), file=CONFIG, count=len(unfit), weight=min(unfit))
        )


def _require_finite(name: str, what: str, is_finite: bool) -> None:
    if not is_finite:
        raise CheckpointUnavailableError(
            translate(
                "the checkpoint {name} cannot be trained: numbers in {what} are not finite (NaN, infinity)"
            ).format(name=repr(name), what=what)
        )
