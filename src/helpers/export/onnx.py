"""A trained model as ONNX: `python -m helpers.export.onnx MODEL FOLDER`."""

from __future__ import annotations

import argparse
import inspect
import logging
import os
import subprocess
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.errors import ExportError, TutorialError
from helpers.files import folder_written_whole, is_disk_full, remove_folder

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

WHOLE, INT8 = "model.onnx", "model_int8.onnx"
PACKAGES = ("torch", "onnx", "onnxscript", "onnxruntime")
LARGEST_FILE = 2**31  # bytes that an ONNX file can hold, a limit of Protocol Buffers; weights beyond go into another


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0 if the model was exported, else 1."""
    parser = argparse.ArgumentParser(prog="python -m helpers.export.onnx", description=__doc__)
    parser.add_argument("model", help="the folder of a trained model")
    parser.add_argument("folder", type=Path, help="where to write to; an earlier export there is replaced")
    options = parser.parse_args(arguments)
    try:
        export(options.model, options.folder)
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print("\n".join(sorted(str(path) for path in options.folder.iterdir())))
    return 0


def export_in_new_process(model: Path | str, folder: Path) -> None:
    """Do what `export` does, in a process of its own, which imports PyTorch whatever this one has done without.

    Parameters
    ----------
    model : Path or str
    folder : Path
        As for `export`.

    Raises
    ------
    ExportError
        If it fails, for whatever reason; the message ends in what that process has said last.
    """
    command = [sys.executable, "-m", "helpers.export.onnx", str(model), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"its process ended with status {done.returncode}"]
        raise ExportError(f"the model was not exported; it is whole in {model}. {said[-1]}")


def missing_packages() -> list[str]:
    """List what an export needs and is not installed here."""
    return [name for name in PACKAGES if find_spec(name) is None]


def export(model: str, folder: Path) -> None:
    """Write a trained model as ONNX, as it is and with weights of 8 bits, with its tokenizer and configuration.

    Parameters
    ----------
    model : str
        The folder of a token classifier, with weights as safetensors in PyTorch's layout.
    folder : Path
        Gets ``model.onnx``, ``model_int8.onnx``, the tokenizer's files and ``config.json``, whole or not at all. An
        earlier export there is replaced.

    Raises
    ------
    ExportError
        If packages are missing; `model` is no folder, holds an encoder alone, or its architecture cannot be exported;
        or `folder` holds something else than an export.
    CheckpointUnavailableError, UnsafeCheckpointError, SlowTokenizerError
        If `helpers.checkpoints.find.resolve_checkpoint` refuses it.
    DiskFullError
        If there is no room for it.
    """
    if missing := missing_packages():
        raise ExportError(f"an export to ONNX needs packages that are missing: pip install {' '.join(missing)}")
    if folder.exists() and not _is_export(folder):
        raise ExportError(f"{folder} holds something else than an export, and is left as it is; name another folder")
    network, tokenizer = _load(model)
    with folder_written_whole(folder) as unfinished:
        _write_network(network, tokenizer, unfinished / WHOLE)
        _write_int8(unfinished / WHOLE, unfinished / INT8)
        tokenizer.save_pretrained(unfinished)
        network.config.save_pretrained(unfinished)


def megabytes(model: Path | str, folder: Path) -> list[float]:
    """Add up the files with the weights of a model, of its export, and of the export with weights of 8 bits, in MB."""
    files = (Path(model).glob("model*.safetensors"), folder.glob(f"{WHOLE}*"), folder.glob(f"{INT8}*"))
    return [sum(file.stat().st_size for file in found) / 1e6 for found in files]


def discard(folder: Path) -> None:
    """Remove an earlier export, which is no longer its model's, or what is left of one; leave anything else alone."""
    if not folder.exists() or _is_export(folder):
        remove_folder(folder)


def _is_export(folder: Path) -> bool:
    return all((folder / name).exists() for name in (WHOLE, INT8))


def _load(folder: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    if not os.path.isdir(folder):
        raise ExportError(f"there is no model folder {folder}")
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    from helpers.checkpoints.find import has_head, resolve_checkpoint

    checkpoint = resolve_checkpoint(os.path.abspath(folder))
    if not has_head(checkpoint):
        raise ExportError(f"the model in {folder} is not trained yet: its weights hold no classifier")
    try:
        network = AutoModelForTokenClassification.from_pretrained(
            checkpoint,
            use_safetensors=True,
            attn_implementation="eager",  # step by step, in operators that ONNX has had all along
        )
    except Exception as error:  # of any kind: the files do not fit together
        raise ExportError(f"the model in {folder} cannot be loaded: {_in_a_line(error)}") from error
    return network.eval(), AutoTokenizer.from_pretrained(checkpoint)


def _write_network(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, path: Path) -> None:
    import torch

    taken = inspect.signature(network.forward).parameters
    example = tokenizer(["Two texts", "of unequal length"], padding=True, return_tensors="pt")
    inputs = {name: numbers for name, numbers in example.items() if name in taken}
    any_size = torch.export.Dim.DYNAMIC
    try:
        torch.onnx.export(
            network,
            kwargs=inputs,
            f=path,
            input_names=list(inputs),
            output_names=["logits"],
            dynamic_shapes={name: {0: any_size, 1: any_size} for name in inputs},  # texts, subwords
            external_data=_is_large(network),
            dynamo=True,
            verbose=False,
        )
    except Exception as error:
        if is_disk_full(error, path.parent):
            raise
        raise ExportError(f"PyTorch cannot export a {type(network).__name__} to ONNX: {_in_a_line(error)}") from error


def _write_int8(whole: Path, path: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Of the 8 bits of a weight 7 are used: with more, sums can overflow on processors without instructions for this.
    quantize_dynamic(whole, path, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)


def _in_a_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _is_large(network: PreTrainedModel) -> bool:
    return sum(weights.nbytes for weights in network.state_dict().values()) > LARGEST_FILE


if __name__ == "__main__":
    os.environ |= {"USE_TORCH": "1", "USE_TF": "0"}  # for transformers, whatever the process that began this one uses
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    sys.exit(main())
