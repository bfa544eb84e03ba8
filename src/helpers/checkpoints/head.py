"""Fit a checkpoint's head to the data's labels."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from helpers.checkpoints.safety import SHARDS, TAGGER
from helpers.disk.files import room_needed
from helpers.notebook.language import translate

# As PyTorch names its weights, or as TensorFlow does: "classifier/kernel:0". Some have a layer below the last one.
HEAD = re.compile(r"(classifier|score)[./].+")
LAST_LAYER = re.compile(r"(classifier|score)([./]out_proj)?[./](weight|kernel|bias)(:0)?")
COPIED = ("*.json", "*.txt", "*.model", "*.md", SHARDS)


def has_head(folder: str) -> bool:
    """Return whether a checkpoint's weights contain a classifier, as those of a fine-tuned model do."""
    return any(HEAD.fullmatch(name) for name in _tensors(folder))


def fit_head(checkpoint: str, label_names: Sequence[str]) -> str:
    """Make sure that a checkpoint's head, if it has one, is a head for these labels, and print what became of it.

    The rows of a head for the same labels are put in the data's order; any other is set aside, so that
    `from_pretrained` makes a new one. Returns the folder to load: the checkpoint's, or a copy for as long as this
    process lives. Raises `DiskFullError` if there is no room for that.
    """
    if not has_head(checkpoint):
        return checkpoint
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(checkpoint)
    known = [name for _, name in sorted(config.id2label.items())]
    is_tagger = not config.architectures or any(name.endswith(TAGGER) for name in config.architectures)
    last_layer = {name: tensor for name, tensor in _tensors(checkpoint).items() if LAST_LAYER.fullmatch(name)}
    sizes = {tensor["shape"][_label_axis(name, tensor)] for name, tensor in last_layer.items()}
    if not is_tagger or sizes != {len(known)} or sorted(known) != sorted(label_names):
        print(translate("Head: new, because that of the checkpoint is for other labels or another task."))
        return _copy(checkpoint, None)
    if known == list(label_names):
        print(translate("Head: that of the checkpoint, which has the same labels."))
        return checkpoint
    print(translate("Head: that of the checkpoint, which has the same labels; its rows are put in the data's order."))
    return _copy(checkpoint, [known.index(name) for name in label_names])


def _copy(folder: str, order: list[int] | None) -> str:
    """Copy a checkpoint, with the rows of its head in another order, or without its head."""
    from helpers.disk.temporary import temporary_folder  # here, as most checkpoints have no head

    with temporary_folder() as copy, room_needed(copy):
        for path in (path for pattern in COPIED for path in Path(folder).glob(pattern)):
            shutil.copyfile(path, copy / path.name)
        for path in copy.glob(SHARDS):
            _change_head(path, order)
    return str(copy)


def _change_head(path: Path, order: list[int] | None) -> None:
    """Change a safetensors file in place: its header, or the bytes of the last layer, of whatever type."""
    header = _header(path)
    content = np.memmap(path, np.uint8, "r+")
    start = 8 + int.from_bytes(content[:8].tobytes(), "little")  # of the tensors
    if order is None:  # The bytes stay, as no gap is allowed between tensors; under this name nothing loads them.
        renamed = {"-" + name[1:] if HEAD.fullmatch(name) else name: tensor for name, tensor in header.items()}
        text = json.dumps(renamed, separators=(",", ":"), ensure_ascii=False).encode()  # no longer than before
        content[8:start] = np.frombuffer(text.ljust(start - 8), np.uint8)
    else:
        for name, tensor in header.items():
            if LAST_LAYER.fullmatch(name):
                begin, end = tensor["data_offsets"]
                rows = content[start + begin : start + end].reshape(*tensor["shape"], -1)
                rows[:] = rows.take(order, _label_axis(name, tensor))
    content.flush()


def _label_axis(name: str, tensor: dict[str, Any]) -> int:
    """Return which axis of a head's last layer counts labels; TensorFlow's kernel is transposed."""
    return len(tensor["shape"]) - 1 if "kernel" in name else 0


def _tensors(folder: str) -> dict[str, Any]:
    return {name: tensor for path in Path(folder).glob(SHARDS) for name, tensor in _header(path).items()}


def _header(path: Path) -> dict[str, Any]:
    """Read what a safetensors file says about its tensors, by their names."""
    with path.open("rb") as file:
        return json.loads(file.read(int.from_bytes(file.read(8), "little")))
