"""Make tests/support/tiny_distilbert, a DistilBERT of a few thousand random weights, for runs that take seconds."""

from pathlib import Path

import torch
from tokenizers import BertWordPieceTokenizer
from transformers import DistilBertConfig, DistilBertModel, DistilBertTokenizerFast

from helpers.data.load import load_ner_dataset

FOLDER = Path(__file__).with_name("tiny_distilbert")
VOCABULARY = 800
POSITIONS = 64


def main() -> None:
    """Train the vocabulary on the bundled sample, draw the weights, and save both."""
    sentences = (" ".join(tokens) for tokens in load_ner_dataset("sample")["train"]["tokens"])
    wordpiece = BertWordPieceTokenizer()
    wordpiece.train_from_iterator(sentences, vocab_size=VOCABULARY, show_progress=False)
    FOLDER.mkdir(exist_ok=True)
    (vocabulary,) = wordpiece.save_model(str(FOLDER))
    DistilBertTokenizerFast(vocabulary, model_max_length=POSITIONS).save_pretrained(FOLDER)
    torch.manual_seed(0)
    config = DistilBertConfig(
        vocab_size=wordpiece.get_vocab_size(),
        max_position_embeddings=POSITIONS,
        dim=16,
        hidden_dim=32,
        n_heads=2,
        n_layers=2,
    )
    DistilBertModel(config).save_pretrained(FOLDER)


if __name__ == "__main__":
    main()
