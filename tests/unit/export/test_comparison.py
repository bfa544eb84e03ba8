"""A model beside its exports, on answers worked out by hand."""

import time

import numpy as np
import pytest
from datasets import Dataset

from helpers.export.comparison import compare

LABELS = ["O", "B-x", "I-x"]
# Two sentences; the second in two windows, and its third word has no subword.
ROWS = Dataset.from_dict(
    {
        "input_ids": [[9, 1, 2, 9], [9, 3, 9], [9, 5, 9]],
        "labels": [[-100, 1, 0, -100], [-100, 1, -100], [-100, 2, -100]],
        "sentence": [0, 1, 1],
        "labelled_words": [[0, 1], [0], [1]],
    }
)
TRUE = [["B-x", "O"], ["B-x", "I-x", "O"]]


def runner(best, scale=1.0, seconds=0.0):
    """Answer each subword with the label that `best` has for it."""

    def run(inputs):
        time.sleep(seconds)
        assert {name: array.dtype for name, array in inputs.items()} == {"input_ids": int, "attention_mask": int}
        assert inputs["attention_mask"].all()
        return scale * np.eye(len(LABELS))[[best.get(subword, 0) for subword in inputs["input_ids"][0]]][None]

    return run


RIGHT = {1: 1, 3: 1, 5: 2}  # all entities: word 0, and words 0 and 1 of the second sentence


@pytest.fixture(scope="module")
def table():
    runners = {
        "first": runner(RIGHT, seconds=0.01),
        "same": runner(RIGHT, scale=1.5),
        "other": runner({1: 1, 3: 1, 5: 0}),
    }
    return compare(runners, ROWS, TRUE, LABELS)


def test_answers_are_compared_with_the_first_ones(table):
    assert table.index.tolist() == ["first", "same", "other"]
    assert table["f1"].tolist() == [1, 1, 0.5]
    assert table["entities"].tolist() == [2, 2, 2]
    assert table["same_entities"].tolist() == [2, 2, 1]
    assert table["same_tags"].tolist() == [1, 1, 0.8]
    assert table["largest_difference"].tolist() == [0, 0.5, 1]


def test_times_are_in_milliseconds_for_one_row(table):
    assert table["milliseconds"]["first"] >= 10
    assert table["milliseconds"]["same"] < table["milliseconds"]["first"]


def test_a_model_that_finds_nothing_has_an_f1_of_0(recwarn):
    table = compare({"none": runner({})}, ROWS, TRUE, LABELS)
    assert table.loc["none"].tolist()[1:] == [0, 0, 0, 1, 0]
    assert list(recwarn) == []
