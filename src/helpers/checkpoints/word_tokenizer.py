"""Prepare a checkpoint's tokenizer for sentences that are split into words."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from tokenizers import normalizers

from helpers.alignment import require_fast
from helpers.errors import CheckpointUnavailableError
from helpers.notebook.language import translate

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

NO_LIMIT = 10**6
# Model types that count positions from behind the number of the padding: so many of their embeddings are never used.
POSITIONS_BEHIND_PADDING = {
    *("camembert", "data2vec-text", "esm", "ibert", "layoutlmv3", "lilt", "longformer", "luke", "markuplm", "mpnet"),
    *("roberta", "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod"),
}


def prepare_tokenizer(tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig) -> PreTrainedTokenizerBase:
    """Fit a tokenizer to words and to its model, for calls with ``is_split_into_words=True``; may change it in place.

    Sets how many subwords the model can take (``model_max_length``) and which inputs (``model_input_names``), and keeps
    words apart; all that is saved with it. Raises `SlowTokenizerError`, or `CheckpointUnavailableError` if it glues
    words together whatever one does, or the model takes no ``attention_mask``.
    """
    require_fast(tokenizer)
    tokenizer = keep_words_apart(tokenizer)
    tokenizer.model_max_length = longest_input(tokenizer, config)
    taken = _inputs_of_model(config)
    if "attention_mask" not in taken:
        text = translate(
            "models of the type {kind} take no attention_mask, so padding would change what they find; choose"
            " another encoder"
        )
        raise CheckpointUnavailableError(text, kind=repr(config.model_type))
    names = [name for name in tokenizer.model_input_names if name in taken]
    tokenizer.model_input_names = tokenizer.init_kwargs["model_input_names"] = names
    return tokenizer


def keep_words_apart(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """Let a tokenizer read a list of words as it would read them with spaces between; may change it in place.

    Some add the space in front of a word if they are loaded with ``add_prefix_space``; to the others a step is added
    that does so. Where neither helps, `CheckpointUnavailableError` is raised.
    """
    from transformers import AutoTokenizer

    if _keeps_words_apart(tokenizer):
        return tokenizer
    folder, side = tokenizer.name_or_path, tokenizer.truncation_side
    with_spaces = AutoTokenizer.from_pretrained(folder, add_prefix_space=True, truncation_side=side)
    if _keeps_words_apart(with_spaces):
        return with_spaces
    backend = tokenizer.backend_tokenizer
    steps = [backend.normalizer] if backend.normalizer else []
    backend.normalizer = normalizers.Sequence([normalizers.Prepend(" "), *steps])
    if not _keeps_words_apart(tokenizer):
        text = translate(
            "{kind}, the tokenizer of this encoder, runs words into each other when they come one by one, so labels"
            " can't be carried over to subwords; choose another encoder"
        )
        raise CheckpointUnavailableError(text, kind=type(tokenizer).__name__)
    return tokenizer


def _keeps_words_apart(tokenizer: PreTrainedTokenizerBase) -> bool:
    plain = {"add_special_tokens": False, "return_attention_mask": False}
    try:
        words = tokenizer(["a", "b"], is_split_into_words=True, **plain)
    except AssertionError:  # by which transformers 4 asks for add_prefix_space
        return False
    return words["input_ids"] == tokenizer("a b", **plain)["input_ids"]


def longest_input(tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig) -> int:
    """Return how many subwords a model can take, by its tokenizer and its position embeddings; 512 if neither says."""
    positions = getattr(config, "max_position_embeddings", None) or 0
    if config.model_type in POSITIONS_BEHIND_PADDING:
        positions -= config.pad_token_id + 1
    return min((limit for limit in (tokenizer.model_max_length, positions) if 0 < limit < NO_LIMIT), default=512)


def _inputs_of_model(config: PretrainedConfig) -> set[str]:
    """List the arguments of the token classifier; of TensorFlow's where there is no PyTorch."""
    import transformers

    if transformers.is_torch_available():
        classes, method = transformers.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING, "forward"
    else:
        classes, method = transformers.TF_MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING, "call"
    return set(inspect.signature(getattr(classes[type(config)], method)).parameters)
