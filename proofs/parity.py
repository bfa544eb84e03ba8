"""Prove that the PyTorch and the Keras edition train alike: `python -m proofs.parity`.

Both notebooks are run as they are built, on the bundled sample, in float32, from one checkpoint that already has a head
and whose configuration sets dropout to 0. A cell before the training makes equal what else differs, as
`proofs.record_steps` says, and records each step. Then records and saved models are compared.
"""

import argparse
import json
import os
import sys
import tempfile
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import evaluate
import nbformat
import numpy as np
import pandas as pd
import torch
import transformers
from safetensors.numpy import load_file

from helpers import alignment, metrics
from helpers.checkpoints import find
from helpers.checkpoints.safety import WEIGHTS
from helpers.data import load
from helpers.errors import RunError, TutorialError
from helpers.notebook.editions import EDITIONS, MAIN
from helpers.notebook.startup import quiet_tensorflow, quieten_transformers
from helpers.run.editions import TRAINING, execute, notebook_path
from helpers.training.keras import MODEL_INPUTS, build_tagger, load_pretrained
from proofs.record_steps import LAST_WEIGHTS, RECORD

SEED, STEPS, EPOCHS, BATCH_SIZE = 42, 50, 2, 15
SETTINGS = {
    "dataset": "sample",
    "seed": SEED,
    "epochs": EPOCHS,
    "batch_size": BATCH_SIZE,
    "max_train_examples": STEPS // EPOCHS * BATCH_SIZE - BATCH_SIZE // 2,  # the last batch of an epoch is smaller
    "learning_rate": 2e-4,
    "weight_decay": 0.01,
    "speedups": False,  # all weights are trained, in float32
}
RECORDERS = {
    "pytorch": "from proofs.record_steps import matched_trainer\n\nTrainer = matched_trainer(Trainer, {folder!r})",
    "keras": "from proofs.record_steps import match_model\n\nmatch_model(ner_model, config, {folder!r})",
}


class Row(NamedTuple):
    """What was compared, how far apart the editions are, and how far apart they may be."""

    compared: str
    figure: float
    bound: float

    @property
    def holds(self) -> bool:
        """Whether the figure is within its bound, which NaN never is."""
        return bool(self.figure <= self.bound)


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
    """Run both editions from the same weights in a folder, and compare what they did and what they saved."""
    prepare()
    checkpoint = folder / "checkpoint"
    write_checkpoint(model, checkpoint)
    for edition in MAIN:
        run_recorded(edition, checkpoint, folder)
    rows = [compare_logits(checkpoint), *compare_steps(checkpoint, *(folder / edition for edition in MAIN))]
    for edition in MAIN:
        rows += compare_predictions(folder / edition / "model", f"model saved by {EDITIONS[edition]}")
    return rows


def prepare() -> None:
    """Import TensorFlow quietly, and keep to the CPU: a GPU rounds more coarsely, each framework in its own way."""
    os.environ |= {"CUDA_VISIBLE_DEVICES": "", "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    with quiet_tensorflow():
        import tensorflow  # noqa: F401
    quieten_transformers()


def write_checkpoint(model: str, folder: Path) -> None:
    """Write an encoder with a new head for the sample's labels and without dropout, so nothing is left to chance."""
    checkpoint = find.resolve_checkpoint(model)
    names = dict(enumerate(sample_labels()))  # without which the editions would make heads of their own
    settings = {"id2label": names, "label2id": {name: label for label, name in names.items()}, "dtype": "float32"}
    settings |= {"use_safetensors": True, **find.dropout_settings(checkpoint, 0)}
    transformers.set_seed(SEED)
    transformers.AutoModelForTokenClassification.from_pretrained(checkpoint, **settings).save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(checkpoint).save_pretrained(folder)


def run_recorded(edition: str, checkpoint: Path, folder: Path) -> None:
    """Execute an edition, with a cell before the training that matches it to the other and records each step."""
    notebook = nbformat.read(notebook_path(edition), as_version=4)
    (training,) = [i for i, cell in enumerate(notebook.cells) if TRAINING in cell.metadata.get("tags", [])]
    artefacts = str(folder / edition)
    recorder = RECORDERS[edition].format(folder=artefacts)
    notebook.cells.insert(training, nbformat.v4.new_code_cell(recorder, metadata={"tags": []}))
    print(f"Running the {EDITIONS[edition]} edition for {STEPS} steps", flush=True)
    parameters = SETTINGS | {"model": str(checkpoint), "output_dir": artefacts}
    execute(notebook, folder / f"{edition}.ipynb", parameters, progress_bar=False)


def compare_steps(checkpoint: Path, first: Path, second: Path) -> list[Row]:
    """Compare two runs' steps, by the largest difference of all, and their last weights, as vectors.

    Losses are in nats. Raises `RunError` if a record has more or fewer than 50 steps.
    """
    one, other = _record(first), _record(second)
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
    tensors = load_file(folder / WEIGHTS)
    return np.concatenate([tensors[name].ravel() for name in sorted(tensors)])


def compare_logits(folder: Path) -> Row:
    """Compare the logits that both frameworks compute from one model, for the batch with the most padding."""
    batch = max(sample_batches(folder), key=lambda batch: (batch["attention_mask"] == 0).sum())
    (one,), (other,) = pytorch_logits(folder, [batch]), keras_logits(folder, [batch])
    padding = (batch["attention_mask"] == 0).mean()
    return Row(f"logits of a batch with {padding:.0%} padding", np.abs(one - other).max(), 1e-5)


def compare_predictions(folder: Path, name: str) -> list[Row]:
    """Load one saved model into both frameworks, predict the sample's test split, and compare tags and scores."""
    seqeval, batches, labels = evaluate.load(metrics.SEQEVAL), sample_batches(folder), sample_labels()
    tags, scores = [], []
    for logits in (pytorch_logits(folder, batches), keras_logits(folder, batches)):
        pairs = zip(logits, batches, strict=True)
        named = [metrics.tags_from_logits(output, batch["labels"], labels) for output, batch in pairs]
        predicted, true = ([*chain.from_iterable(rows)] for rows in zip(*named, strict=True))
        tags.append([*chain.from_iterable(predicted)])
        found = seqeval.compute(predictions=predicted, references=true)
        scores.append([found[f"overall_{score}"] for score in metrics.SCORES])
    return [
        Row(f"{name}: predicted tags that differ, of {len(tags[0])}", sum(map(str.__ne__, *tags)), 0),
        Row(f"{name}: scores", np.abs(np.subtract(*scores)).max(), 0),
    ]


def sample_labels() -> list[str]:
    """List the sample's labels."""
    return load.label_names(load.load_ner_dataset("sample"))


def sample_batches(folder: Path) -> list[dict[str, np.ndarray]]:
    """Make padded batches of the sample's test split: int64, shape (sentences, subwords)."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    collator = transformers.DataCollatorForTokenClassification(tokenizer, return_tensors="np")
    test = load.load_ner_dataset("sample")["test"]
    encoded = tokenizer(test["tokens"][:], truncation=True, is_split_into_words=True)
    labels = [alignment.align_labels(encoded.word_ids(row), tags) for row, tags in enumerate(test["ner_tags"])]
    rows = [{"input_ids": ids, "labels": row} for ids, row in zip(encoded["input_ids"], labels, strict=True)]
    return [dict(collator(rows[first : first + BATCH_SIZE])) for first in range(0, len(rows), BATCH_SIZE)]


def pytorch_logits(folder: Path, batches: list[dict[str, np.ndarray]]) -> list[np.ndarray]:
    """Compute the logits of a saved model in PyTorch: for each batch float32, shape (sentences, subwords, labels)."""
    model = transformers.AutoModelForTokenClassification.from_pretrained(folder, use_safetensors=True).eval()
    inputs = [{name: torch.from_numpy(batch[name]) for name in MODEL_INPUTS} for batch in batches]
    with torch.no_grad():
        return [model(**batch).logits.numpy() for batch in inputs]


def keras_logits(folder: Path, batches: list[dict[str, np.ndarray]]) -> list[np.ndarray]:
    """Compute the same in Keras."""
    config = transformers.AutoConfig.from_pretrained(folder)
    model = build_tagger(config, config.num_labels)
    load_pretrained(model, str(folder))
    return [model.predict_on_batch({name: batch[name] for name in MODEL_INPUTS}) for batch in batches]


if __name__ == "__main__":
    sys.exit(main())
