"""Folders of small token classifiers of random weights, such as a run leaves them in `model`."""

from pathlib import Path

import torch
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForTokenClassification,
    DistilBertConfig,
    DistilBertForTokenClassification,
)

TINY = Path(__file__).with_name("tiny_distilbert")
LABELS = ("O", "B-person", "I-person", "B-location", "I-location")
SMALL = {"vocab_size": 800, "max_position_embeddings": 64, "id2label": dict(enumerate(LABELS))}
KINDS = {
    "bert": lambda: BertForTokenClassification(
        BertConfig(hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128, **SMALL)
    ),
    "distilbert": lambda: DistilBertForTokenClassification(
        DistilBertConfig(dim=64, n_layers=2, n_heads=2, hidden_dim=128, **SMALL)
    ),
}


def save_model(kind: str, folder: Path) -> Path:
    """Make a classifier, one of `KINDS`, and save it with its tokenizer."""
    torch.manual_seed(0)
    model = KINDS[kind]()
    model.classifier.weight.data *= 50  # or one label would win nearly everywhere
    model.save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(TINY)
    if kind == "bert":
        from transformers import BertTokenizerFast

        tokenizer = BertTokenizerFast(tokenizer_object=tokenizer._tokenizer, model_max_length=64)
    tokenizer.save_pretrained(folder)
    return folder
