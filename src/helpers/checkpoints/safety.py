"""Refuse incomplete and unsafe checkpoints before anything loads them.

transformers passes each entry of a configuration on to its classes, and the entry's name decides what it does. But it
takes a string to name code, a file or another entry. So strings are accepted only where they are known to be plain
values, and numbers and switches wherever they cannot stand for something else. Which classes read them is a closed
choice, too: fast tokenizers of transformers, and models that it has a token classifier for.

What opens which file was read in transformers 5.24 and, for the TensorFlow edition, 4.52.4.
"""

import inspect
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

from helpers.errors import CheckpointUnavailableError, SlowTokenizerError, UnsafeCheckpointError
from helpers.notebook.language import translate

WEIGHTS, INDEX, SHARDS = "model.safetensors", "model.safetensors.index.json", "model*.safetensors"
DISTRIBUTED = "shard-*.safetensors"  # transformers 5 prefers these to `WEIGHTS`
CARD = "README.md"
TAGGER = "ForTokenClassification"  # how the names of such classes end
CONFIG, ADAPTER = "config.json", "adapter_config.json"
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
COUNTS = re.compile(r"(?P<layers>(num|num_hidden|n)_layers?)|\w*(experts|groups?|group_num|labels|layers)")
MOST_PARTS = 10_000
OPENED = re.compile(r"\w*_file|init_inputs|vocab|merges")  # here even a number means a file: one that is already open


def missing_content(folder: Path, name: str) -> str | None:
    """Say what the folder of a checkpoint lacks, which the reader calls by a name; None if it lacks nothing."""
    required = {
        "config.json": translate("the checkpoint {name} has no configuration (config.json)"),
        "model.safetensors*": translate(
            "the checkpoint {name} has no weights as safetensors (model.safetensors); other formats are not loaded,"
            " because a pickle, such as pytorch_model.bin, can run any code"
        ),
        "tokenizer*.json": translate("the checkpoint {name} has no tokenizer (tokenizer.json)"),
    }
    missing = next((sentence for pattern, sentence in required.items() if not any(folder.glob(pattern))), None)
    return missing and missing.format(name=repr(name))


def require_safe(folder: Path, name: str) -> None:
    """Refuse a checkpoint that could name code, files outside its folder, or other weights.

    transformers 4.52 would copy the content of such files into the trained model, which may be pushed to the Hub.

    Parameters
    ----------
    folder : Path
        Contains a ``config.json`` and weights.
    name : str
        What the reader calls the checkpoint.

    Raises
    ------
    UnsafeCheckpointError
        If it could; the message says where.
    SlowTokenizerError
        If it asks for anything but a fast tokenizer.
    CheckpointUnavailableError
        If a file is not what its name says, or it cannot become a token classifier.
    """
    from transformers import CONFIG_MAPPING, PretrainedConfig

    for path in folder.rglob("*"):
        if path.is_symlink() and path.suffix != ".safetensors" and not _stays_within(path, folder):
            raise UnsafeCheckpointError(
                translate(
                    "the checkpoint {name} is not loaded: {file} is a link to a file outside of its folder, which would"
                    " be copied into the trained model; put the file itself there if it belongs to it"
                ).format(name=repr(name), file=path.name)
            )
    if distributed := next(folder.glob(DISTRIBUTED), None):
        raise UnsafeCheckpointError(
            translate(
                "the checkpoint {name} is not loaded: the weights in {file} would be loaded in place of {weights};"
                " merge such files into that one, or remove them"
            ).format(name=repr(name), file=distributed.name, weights=WEIGHTS)
        )
    if (folder / ADAPTER).exists():
        raise UnsafeCheckpointError(
            translate(
                "the checkpoint {name} is not loaded: it is an adapter ({file}), and another model would be loaded from"
                " wherever that says; merge the two, and save them as one"
            ).format(name=repr(name), file=ADAPTER)
        )
    config = _read_object(folder / CONFIG, name)
    _require_classifier(config, name)
    declared = inspect.signature(CONFIG_MAPPING[config["model_type"]]).parameters
    _require_values(config, CONFIG, name, partial(_is_setting, declared), partial(hasattr, PretrainedConfig))
    _require_fast_tokenizer(config, CONFIG, name)
    _require_counts(config, name)
    for file in TOKENIZER_CONFIGS:
        if (folder / file).exists():
            entries = _read_object(folder / file, name)
            _require_values(entries, file, name, _is_tokenizer_setting, OPENED.fullmatch)
            _require_fast_tokenizer(entries, file, name)
    _require_weights(folder, name)


def is_transformers_4() -> bool:
    """Return whether this is the environment of the TensorFlow edition."""
    import transformers

    return transformers.__version__.startswith("4.")


def _stays_within(link: Path, folder: Path) -> bool:
    """Return whether a link leads to a file in the folder, or in ``blobs``, as in the cache of the Hub's client."""
    target, folder = Path(os.path.realpath(link)), folder.resolve()
    return target.is_relative_to(folder) or target.is_relative_to(folder.parent.parent / "blobs")


def _read_object(path: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointUnavailableError(
            translate("{file} of the checkpoint {name} is not JSON: {problem}").format(
                file=path.name, name=repr(name), problem=error
            )
        ) from error
    if not isinstance(content, dict):
        raise CheckpointUnavailableError(
            translate("{file} of the checkpoint {name} holds no JSON object").format(file=path.name, name=repr(name))
        )
    return content


def _require_classifier(config: dict[str, Any], name: str) -> None:
    if is_transformers_4():  # which the TensorFlow edition uses
        from transformers.models.auto.modeling_tf_auto import TF_MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES as kinds
    else:
        from transformers.models.auto.modeling_auto import MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES as kinds

    kind = config.get("model_type")
    if str(kind) not in kinds:
        raise CheckpointUnavailableError(
            translate(
                "the checkpoint {name} is of the model_type {kind} ({file}), of which transformers has no token"
                " classifier, and Python code that a checkpoint brings along is not run"
            ).format(name=repr(name), kind=repr(kind), file=CONFIG)
        )
    if config.get("quantization_config"):
        raise CheckpointUnavailableError(
            translate(
                "the checkpoint {name} holds quantized weights (quantization_config in its {file}), which cannot be"
                " trained; take the one that it was made from"
            ).format(name=repr(name), file=CONFIG)
        )


def _require_values(
    entries: dict[str, Any],
    file: str,
    name: str,
    is_setting: Callable[[str, Any], Any],
    is_taken: Callable[[str], Any],
) -> None:
    """Accept settings, and anything that contains only numbers, unless its name is taken for something else."""
    for key, value in entries.items():
        leaves = [leaf for leaf in _leaves(value) if leaf is not None]
        is_number = all(isinstance(leaf, int | float) for leaf in leaves)
        if leaves and not is_setting(key, value) and (is_taken(key) or not is_number):
            raise UnsafeCheckpointError(
                translate(
                    "the checkpoint {name} is not loaded: {key} in its {file} could name code or a file, which is not"
                    " touched. If you know that it does no harm, take it out of a copy of the checkpoint"
                ).format(name=repr(name), key=repr(key), file=file)
            )


def _require_counts(config: dict[str, Any], name: str) -> None:
    """Refuse a model without layers, and numbers of parts that would keep transformers building them for hours."""
    for key, value in config.items():
        counted = COUNTS.fullmatch(key)
        if counted and isinstance(value, int) and not bool(counted["layers"]) <= value <= MOST_PARTS:
            raise CheckpointUnavailableError(
                translate("the configuration of the checkpoint {name} cannot be loaded: {reason}").format(
                    name=repr(name), reason=f"{key} = {value}"
                )
            )


def _leaves(value: Any) -> Iterator[Any]:
    """Iterate over the values in lists and objects; without recursion, as JSON may be nested deeper than calls."""
    unseen = [value]
    while unseen:
        value = unseen.pop()
        if isinstance(value, dict):
            unseen += value.values()
        elif isinstance(value, list):
            unseen += value
        else:
            yield value


def _is_setting(declared: Mapping[str, Any], key: str, value: Any) -> bool:
    return bool(SETTINGS.fullmatch(key)) or (key in declared and not isinstance(value, dict))


def _is_tokenizer_setting(key: str, value: Any) -> bool:
    return bool(TOKENIZER_SETTINGS.fullmatch(key)) and (key != TEMPLATES or isinstance(value, str))


def _require_fast_tokenizer(entries: dict[str, Any], file: str, name: str) -> None:
    kind = entries.get("tokenizer_class")
    if kind is not None and not _is_fast_tokenizer(str(kind)):
        raise SlowTokenizerError(
            translate(
                "the checkpoint {name} asks for the tokenizer_class {kind} ({file}), which is no fast tokenizer of"
                " transformers; only these can tell the words of their subwords"
            ).format(name=repr(name), kind=repr(kind), file=file)
        )


def _is_fast_tokenizer(kind: str) -> bool:
    """Return whether a name is that of a fast tokenizer; it ends in ``Fast`` in transformers 4, but rarely in 5."""
    import transformers

    name = kind.removesuffix("Fast")
    names = filter(TOKENIZER_NAME.fullmatch, (f"{name}Fast", name))
    classes = [getattr(transformers, name, None) for name in names]
    return any(isinstance(c, type) and issubclass(c, transformers.PreTrainedTokenizerFast) for c in classes)


def _require_weights(folder: Path, name: str) -> None:
    from safetensors import SafetensorError, safe_open

    for shard in _shards(folder, name):
        if Path(shard).name != shard or not fnmatch(shard, SHARDS):
            raise UnsafeCheckpointError(
                translate(
                    "the checkpoint {name} is not loaded: its {index} names {shard}, where only {shards} of its own"
                    " folder are taken"
                ).format(name=repr(name), index=INDEX, shard=repr(shard), shards=SHARDS)
            )
        try:
            with safe_open(folder / shard, framework="numpy"):
                pass
        except (OSError, SafetensorError) as error:
            raise CheckpointUnavailableError(
                translate("{file} of the checkpoint {name} is broken: {problem}").format(
                    file=shard, name=repr(name), problem=error
                )
            ) from error


def _shards(folder: Path, name: str) -> list[str]:
    if (folder / WEIGHTS).exists():
        return [WEIGHTS]
    weight_map = _read_object(folder / INDEX, name).get("weight_map")
    if not isinstance(weight_map, dict):
        raise CheckpointUnavailableError(
            translate("{file} of the checkpoint {name} does not say where which weight is").format(
                file=INDEX, name=repr(name)
            )
        )
    return sorted(set(map(str, weight_map.values())))
