"""What the chapters' own training leaves: a folder that `pipeline` loads, with the best epoch's weights."""

from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import ClassLabel, DatasetDict, Sequence
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

from helpers.alignment import align_labels
from helpers.data.load import label_names
from helpers.errors import EmptySplitError, TrainingDivergedError
from helpers.training.fine_tune import fine_tune

TINY = str(Path(__file__).resolve().parents[2] / "support" / "tiny_distilbert")


@pytest.fixture(scope="module")
def some(sample):
    return DatasetDict({split: rows.select(range(64)) for split, rows in sample.items()})


@pytest.fixture(scope="module")
def folder(some, tmp_path_factory):
    return fine_tune(some, TINY, tmp_path_factory.mktemp("fine_tuned") / "model", epochs=2, learning_rate=1e-2)


@pytest.mark.slow
def test_the_folder_is_all_that_a_pipeline_needs_and_holds_no_pickle(folder, some):
    files = {path.name for path in Path(folder).iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= files
    assert not [name for name in files if name.endswith((".bin", ".pt"))]
    classify = pipeline("ner", model=folder)
    assert list(classify.model.config.id2label.values()) == label_names(some)
    assert classify.tokenizer.model_max_length == 64


def test_more_words_are_right_than_with_a_new_head(folder, some):
    tokenizer, names = AutoTokenizer.from_pretrained(folder), label_names(some)
    words = some["train"]["tokens"][:]

    def share_right(path):
        model = AutoModelForTokenClassification.from_pretrained(path, num_labels=len(names)).eval()
        right = []
        for sentence, tags in zip(words, some["train"]["ner_tags"], strict=True):
            encoded = tokenizer([sentence], is_split_into_words=True, truncation=True, return_tensors="pt")
            best = model(**encoded).logits[0].argmax(-1).tolist()
            labels = align_labels(encoded.word_ids(0), tags)
            right += [found == label for found, label in zip(best, labels, strict=True) if label != -100]
        return np.mean(right)

    assert share_right(folder) > 0.7 > share_right(TINY)


def test_nothing_to_learn_from_is_named(some, tmp_path):
    row = {"id": ["0"], "tokens": [["\ufe0f"]], "ner_tags": [[0]]}
    invisible = some["train"].from_dict(row, features=some["train"].features)
    with pytest.raises(EmptySplitError):
        fine_tune(DatasetDict(some | {"train": invisible}), TINY, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_training_that_diverges_stops_and_leaves_no_folder(some, tmp_path):
    with pytest.raises(TrainingDivergedError, match="after epoch 1"):
        fine_tune(some, TINY, tmp_path / "model", epochs=2, learning_rate=1e30)
    assert not (tmp_path / "model").exists()


def test_a_tagger_continues_with_its_labels_in_the_datas_order(folder, some, tmp_path, capsys):
    before = AutoModelForTokenClassification.from_pretrained(folder)
    names = label_names(some)[::-1]
    turned = some.map(lambda row: {"ner_tags": [len(names) - 1 - tag for tag in row["ner_tags"]]})
    for split in turned:
        turned[split] = turned[split].cast_column("ner_tags", Sequence(ClassLabel(names=names)))
    again = fine_tune(turned, folder, tmp_path / "model", epochs=1, learning_rate=0.0)
    assert "its rows are put in the data's order" in capsys.readouterr().out
    after = AutoModelForTokenClassification.from_pretrained(again)
    assert list(after.config.id2label.values()) == names
    assert torch.equal(after.classifier.weight, before.classifier.weight.flip(0))
