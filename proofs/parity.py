"""Proof that the two editions are the same training: `python -m proofs.parity`.

The notebooks are run as they are built, on the bundled sample, from a checkpoint that already has a head, without
dropout and in float32. One cell is put in before the training, to record its steps. Then records and saved models are
compared.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import pandas as pd

from helpers import metrics, tokenization
from helpers.checkpoints import find
from helpers.data import load
from helpers.errors import RunError, TutorialError
from helpers.metrics import SCORES
from helpers.notebook.startup import load_triton_first, native_stderr_hidden
from helpers.run.editions import FRAMEWORKS, execute, notebook_path
from proofs.recording import LAST_WEIGHTS, RECORD

SEED, STEPS, EPOCHS, BATCH_SIZE = 42, 50, 2, 15
SETTINGS = {
    "dataset": "sample",
    "seed": SEED,
    "epochs": EPOCHS,
    "batch_size": BATCH_SIZE,
    "max_train_examples": STEPS // EPOCHS * BATCH_SIZE - BATCH_SIZE // 2,  # the last batch of an epoch is smaller
    "learning_rate": 2e-4,
    "weight_decay": 0.01,
    "dropout": 0,
}
RECORDERS = {
    "pytorch": "from proofs.recording import record_trainer\n\nrecord_trainer(trainer, {folder!r})",
    "tensorflow": "from proofs.recording import keras_recorder\n\n"
    "callbacks.append(keras_recorder(tf_train, {folder!r}))",
}


class Row(NamedTuple):
    """What was compared, how far apart the editions are, and how far apart they may be."""

    compared: str
    figure: float
    bound: float

    @property
    def holds(self) -> bool:
        """Whether the figure is within its bound, which NaN never is."""
        return self.figure <= self.bound


def main(arguments: list[str] | None = None) -> int:
    """Print the table of all comparisons; the exit status is 0 if every row holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m proofs.parity", description=__doc__)
    parser.add_argument("--model", default="bundled", help="the encoder: bundled, a folder, or a model on the Hub")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = compare_editions(options.model, Path(folder))
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    cells = [(f"{row.figure:.2g}", f"{row.bound:g}", "yes" if row.holds else "NO") for row in rows]
    print(pd.DataFrame(cells, [row.compared for row in rows], ["figure", "bound", "holds"]).to_string())
    return 0 if all(row.holds for row in rows) else 1


def compare_editions(model: str, folder: Path) -> list[Row]:
    """Run both editions from the same weights, and compare what they did and what they saved.

    Parameters
    ----------
    model : str
        The encoder, by a name that `find.resolve_checkpoint` takes.
    folder : Path
        Gets the first weights, the executed notebooks and what they leave.

    Returns
    -------
    list of Row

    Raises
    ------
    RunError
        If a cell of a notebook fails.
    """
    _load_frameworks()
    checkpoint = folder / "checkpoint"
    write_checkpoint(model, checkpoint)
    for framework in FRAMEWORKS:
        run_recorded(framework, checkpoint, folder)
    rows = [compare_logits(checkpoint), *compare_steps(checkpoint, folder / "pytorch", folder / "tensorflow")]
    for framework in FRAMEWORKS:
        rows += compare_predictions(folder / framework / "model", f"model saved by {framework}")
    return rows


def write_checkpoint(model: str, folder: Path) -> None:
    """Write an encoder with a new head for the sample's labels, so that no weight is left to chance.

    Parameters
    ----------
    model : str
        As for `compare_editions`.
    folder : Path
        Gets weights, configuration and tokenizer.
    """
    import transformers
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    transformers.set_seed(SEED)
    checkpoint = find.resolve_checkpoint(model)
    labels = load.label_names(load.load_ner_dataset("sample"))
    model = AutoModelForTokenClassification.from_pretrained(checkpoint, num_labels=len(labels), use_safetensors=True)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(checkpoint).save_pretrained(folder)


def _load_frameworks() -> None:
    # On the CPU and without bfloat16, also for the notebooks that inherit this: both round more coarsely than float32,
    # each framework in its own places.
    os.environ |= {"CUDA_VISIBLE_DEVICES": "", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}
    os.environ |= {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    load_triton_first()
    with native_stderr_hidden():
        import tensorflow  # noqa: F401
    import transformers

    transformers.logging.set_verbosity_error()


def run_recorded(framework: str, checkpoint: Path, folder: Path) -> None:
    """Execute an edition with a cell before the training that records each step.

    Parameters
    ----------
    framework : {"pytorch", "tensorflow"}
    checkpoint : Path
        The folder with the first weights.
    folder : Path
        Gets ``<framework>.ipynb`` and the folder ``<framework>``, where the record is ``steps.json``, the weights
        after the last step are ``last/model.safetensors``, and the rest is what every run leaves.

    Raises
    ------
    RunError
        If a cell fails.
    """
    notebook = nbformat.read(notebook_path(framework), as_version=4)
    (training,) = [i for i, cell in enumerate(notebook.cells) if "training" in cell.metadata.get("tags", [])]
    artefacts = folder / framework
    recorder = RECORDERS[framework].format(folder=str(artefacts))
    notebook.cells.insert(training, nbformat.v4.new_code_cell(recorder, metadata={"tags": []}))
    settings = SETTINGS | {"model": str(checkpoint), "output_dir": str(artefacts)}
    print(f"Running the {framework} edition for {STEPS} steps", flush=True)
    execute(notebook, folder / f"{framework}.ipynb", settings)


def compare_steps(checkpoint: Path, first: Path, second: Path) -> list[Row]:
    """Compare the recorded steps of two runs, and their weights after the last step.

    Parameters
    ----------
    checkpoint : Path
        The folder with the weights that both began with.
    first, second : Path
        Folders that `run_recorded` has filled.

    Returns
    -------
    list of Row
        For losses (in nats) and learning rates the largest difference of all steps. For the weights, all as one vector,
        the norm of the difference over the norm of the weights, and over the norm of the way that training moved them.
    """
    one, other = (_record(folder) for folder in (first, second))
    loss, rate = (np.array([one[name], other[name]]) for name in ("loss", "learning_rate"))
    start, end, other_end = (_weights(folder) for folder in (checkpoint, first / LAST_WEIGHTS, second / LAST_WEIGHTS))
    distance = np.linalg.norm(end - other_end)
    return [
        Row(f"batches that differ, of {STEPS}", sum(map(str.__ne__, one["batch"], other["batch"])), 0),
        Row("learning rate of each step, relative to the first", np.abs(rate[0] - rate[1]).max() / rate[0, 0], 1e-6),
        Row("weights that decay in one edition alone", len(set(one["decayed"]) ^ set(other["decayed"])), 0),
        Row(f"loss of each of {STEPS} steps", np.abs(loss[0] - loss[1]).max(), 1e-3),
        Row(f"weights after {STEPS} steps, relative to their size", distance / np.linalg.norm(end), 1e-3),
        Row(f"weights after {STEPS} steps, relative to their change", distance / np.linalg.norm(end - start), 1e-3),
    ]


def _record(folder: Path) -> dict[str, list]:
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    for name in ("loss", "learning_rate", "batch"):
        if len(record[name]) != STEPS:
            raise RunError(f"{folder / RECORD} holds {len(record[name])} entries for {name}, expected {STEPS}")
    return record


def _weights(folder: Path) -> np.ndarray:
    from safetensors.numpy import load_file

    tensors = load_file(folder / find.WEIGHTS)
    return np.concatenate([tensors[name].ravel() for name in sorted(tensors)])


def compare_logits(folder: Path) -> Row:
    """Compare the logits that both frameworks compute from one model, for a batch with padding."""
    batches = list(split_batches(folder))
    batch = max(batches, key=lambda batch: (batch["attention_mask"] == 0).sum())
    (one,), (other,) = (logits(folder, framework, [batch]) for framework in FRAMEWORKS)
    return Row(
        f"logits of a batch with {(batch['attention_mask'] == 0).mean():.0%} padding", np.abs(one - other).max(), 1e-5
    )


def compare_predictions(folder: Path, name: str) -> list[Row]:
    """Load one saved model into both frameworks, predict the sample's test split, and compare tags and scores.

    Parameters
    ----------
    folder : Path
        The model, saved by either framework.
    name : str
        What to call it in the rows.

    Returns
    -------
    list of Row
    """
    names = load.label_names(load.load_ner_dataset("sample"))
    batches = list(split_batches(folder))
    seqeval = metrics.load_seqeval()
    tags, scores = [], []
    for framework in FRAMEWORKS:
        predicted, true = [], []
        for batch, output in zip(batches, logits(folder, framework, batches), strict=True):
            some_predicted, some_true = metrics.tags_from_logits(output, batch["labels"], names)
            predicted += some_predicted
            true += some_true
        tags.append([tag for sentence in predicted for tag in sentence])
        scores.append(seqeval.compute(predictions=predicted, references=true))
    return [
        Row(f"{name}: predicted tags that differ, of {len(tags[0])}", sum(map(str.__ne__, *tags)), 0),
        Row(f"{name}: scores", max(abs(scores[0][figure] - scores[1][figure]) for figure in SCORES), 0),
    ]


def split_batches(folder: Path) -> Iterator[dict[str, np.ndarray]]:
    """Yield the sample's test split as padded batches of integer arrays, shape (sentences, subwords)."""
    from transformers import AutoTokenizer, DataCollatorForTokenClassification

    tokenizer = AutoTokenizer.from_pretrained(folder)
    sample = load.load_ner_dataset("sample")
    encoded = tokenization.tokenize_and_align(
        sample["test"][:],
        range(len(sample["test"])),
        tokenizer,
        load.label_names(sample),
        max_length=tokenizer.model_max_length,
    )
    columns = [name for name in (*tokenizer.model_input_names, "labels") if name in encoded]
    collator = DataCollatorForTokenClassification(tokenizer, return_tensors="np")
    rows = [
        dict(zip(columns, values, strict=True)) for values in zip(*(encoded[name] for name in columns), strict=True)
    ]
    for start in range(0, len(rows), BATCH_SIZE):
        yield dict(collator(rows[start : start + BATCH_SIZE]))


def logits(folder: Path, framework: str, batches: list[dict[str, np.ndarray]]) -> list[np.ndarray]:
    """Load a saved model into a framework and compute the logits of some batches, without dropout.

    Parameters
    ----------
    folder : Path
    framework : {"pytorch", "tensorflow"}
    batches : list of dict of str to ndarray of int, shape (sentences, subwords)

    Returns
    -------
    list of ndarray of float32, shape (sentences, subwords, labels)
    """
    inputs = [{name: array for name, array in batch.items() if name != "labels"} for batch in batches]
    return {"pytorch": _pytorch_logits, "tensorflow": _tensorflow_logits}[framework](folder, inputs)


def _pytorch_logits(folder: Path, inputs: list[dict[str, np.ndarray]]) -> list[np.ndarray]:
    import torch
    from transformers import AutoModelForTokenClassification

    model = AutoModelForTokenClassification.from_pretrained(folder, use_safetensors=True).eval()
    with torch.no_grad():
        return [model(**{k: torch.from_numpy(v) for k, v in batch.items()}).logits.numpy() for batch in inputs]


def _tensorflow_logits(folder: Path, inputs: list[dict[str, np.ndarray]]) -> list[np.ndarray]:
    from transformers import TFAutoModelForTokenClassification

    model = TFAutoModelForTokenClassification.from_pretrained(folder, use_safetensors=True)
    return [model(batch, training=False).logits.numpy() for batch in inputs]


if __name__ == "__main__":
    sys.exit(main())
