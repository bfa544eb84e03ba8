"""Fit a checkpoint's head to the data's labels."""

import json
import math
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from helpers.checkpoints.safety import SHARDS, TAGGER
from helpers.files import room_needed
from helpers.notebook.language import translate

# As PyTorch names its weights, or as TensorFlow does: "classifier/kernel:0". Some have a layer below the last one.
HEAD = re.compile(r"(classifier|score)[./].+")
LAST_LAYER = re.compile(r"(classifier|score)([./]out_proj)?[./](weight|kernel|bias)(:0)?")
UNUSED = "unused."
BESIDE_WEIGHTS = ("*.json", "*.txt", "*.model", "*.md")


def has_head(folder: str) -> bool:
    """Return whether a checkpoint's weights contain a classifier, as those of a fine-tuned model do."""
    return any(HEAD.fullmatch(name) for path in Path(folder).glob(SHARDS) for name in _header(path))


def fit_head(checkpoint: str, label_names: Sequence[str]) -> str:
    """Make sure that a checkpoint's head, if it has one, is a head for these labels, and print what became of it.

    If the checkpoint is a tagger with the same labels in another order, the rows of its head are put in the order of
    the data's. A head for other labels, or for another task, is set aside, so that `from_pretrained` makes a new one.

    Parameters
    ----------
    checkpoint : str
        The folder, as `helpers.checkpoints.find.resolve_checkpoint` gives it; it stays as it is.
    label_names : sequence of str
        The data's, in the order of their numbers.

    Returns
    -------
    str
        The folder to load: the same one where nothing has to change, otherwise a temporary copy, which stays as long
        as this process.

    Raises
    ------
    DiskFullError
        If there is no room for the copy.
    """
    if not has_head(checkpoint):
        return checkpoint
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(checkpoint)
    known = [name for _, name in sorted(config.id2label.items())]
    if not _is_tagger(config.architectures, checkpoint, len(known)) or sorted(known) != sorted(label_names):
        print(translate("Head: new, because that of the checkpoint is for other labels or another task."))
        return _copy(checkpoint, None)
    if known == list(label_names):
        print(translate("Head: that of the checkpoint, which has the same labels."))
        return checkpoint
    print(translate("Head: that of the checkpoint, which has the same labels; its rows are put in the data's order."))
    return _copy(checkpoint, [known.index(name) for name in label_names])


def _is_tagger(architectures: list[str] | None, folder: str, count: int) -> bool:
    """Return whether a head is one for words, as far as the configuration says, with one row per label."""
    named = not architectures or any(name.endswith(TAGGER) for name in architectures)
    headers = [_header(path) for path in Path(folder).glob(SHARDS)]
    last = {
        name: tensor["shape"] for header in headers for name, tensor in header.items() if LAST_LAYER.fullmatch(name)
    }
    return named and bool(last) and all(shape[_axis(name, shape)] == count for name, shape in last.items())


def _copy(folder: str, order: list[int] | None) -> str:
    """Copy a checkpoint, with the rows of its head in another order, or without its head."""
    from helpers.temporary import temporary_folder  # here, as most checkpoints have no head

    with temporary_folder() as copy, room_needed(copy):
        for pattern in BESIDE_WEIGHTS:
            for path in Path(folder).glob(pattern):
                shutil.copyfile(path, copy / path.name)
        for path in Path(folder).glob(SHARDS):
            _copy_weights(path, copy / path.name, order)
    return str(copy)


def _copy_weights(source: Path, target: Path, order: list[int] | None) -> None:
    """Copy a safetensors file: a header, which says where which tensor is, and the tensors' bytes."""
    header = _header(source)
    head = {name: tensor for name, tensor in header.items() if HEAD.fullmatch(name)}
    if order is None:  # The bytes stay, as no gap is allowed between tensors; under this name nothing loads them.
        header = {UNUSED * (name in head) + name: tensor for name, tensor in header.items()}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # tensors are aligned
    with source.open("rb") as old, target.open("wb") as new:
        old.seek(8 + int.from_bytes(old.read(8), "little"))
        new.write(len(text).to_bytes(8, "little") + text)
        data = new.tell()
        shutil.copyfileobj(old, new, 1 << 24)
    if order is not None:
        for name in filter(LAST_LAYER.fullmatch, head):
            begin, end = head[name]["data_offsets"]
            shape = head[name]["shape"]
            numbers = (*shape, (end - begin) // math.prod(shape))  # of bytes, whatever their type
            rows = np.memmap(target, np.uint8, "r+", data + begin, numbers)
            rows[:] = rows.take(order, _axis(name, shape))
            rows.flush()


def _axis(name: str, shape: list[int]) -> int:
    """Return which axis of a head's last layer counts labels; TensorFlow's kernel is transposed."""
    return len(shape) - 1 if "kernel" in name else 0


def _header(path: Path) -> dict[str, Any]:
    """Read what a safetensors file says about its tensors, by their names."""
    with path.open("rb") as file:
        return json.loads(file.read(int.from_bytes(file.read(8), "little")))
