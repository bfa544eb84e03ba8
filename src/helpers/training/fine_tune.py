"""Fine-tune a model for a chapter."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from datasets import DatasetDict
from seqeval.metrics import f1_score

from helpers.alignment import align_labels, complete
from helpers.checkpoints.find import prepare_tokenizer
from helpers.checkpoints.head import fit_head
from helpers.data.load import label_names
from helpers.disk.files import room_needed
from helpers.metrics import tags_from_logits
from helpers.training import speed
from helpers.training.divergence import trainer_callback


def fine_tune(
    dataset: DatasetDict,
    checkpoint: str,
    folder: Path | str,
    epochs: int = 4,
    learning_rate: float = 2e-4,
    seed: int = 42,
) -> str:
    """Fine-tune an encoder in PyTorch, by the lesson's recipe, and save the epoch with the best validation F1.

    The data set is of `load_ner_dataset`, the checkpoint a folder of `resolve_checkpoint`. The other folder gets model
    and tokenizer, and is returned, for `pipeline`. Raises `NoLabelError` if no word of the training split has a
    subword, `TrainingDivergedError` if a validation loss is no finite number, and `DiskFullError`; then nothing is
    saved.
    """
    import transformers

    names = label_names(dataset)
    tokenizer = prepare_tokenizer(
        transformers.AutoTokenizer.from_pretrained(checkpoint), transformers.AutoConfig.from_pretrained(checkpoint)
    )

    def tokenize_and_align_labels(examples: dict) -> dict:
        tokenized = tokenizer(examples["tokens"], truncation=True, is_split_into_words=True)
        tagged = enumerate(examples["ner_tags"])
        tokenized["labels"] = [align_labels(tokenized.word_ids(row), tags) for row, tags in tagged]
        return tokenized

    def compute_metrics(prediction: tuple) -> dict[str, float]:
        predicted, true = tags_from_logits(*prediction, names)
        return {"f1": f1_score(true, predicted, zero_division=0)}

    transformers.set_seed(seed)
    splits = DatasetDict({split: dataset[split] for split in ("train", "validation")})
    encoded = complete(splits.map(tokenize_and_align_labels, batched=True, keep_in_memory=True), tokenizer)
    model = transformers.AutoModelForTokenClassification.from_pretrained(
        fit_head(checkpoint, names),
        id2label=dict(enumerate(names)),
        label2id={name: label for label, name in enumerate(names)},
        use_safetensors=True,
        dtype="float32",
    )
    model.get_input_embeddings().requires_grad_(False)
    with room_needed(Path(folder)), TemporaryDirectory() as checkpoints:
        arguments = transformers.TrainingArguments(
            output_dir=checkpoints,
            num_train_epochs=epochs,
            learning_rate=learning_rate,
            per_device_train_batch_size=16,
            per_device_eval_batch_size=32,
            weight_decay=0.01,
            eval_strategy="epoch",
            save_strategy="epoch",
            save_only_model=True,
            logging_strategy="epoch",
            load_best_model_at_end=True,
            metric_for_best_model="f1",
            seed=seed,
            report_to="none",
            disable_tqdm=False,
            **speed.settings(True),
        )
        trainer = transformers.Trainer(
            model=model,
            args=arguments,
            train_dataset=encoded["train"],
            eval_dataset=encoded["validation"],
            data_collator=transformers.DataCollatorForTokenClassification(tokenizer),
            compute_metrics=compute_metrics,
            callbacks=[trainer_callback()],
        )
        trainer.train()
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return str(folder)
