"""Train the lesson's recipe in seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpers.alignment import align_labels, inside_ids
from helpers.checkpoints.find import prepare_tokenizer
from helpers.data.load import label_names
from helpers.metrics import SCORES, SEQEVAL, tags_from_logits
from helpers.training.speed import settings

if TYPE_CHECKING:  # importing transformers imports PyTorch, and a helper leaves that to the notebook
    from datasets import Dataset, DatasetDict
    from transformers import PreTrainedTokenizerBase, Trainer


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
    """Bring together what trains a checkpoint's folder on a data set; the other settings are the lesson's.

    It scores the validation split after the last step, and saves nothing.

    Parameters
    ----------
    sentences : int, optional
        Train on so many random sentences, for as many steps as all of them would take.
    label_all_subwords : bool
        Train on every subword of a word, not only on its first.
    head_only : bool
        Leave the encoder as pretraining left it. Otherwise its layers are trained, but not its embeddings.
    """
    import evaluate
    from transformers import (
        AutoModelForTokenClassification,
        AutoTokenizer,
        DataCollatorForTokenClassification,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    names, seqeval = label_names(dataset), evaluate.load(SEQEVAL)

    def compute_metrics(prediction: tuple) -> dict[str, float]:
        predicted, true = tags_from_logits(*prediction, names)
        scores = seqeval.compute(predictions=predicted, references=true)
        return {name: scores[f"overall_{name}"] for name in SCORES}

    set_seed(seed)
    model = AutoModelForTokenClassification.from_pretrained(
        checkpoint,
        use_safetensors=True,
        dtype="float32",
        id2label=dict(enumerate(names)),
        label2id={name: label for label, name in enumerate(names)},
    )
    (model.base_model if head_only else model.get_input_embeddings()).requires_grad_(False)
    tokenizer = prepare_tokenizer(AutoTokenizer.from_pretrained(checkpoint), model.config)
    rows = dataset["train"]
    if sentences is not None:
        rows = rows.shuffle(seed=seed, keep_in_memory=True).select(range(min(sentences, len(rows))))
    steps = math.ceil(len(dataset["train"]) / batch_size * epochs)
    return Trainer(
        model=model,
        args=TrainingArguments(
            output_dir="unused",
            learning_rate=learning_rate,
            max_steps=steps,
            per_device_train_batch_size=batch_size,
            per_device_eval_batch_size=8 * batch_size,
            weight_decay=0.01,
            eval_strategy="steps",
            eval_steps=steps,
            logging_steps=steps,
            save_strategy="no",
            metric_for_best_model="f1",
            seed=seed,
            disable_tqdm=False,  # shows the table of scores although warnings are off
            **settings(speedups=True),
        ),
        train_dataset=encode(rows, tokenizer, inside_ids(names) if label_all_subwords else None),
        eval_dataset=encode(dataset["validation"], tokenizer),
        processing_class=tokenizer,
        data_collator=DataCollatorForTokenClassification(tokenizer),
        compute_metrics=compute_metrics,
    )


def train_and_score(*args: object, **changes: object) -> float:
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

    return rows.map(tokenize_and_align_labels, batched=True, remove_columns=rows.column_names, keep_in_memory=True)
