"""What a checkpoint's folder must not hold, so that loading it runs no code and reads nothing outside of it."""

import json
import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from helpers.exceptions import CheckpointUnavailableError, UnsafeCheckpointError

WEIGHTS, INDEX, SHARDS = "model.safetensors", "model.safetensors.index.json", "model*.safetensors"
TOKENIZER, ADAPTER = "tokenizer.json", "adapter_config.json"
CONFIGURATIONS = ("config.json", "tokenizer_config.json")
# What transformers 4.52 takes for code, or for other files, where it stands in a configuration.
CODE = ("auto_map", "custom_pipelines")
ATTENTION = "attn_implementation"  # "owner/name:function" is code on the Hub, which the package kernels fetches
OTHER_FILES = ("configuration_files", "fast_tokenizer_files", "init_inputs", "transformers_weights")
TEMPLATES = "chat_template"  # if there are several, each becomes a file of its name when the tokenizer is saved
NOT_OPENED = "special_tokens_map_file"  # where the tokenizer was once made: a harmless leftover in many checkpoints


def require_safe(folder: Path, name: str) -> None:
    """Refuse a checkpoint that names code, or files outside of its folder, before anything loads it.

    transformers 4.52 would copy what such files hold into the trained model, which may go on to the Hub.

    Parameters
    ----------
    folder : Path
        Has a ``config.json`` and weights.
    name : str
        What the reader calls the checkpoint.

    Raises
    ------
    UnsafeCheckpointError
        If it does; the message says where.
    CheckpointUnavailableError
        If a file is not what its name says.
    """
    for path in folder.rglob("*"):
        if path.is_symlink() and path.suffix != ".safetensors" and not _stays_within(path, folder):
            raise UnsafeCheckpointError(
                f"the checkpoint {name!r} is not loaded: {path.name} is a link to a file outside of its folder, which"
                " would be copied into the trained model; put the file itself there if it belongs to it"
            )
    if (folder / ADAPTER).exists():
        raise UnsafeCheckpointError(
            f"the checkpoint {name!r} is not loaded: it is an adapter ({ADAPTER}), and another model would be loaded"
            " from wherever that says; merge the two, and save them as one"
        )
    for file in CONFIGURATIONS:
        if (folder / file).exists():
            for key, value in _entries(_read_object(folder / file, name)):
                _require_harmless(key, value, f"the checkpoint {name!r} is not loaded: {key} in its {file}")
    _require_tokenizer(folder, name)
    _require_weights(folder, name)


def _stays_within(link: Path, folder: Path) -> bool:
    """Tell whether a link leads to a file of the folder, or of ``blobs``, as in the cache of the Hub's clients."""
    target, folder = Path(os.path.realpath(link)), folder.resolve()
    return target.is_relative_to(folder) or target.is_relative_to(folder.parent.parent / "blobs")


def _entries(content: Any) -> Iterator[tuple[str, Any]]:
    """Go through the keys and values of all objects in a JSON document."""
    if isinstance(content, dict):
        yield from content.items()
        content = list(content.values())
    if isinstance(content, list):
        for part in content:
            yield from _entries(part)


def _require_harmless(key: str, value: Any, where: str) -> None:
    if value and (key in CODE or (ATTENTION in key and "/" in str(value))):
        raise UnsafeCheckpointError(f"{where} names Python code, which is not run, as it could do anything")
    if key == TEMPLATES and not isinstance(value, str | None):
        raise UnsafeCheckpointError(
            f"{where} names files to be written with the trained model, which could lie anywhere"
        )
    if value and (key in OTHER_FILES or (key.endswith("_file") and key != NOT_OPENED)):
        raise UnsafeCheckpointError(f"{where} names other files, which could lie anywhere; none is read")


def _read_object(path: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointUnavailableError(f"{path.name} of the checkpoint {name!r} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointUnavailableError(f"{path.name} of the checkpoint {name!r} holds no JSON object")
    return content


def _require_tokenizer(folder: Path, name: str) -> None:
    from tokenizers import Tokenizer

    if (folder / TOKENIZER).exists():
        try:
            Tokenizer.from_file(str(folder / TOKENIZER))
        except Exception as error:  # of just this class
            raise CheckpointUnavailableError(f"{TOKENIZER} of the checkpoint {name!r} is broken: {error}") from error


def _require_weights(folder: Path, name: str) -> None:
    from safetensors import SafetensorError, safe_open

    for shard in _shards(folder, name):
        if Path(shard).name != shard or not fnmatch(shard, SHARDS):
            raise UnsafeCheckpointError(
                f"the checkpoint {name!r} is not loaded: its {INDEX} names {shard!r}, where only {SHARDS} of its own"
                " folder are taken"
            )
        try:
            with safe_open(folder / shard, framework="numpy"):
                pass
        except (OSError, SafetensorError) as error:
            raise CheckpointUnavailableError(f"{shard} of the checkpoint {name!r} is broken: {error}") from error


def _shards(folder: Path, name: str) -> list[str]:
    if (folder / WEIGHTS).exists():
        return [WEIGHTS]
    weight_map = _read_object(folder / INDEX, name).get("weight_map")
    if not isinstance(weight_map, dict):
        raise CheckpointUnavailableError(f"{INDEX} of the checkpoint {name!r} does not say where which weight is")
    return sorted(set(map(str, weight_map.values())))
