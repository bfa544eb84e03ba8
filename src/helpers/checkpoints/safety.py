"""Refuse incomplete and unsafe checkpoints before anything loads them.

transformers passes each entry of a configuration on to its classes. It takes a string to name code, a file or another
entry, so strings are accepted only where they are known to be plain values, and numbers and switches wherever they
cannot stand for something else. Which classes read them is a closed choice, too: fast tokenizers of transformers, and
models that it has a token classifier for. (Read in transformers 5.24 and, for the TensorFlow edition, 4.52.4.)
"""

import inspect
import json
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from fnmatch import fnmatch
from pathlib import Path
from textwrap import shorten
from typing import Any

from helpers.disk.files import require_file
from helpers.errors import CheckpointUnavailableError, SlowTokenizerError, TutorialError, UnsafeCheckpointError
from helpers.notebook.language import translate

WEIGHTS, INDEX, SHARDS = "model.safetensors", "model.safetensors.index.json", "model*.safetensors"
FOREIGN = ("shard-*.safetensors", "adapter_config.json")  # transformers 5 prefers the former to `WEIGHTS`
CARD, CONFIG = "README.md", "config.json"
TAGGER = "ForTokenClassification"  # how the names of such classes end
TOKENIZER_CONFIGS = ("tokenizer_config.json", "special_tokens_map.json")  # transformers merges them
# Entries whose strings are plain values: in config.json, besides those that the architecture's own class declares, ...
SETTINGS = re.compile(
    r"""_?name_or_path | architectures | attention_layers | attention_mode | conv_act | dense_act_fn | directionality
    | dtype | finetuning_task | id2label | id2lang | label2id | language | layer_types | model_type | norm_rel_ebd
    | num_labels | padding | pooler_type | position_embedding_type | prefix | problem_type | rope_parameters
    | rope_scaling | task_specific_params | tokenizer_class | torch_dtype | transformers_version""",
    re.VERBOSE,
)
# ... and in the files for the tokenizer.
TOKENIZER_SETTINGS = re.compile(
    r"""\w+_token | added_tokens_decoder | additional_special_tokens | backend | chat_template | errors
    | language_codes | model_input_names | name_or_path | never_split | (padding|truncation)_side
    | special_tokens_map_file | (src|tgt)_lang | (sub)?word_tokenizer_type | tokenizer_class | transformers_version
    | truncation_strategy | vocab_type""",
    re.VERBOSE,
)
TOKENIZER_NAME = re.compile(r"\w+Tokenizer(Fast)?|TokenizersBackend")  # the latter is what 5 saves
TEMPLATES = "chat_template"  # if there are several, each becomes a file of its name when the tokenizer is saved
REQUIRED = ("config.json", "model.safetensors*", "tokenizer*.json")
COUNTS = re.compile(r"(?P<layers>(num|num_hidden|n)_layers?)|\w*(experts|groups?|group_num|labels|layers)")
MOST_PARTS = 10_000
OPENED = re.compile(r"\w*_file|init_inputs|vocab|merges")  # here even a number means a file: one that is already open
LONGEST_REASON = 400


def refusal(
    message: str, name: str, error: type[TutorialError] = CheckpointUnavailableError, **details: Any
) -> TutorialError:
    """Make the error that refuses a checkpoint, which the reader calls by a name."""
    return error(message, name=repr(name), **details)


@contextmanager
def refuse_on_error(message: str, name: str, **details: str) -> Iterator[None]:
    """Refuse a checkpoint for any error in the body of a ``with`` statement, which is the message's ``reason``."""
    try:
        yield
    except TutorialError:
        raise
    except Exception as error:  # of any kind, as a checkpoint may say anything
        reason = shorten(f"{type(error).__name__}: {error}", LONGEST_REASON)
        raise refusal(message, name, reason=reason, **details) from error


def reading(file: str, name: str) -> AbstractContextManager[None]:
    """Refuse a checkpoint, with a file's name, if the body of a ``with`` statement cannot read that file."""
    return refuse_on_error(translate("{file} of the checkpoint {name} cannot be read: {reason}"), name, file=file)


def missing_file(folder: Path) -> str | None:
    """Name a file that the folder of a checkpoint lacks; None if it lacks nothing."""
    return next((pattern.replace("*", "") for pattern in REQUIRED if not any(folder.glob(pattern))), None)


def require_safe(folder: Path, name: str) -> None:
    """Refuse a checkpoint that could name code, files outside its folder, or other weights: `UnsafeCheckpointError`.

    Raises `SlowTokenizerError` if it asks for anything but a fast tokenizer, and `CheckpointUnavailableError` if a file
    is not what its name says, or it is no encoder for token classification.
    """
    for path in folder.rglob("*"):
        with reading(path.name, name):  # or whatever loads the checkpoint would wait for a pipe
            if not path.is_dir():
                require_file(path)
        is_foreign = path.parent == folder and any(fnmatch(path.name, pattern) for pattern in FOREIGN)
        if is_foreign or _leads_out(path, folder):
            text = translate(
                "the checkpoint {name} is not loaded: {file} would bring in weights or files other than its own; put"
                " them there themselves, or merge them with it, if they belong to it, and remove {file}"
            )
            raise refusal(text, name, UnsafeCheckpointError, file=path.name)
    for file in (CONFIG, *TOKENIZER_CONFIGS):
        if (folder / file).exists():
            with reading(file, name):
                entries = _read_object(folder / file)
                if file == CONFIG:
                    _require_classifier(entries, name)
                _require_plain_values(entries, file, name)
                _require_fast_tokenizer(entries, file, name)
    _require_weights(folder, name)


def is_transformers_4() -> bool:
    """Return whether this is the environment of the TensorFlow edition."""
    import transformers

    return transformers.__version__.startswith("4.")


def _leads_out(path: Path, folder: Path) -> bool:
    """Return whether a link leads out of the folder, and not to ``blobs``, as in the cache of the Hub's client."""
    if not path.is_symlink() or path.suffix == ".safetensors":  # from which nothing but numbers is read
        return False
    target, folder = Path(os.path.realpath(path)), folder.resolve()
    return not any(target.is_relative_to(place) for place in (folder, folder.parent.parent / "blobs"))


def _read_object(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(translate("it holds no JSON object"))
    return content


def _require_classifier(config: dict[str, Any], name: str) -> None:
    """Refuse what has no token classifier, no layers, or so many parts that building them would take hours."""
    if is_transformers_4():
        from transformers.models.auto.modeling_tf_auto import TF_MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES as kinds
    else:
        from transformers.models.auto.modeling_auto import MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES as kinds

    kind = config.get("model_type")
    if str(kind) not in kinds:
        text = translate(
            "the checkpoint {name} is of the model_type {kind} ({file}), of which transformers has no token"
            " classifier, and Python code that a checkpoint brings along is not run"
        )
        raise refusal(text, name, kind=repr(kind), file=CONFIG)
    if config.get("quantization_config"):
        text = translate(
            "the checkpoint {name} holds quantized weights (quantization_config in its {file}), which cannot be"
            " trained; take the one that it was made from"
        )
        raise refusal(text, name, file=CONFIG)
    for key, value in config.items():
        counted = COUNTS.fullmatch(key)
        if counted and isinstance(value, int) and not bool(counted["layers"]) <= value <= MOST_PARTS:
            raise ValueError(f"{key} = {value}")


def _require_plain_values(entries: dict[str, Any], file: str, name: str) -> None:
    """Accept settings, and anything that contains only numbers, unless its name is taken for something else."""
    from transformers import CONFIG_MAPPING, PretrainedConfig

    for key, value in entries.items():
        if file == CONFIG:
            declared = inspect.signature(CONFIG_MAPPING[entries["model_type"]]).parameters
            is_setting = SETTINGS.fullmatch(key) or (key in declared and not isinstance(value, dict))
            is_taken = hasattr(PretrainedConfig, key)
        else:
            is_setting = TOKENIZER_SETTINGS.fullmatch(key) and (key != TEMPLATES or isinstance(value, str))
            is_taken = OPENED.fullmatch(key)
        leaves = [leaf for leaf in _leaves(value) if leaf is not None]
        is_number = all(isinstance(leaf, int | float) for leaf in leaves)
        if leaves and not is_setting and (is_taken or not is_number):
            raise _could_name_code(key, file, name)


def _could_name_code(entry: str, file: str, name: str) -> TutorialError:
    text = translate(
        "the checkpoint {name} is not loaded: {key} in its {file} could name code or a file, which is not"
        " touched. If you know that it does no harm, take it out of a copy of the checkpoint"
    )
    return refusal(text, name, UnsafeCheckpointError, key=repr(entry), file=file)


def _leaves(value: Any) -> list[Any]:
    """List the values in lists and objects."""
    if isinstance(value, dict):
        value = [*value.values()]
    return [leaf for part in value for leaf in _leaves(part)] if isinstance(value, list) else [value]


def _require_fast_tokenizer(entries: dict[str, Any], file: str, name: str) -> None:
    """Refuse other classes; the name of a fast one ends in ``Fast`` in transformers 4, but rarely in 5."""
    import transformers

    kind = entries.get("tokenizer_class")
    bare = str(kind).removesuffix("Fast")
    names = filter(TOKENIZER_NAME.fullmatch, (f"{bare}Fast", bare))
    classes = [getattr(transformers, name, None) for name in names]
    fast = transformers.PreTrainedTokenizerFast
    if kind is not None and not any(isinstance(found, type) and issubclass(found, fast) for found in classes):
        text = translate(
            "the checkpoint {name} asks for the tokenizer_class {kind} ({file}), which is no fast tokenizer of"
            " transformers; only these can tell the words of their subwords"
        )
        raise refusal(text, name, SlowTokenizerError, kind=repr(kind), file=file)


def _require_weights(folder: Path, name: str) -> None:
    """Refuse weights that are no safetensors, or lie where an index should not lead."""
    from safetensors import safe_open

    shards = {WEIGHTS}
    if not (folder / WEIGHTS).exists():
        with reading(INDEX, name):
            shards = {str(shard) for shard in _read_object(folder / INDEX)["weight_map"].values()}
    for shard in sorted(shards):
        if Path(shard).name != shard or not fnmatch(shard, SHARDS):
            raise _could_name_code(shard, INDEX, name)
        with reading(shard, name), safe_open(folder / shard, framework="numpy"):
            pass
