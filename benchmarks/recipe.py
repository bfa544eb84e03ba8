"""What both editions train on and how they are scored: data, settings and F1, as in the lesson."""

import json
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from datasets import Dataset
from seqeval.metrics import f1_score
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from helpers.alignment import drop_unlabelled
from helpers.checkpoints.find import resolve_checkpoint
from helpers.data.load import label_names, load_ner_dataset
from helpers.notebook.startup import quieten_transformers
from helpers.training.fine_tune import encode

BATCH_SIZE = 16
WEIGHT_DECAY = 0.01
WARM_UP = 5  # steps that are not measured, since libraries first prepare their routines


class Recipe(NamedTuple):
    """A training: its settings, and what they lead to.

    Attributes
    ----------
    settings : dict
        ``dataset``, ``speedups``, ``seed``, ``epochs``, ``learning_rate``.
    names : list of str
        The label names.
    checkpoint : str
        The bundled encoder's folder.
    tokenizer : PreTrainedTokenizerBase
    train, test : Dataset
        Tokenized and labelled.
    """

    settings: dict[str, Any]
    names: list[str]
    checkpoint: str
    tokenizer: PreTrainedTokenizerBase
    train: Dataset
    test: Dataset


def read_recipe() -> Recipe:
    """Read the settings, JSON in the process's only argument, and tokenize the data."""
    quieten_transformers()
    settings = json.loads(sys.argv[1])
    checkpoint = resolve_checkpoint("bundled")
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    tokenizer.model_max_length = 512
    data = load_ner_dataset(settings["dataset"], seed=settings["seed"])
    train, test = (encode(data[split], tokenizer) for split in ("train", "test"))
    return Recipe(settings, label_names(data), checkpoint, tokenizer, drop_unlabelled(train), test)


def print_results(
    numbers: str, sentences_per_second: float, true: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]
) -> None:
    """Print, as JSON in a line of its own, in which numbers matrices were multiplied, how fast, and the test F1."""
    f1 = f1_score(true, predicted, zero_division=0)
    print(json.dumps({"numbers": numbers, "sentences_per_second": sentences_per_second, "f1": f1}))
