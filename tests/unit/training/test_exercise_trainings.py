"""Trainings in which one thing is changed, and only that."""

from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import DatasetDict
from seqeval.metrics import f1_score
from transformers import AutoModel, AutoTokenizer

from helpers.data.load import label_names
from helpers.training.fine_tune import encode, make_trainer, train_and_score

TINY = str(Path(__file__).parents[2] / "support" / "tiny_distilbert")


@pytest.fixture(scope="module")
def data(sample):
    return DatasetDict({split: sample[split].select(range(20)) for split in sample})


def changed_weights(trainer):
    """The parts of the model that a training has changed; the subwords' embeddings are one of their own."""
    before = {name: weight.detach().clone() for name, weight in trainer.model.named_parameters()}
    trainer.train()
    changed = [name for name, weight in trainer.model.named_parameters() if not torch.equal(weight, before[name])]
    parts = {name.removeprefix("distilbert.").removeprefix("embeddings.").partition(".")[0] for name in changed}
    return parts - {"position_embeddings", "LayerNorm"}  # the small ones beside the subwords' may change


@pytest.mark.slow
def test_all_layers_are_trained_or_the_head_alone(data):
    assert changed_weights(make_trainer(TINY, data, 1e-3)) == {"transformer", "classifier"}
    trainer = make_trainer(TINY, data, 1e-3, head_only=True)
    assert changed_weights(trainer) == {"classifier"}
    encoder = AutoModel.from_pretrained(TINY).state_dict()
    assert all(torch.equal(weight, encoder[name]) for name, weight in trainer.model.base_model.state_dict().items())


@pytest.mark.slow
def test_few_sentences_are_some_of_all_and_take_as_many_steps(data):
    rows = {n: make_trainer(TINY, data, 1e-3, epochs=3, sentences=n) for n in (None, 6, 100)}
    subwords = {n: [*map(tuple, trainer.train_dataset["input_ids"])] for n, trainer in rows.items()}
    assert {n: len(some) for n, some in subwords.items()} == {None: 20, 6: 6, 100: 20}
    assert set(subwords[6]) < set(subwords[None]) == set(subwords[100])
    assert rows[6].train().global_step == rows[None].train().global_step == 8  # of 60 sentences, 8 at a time


def test_every_subword_is_labelled_in_training_alone(data):
    first, every = (make_trainer(TINY, data, 1e-3, label_all_subwords=choice) for choice in (False, True))
    assert first.eval_dataset["labels"] == every.eval_dataset["labels"]
    tokenizer = AutoTokenizer.from_pretrained(TINY)
    for row, few, many in zip(data["train"], first.train_dataset["labels"], every.train_dataset["labels"], strict=True):
        pieces = [len(tokenizer.tokenize(token)) for token in row["tokens"]]
        tags = [tag for tag, count in zip(row["ner_tags"], pieces, strict=True) if count]
        assert [label for label in few if label != -100] == tags
        assert sum(label != -100 for label in many) == sum(pieces)


@pytest.mark.slow
def test_the_score_is_seqevals_and_a_seed_repeats_it(sample, data):
    whole = DatasetDict(train=data["train"], validation=sample["validation"])  # in 20 sentences it finds nothing
    trainer = make_trainer(TINY, whole, 1e-6)
    trainer.train()
    prediction = trainer.predict(encode(whole["validation"], AutoTokenizer.from_pretrained(TINY)))
    names, kept = np.array(label_names(whole)), prediction.label_ids != -100
    predicted = [names[row[k]].tolist() for row, k in zip(prediction.predictions.argmax(-1), kept, strict=True)]
    true = [names[row[k]].tolist() for row, k in zip(prediction.label_ids, kept, strict=True)]
    expected = f1_score(true, predicted)
    assert expected > 0
    assert [train_and_score(TINY, whole, 1e-6) for _ in range(2)] == [pytest.approx(expected)] * 2
