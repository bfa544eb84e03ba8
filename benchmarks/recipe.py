"""What the usual recipe needs in either framework, up to the model."""

import json
from pathlib import Path

from datasets import DatasetDict
from transformers import AutoTokenizer, set_seed

from helpers import metrics, tokenization
from helpers.checkpoints import find
from helpers.data import load
from helpers.notebook.results import peak_memory_bytes


class Recipe:
    """Data, tokenizer and scores, as the notebooks make them.

    Parameters
    ----------
    dataset, model : str
        As the notebooks' parameters.
    max_train_examples : int
        How many to train on; 0 means all.
    epochs : int
    learning_rate : float
    batch_size : int
    seed : int
    folder : str
        Gets ``clock.json`` and ``scores.json``.
    """

    def __init__(
        self,
        dataset: str,
        model: str,
        max_train_examples: int,
        epochs: int,
        learning_rate: float,
        batch_size: int,
        seed: int,
        folder: str,
    ):
        set_seed(seed)
        self.epochs, self.learning_rate, self.batch_size, self.seed = epochs, learning_rate, batch_size, seed
        self.folder = folder
        rows = load.load_ner_dataset(dataset, seed=seed)
        if max_train_examples:
            rows["train"] = rows["train"].shuffle(seed=seed).select(range(max_train_examples))
        self.label_names = load.label_names(rows)
        self.id2label = dict(enumerate(self.label_names))
        self.label2id = {name: label for label, name in self.id2label.items()}
        self.checkpoint = find.resolve_checkpoint(model)
        self.dropout_rates = find.dropout_settings(self.checkpoint, 0)
        self.tokenizer = AutoTokenizer.from_pretrained(self.checkpoint)
        settings = {"tokenizer": self.tokenizer, "label_names": self.label_names, "max_length": 512}
        self.encoded = DatasetDict(
            {
                split: part.map(
                    tokenization.tokenize_and_align,
                    batched=True,
                    with_indices=True,
                    fn_kwargs=settings,
                    remove_columns=part.column_names,
                )
                for split, part in rows.items()
            }
        )
        self.seqeval = metrics.load_seqeval()

    def compute_metrics(self, eval_prediction: tuple) -> dict[str, float]:
        """Score a prediction, as the notebooks do."""
        predicted, true = metrics.tags_from_logits(*eval_prediction, self.label_names)
        scores = self.seqeval.compute(predictions=predicted, references=true)
        return {name: scores[name] for name in ("precision", "recall", "f1", "accuracy")}

    def write_scores(self, predicted: list[list[str]], true: list[list[str]], seconds: float) -> None:
        """Write what a prediction of the test split scored and took, and the peak memory."""
        scores = self.seqeval.compute(predictions=predicted, references=true)
        record = {"f1": scores["f1"], "prediction_seconds": seconds, "peak_memory_bytes": peak_memory_bytes()}
        Path(self.folder, "scores.json").write_text(json.dumps(record))
