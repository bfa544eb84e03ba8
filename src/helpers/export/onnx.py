"""Export a trained model to ONNX."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

from helpers.disk.files import atomic_write_folder
from helpers.errors import ExportError, TutorialError
from helpers.notebook.language import LANGUAGES, translate, use_language

WHOLE, INT8 = "model.onnx", "model_int8.onnx"
PACKAGES = ("torch", "onnx", "onnxscript", "onnxruntime")
LARGEST_FILE = 2**31  # bytes that an ONNX file can hold, a limit of Protocol Buffers; weights beyond go into another


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0 if the model was exported, else 1."""
    parser = argparse.ArgumentParser(prog="python -m helpers.export.onnx", description=__doc__)
    parser.add_argument("model", help="the folder of a trained model")
    parser.add_argument("folder", type=Path, help="where to write to; an earlier export there is replaced")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of what is said")
    options = parser.parse_args(arguments)
    use_language(options.language)
    try:
        export(options.model, options.folder)
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print("\n".join(sorted(str(path) for path in options.folder.iterdir())))
    return 0


def export(model: str, folder: Path) -> None:
    """Export a token classifier's folder to ONNX, in float32 and with weights of 8 bits, with all that goes with it.

    The other folder is written whole or not at all, and must contain nothing but an earlier export. Raises
    `ExportError` where that cannot be, `DiskFullError`, and as `resolve_checkpoint` does.
    """
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        text = translate("an export to ONNX needs packages that are missing: pip install {packages}")
        raise ExportError(text, packages=" ".join(missing))
    if folder.exists() and not all((folder / name).exists() for name in (WHOLE, INT8)):
        text = translate("{folder} holds something else than an export, and is left as it is; name another folder")
        raise ExportError(text, folder=folder)
    if not os.path.isdir(model):
        raise ExportError(translate("there is no model folder {model}"), model=model)
    from helpers.checkpoints.find import resolve_checkpoint
    from helpers.checkpoints.head import has_head

    checkpoint = resolve_checkpoint(os.path.abspath(model))
    if not has_head(checkpoint):
        text = translate("the model in {model} is not trained yet: its weights hold no classifier")
        raise ExportError(text, model=model)
    try:
        _export(checkpoint, folder)
    except TutorialError:
        raise
    except Exception as error:  # of any kind, if PyTorch lacks an operator or the files do not fit together
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        text = translate("the model in {model} cannot be exported to ONNX: {reason}")
        raise ExportError(text, model=model, reason=reason) from error


def _export(checkpoint: str, folder: Path) -> None:
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    # "eager" attention is the plain one, in operators that ONNX has had all along.
    plain = {"attn_implementation": "eager"}
    network = AutoModelForTokenClassification.from_pretrained(checkpoint, use_safetensors=True, **plain).eval()
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    inputs = dict(tokenizer(["Two texts", "of unequal length"], padding=True, return_tensors="pt"))
    any_size = torch.export.Dim.DYNAMIC
    with atomic_write_folder(folder) as unfinished:
        torch.onnx.export(
            network,
            kwargs=inputs,
            f=unfinished / WHOLE,
            input_names=list(inputs),
            output_names=["logits"],
            dynamic_shapes={name: {0: any_size, 1: any_size} for name in inputs},  # texts, subwords
            external_data=sum(weights.nbytes for weights in network.state_dict().values()) > LARGEST_FILE,
            dynamo=True,
            verbose=False,
        )
        # to 7 bits (`reduce_range`): with 8, sums can overflow on processors without instructions for this
        types = {"weight_type": QuantType.QInt8, "per_channel": True, "reduce_range": True}
        quantize_dynamic(unfinished / WHOLE, unfinished / INT8, **types)
        tokenizer.save_pretrained(unfinished)
        network.config.save_pretrained(unfinished)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    sys.exit(main())
