"""Train the lesson's recipe in PyTorch: for a chapter, or in seconds for an exercise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from datasets import Dataset, DatasetDict

from helpers.alignment import align_labels, complete, inside_ids
from helpers.checkpoints.head import fit_head
from helpers.checkpoints.word_tokenizer import prepare_tokenizer
from helpers.data.load import label_names
from helpers.disk.files import room_needed
from helpers.metrics import SCORES, SEQEVAL, tags_from_logits
from helpers.training import speed
from helpers.training.divergence import stop_where_it_diverges

if TYPE_CHECKING:  # importing transformers imports PyTorch, and a helper leaves that to the notebook
    from transformers import PreTrainedTokenizerBase, Trainer

EACH_EPOCH = dict.fromkeys(("eval_strategy", "save_strategy", "logging_strategy"), "epoch")


def fine_tune(
    dataset: DatasetDict,
    checkpoint: str,
    folder: Path | str,
    epochs: int = 4,
    learning_rate: float = 2e-4,
    seed: int = 42,
) -> str:
    """Fine-tune an encoder, save the epoch with the best validation F1, and return the folder, for `pipeline`.

    The data set is of `load_ner_dataset`, the checkpoint a folder of `resolve_checkpoint`. Nothing is saved if it
    raises: `EmptySplitError` if no word of a split has a subword, `TrainingDivergedError`, or `DiskFullError`.
    """
    tokenizer = _load_tokenizer(checkpoint)
    splits = DatasetDict({split: encode(dataset[split], tokenizer) for split in ("train", "validation")})
    encoded = complete(splits, tokenizer)
    with room_needed(Path(folder)), TemporaryDirectory() as checkpoints:
        trainer = _make_trainer(
            checkpoint,
            label_names(dataset),
            tokenizer,
            encoded,
            output_dir=checkpoints,
            num_train_epochs=epochs,
            learning_rate=learning_rate,
            per_device_train_batch_size=16,
            save_only_model=True,
            load_best_model_at_end=True,
            seed=seed,
            **EACH_EPOCH,
        )
        trainer.train()
        trainer.model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return str(folder)


def make_trainer(
    checkpoint: str,
    dataset: DatasetDict,
    learning_rate: float,
    *,
    epochs: float = 2,
    batch_size: int = 8,
    seed: int = 42,
    sentences: int | None = None,
    label_all_subwords: bool = False,
    head_only: bool = False,
) -> Trainer:
    """Bring together what trains a checkpoint's folder; it scores after the last step, and saves nothing.

    With `sentences`, it trains on so many random ones, for as many steps as all would take; with `label_all_subwords`,
    on every subword of a word, not only its first; with `head_only`, the encoder stays as pretraining left it.
    """
    tokenizer, names, rows = _load_tokenizer(checkpoint), label_names(dataset), dataset["train"]
    steps = math.ceil(len(rows) / batch_size * epochs)
    if sentences is not None:
        rows = rows.shuffle(seed=seed, keep_in_memory=True).select(range(min(sentences, len(rows))))
    train = encode(rows, tokenizer, inside_ids(names) if label_all_subwords else None)
    trainer = _make_trainer(
        checkpoint,
        names,
        tokenizer,
        {"train": train, "validation": encode(dataset["validation"], tokenizer)},
        output_dir="unused",
        max_steps=steps,
        learning_rate=learning_rate,
        per_device_train_batch_size=batch_size,
        eval_strategy="steps",
        eval_steps=steps,
        logging_steps=steps,
        save_strategy="no",
        seed=seed,
    )
    if head_only:
        trainer.model.base_model.requires_grad_(False)
    return trainer


def train_and_score(*args: Any, **changes: Any) -> float:
    """Train with what `make_trainer` takes, and return the F1 of the validation split."""
    trainer = make_trainer(*args, **changes)
    trainer.train()
    return trainer.state.best_metric


def encode(rows: Dataset, tokenizer: PreTrainedTokenizerBase, inside: Sequence[int] | None = None) -> Dataset:
    """Tokenize sentences and label their subwords; `inside` is that of `align_labels`."""

    def tokenize_and_align_labels(examples: dict) -> dict:
        encoding = tokenizer(examples["tokens"], truncation=True, is_split_into_words=True)
        tags = enumerate(examples["ner_tags"])
        return {**encoding, "labels": [align_labels(encoding.word_ids(row), of_row, inside) for row, of_row in tags]}

    return rows.map(tokenize_and_align_labels, batched=True, keep_in_memory=True)


def _load_tokenizer(checkpoint: str) -> PreTrainedTokenizerBase:
    from transformers import AutoConfig, AutoTokenizer

    return prepare_tokenizer(AutoTokenizer.from_pretrained(checkpoint), AutoConfig.from_pretrained(checkpoint))


def _make_trainer(
    checkpoint: str,
    names: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    encoded: Mapping[str, Dataset],
    seed: int,
    **settings: Any,
) -> Trainer:
    """Make a trainer of all but the embeddings, by the lesson's recipe; further settings are `TrainingArguments`."""
    import evaluate  # here, as it imports the frameworks
    from transformers import (
        AutoModelForTokenClassification,
        DataCollatorForTokenClassification,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    seqeval = evaluate.load(SEQEVAL)

    def compute_metrics(prediction: tuple) -> dict[str, float]:
        predicted, true = tags_from_logits(*prediction, names)
        scores = seqeval.compute(predictions=predicted, references=true)
        return {name: scores[f"overall_{name}"] for name in SCORES}

    set_seed(seed)
    stop_where_it_diverges("pytorch")
    labels = {"id2label": dict(enumerate(names)), "label2id": {name: label for label, name in enumerate(names)}}
    encoder = fit_head(checkpoint, names)
    model = AutoModelForTokenClassification.from_pretrained(encoder, use_safetensors=True, dtype="float32", **labels)
    model.get_input_embeddings().requires_grad_(False)
    common = {"per_device_eval_batch_size": 32, "weight_decay": 0.01, "metric_for_best_model": "f1", "seed": seed}
    shown = {"report_to": "none", "disable_tqdm": False}  # the table of scores, although warnings are off
    return Trainer(
        model=model,
        args=TrainingArguments(**common, **shown, **speed.settings(True), **settings),
        train_dataset=encoded["train"],
        eval_dataset=encoded["validation"],
        processing_class=tokenizer,
        data_collator=DataCollatorForTokenClassification(tokenizer),
        compute_metrics=compute_metrics,
    )
