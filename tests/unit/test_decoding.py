"""The Viterbi search, against all sequences of short sentences."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.decoding import BATCH, valid_transitions, viterbi
from helpers.errors import LogitsError
from helpers.metrics import tags_from_logits, valid_tags_from_logits

NAMES = ["O", "B-x", "I-x", "B-y", "I-y"]
START = len(NAMES)
SEEDS = st.integers(0, 2**32 - 1)


def is_valid(tags):
    """Whether each ``I-x`` continues a ``B-x`` or ``I-x``."""
    return all(tag[0] != "I" or last in ("B" + tag[1:], tag) for last, tag in pairwise(["O", *tags]))


def random_sentences(seed, lengths):
    random = np.random.default_rng(seed)
    return random, [random.normal(size=(length, len(NAMES))) for length in lengths]


@given(SEEDS, st.lists(st.integers(0, 4), min_size=1, max_size=3))
def test_no_sequence_is_better_and_of_the_valid_ones_none(seed, lengths):
    random, logits = random_sentences(seed, lengths)
    learned = random.normal(size=(START + 1, START))
    for transitions, allowed in ((learned, lambda tags: True), (learned + valid_transitions(NAMES), is_valid)):
        for of_sentence, found in zip(logits, viterbi(logits, transitions), strict=True):
            sums = {
                labels: sum(of_sentence[word, label] for word, label in enumerate(labels))
                + sum(learned[pair] for pair in zip([START, *labels], labels, strict=False))
                for labels in product(range(START), repeat=len(of_sentence))
                if allowed([NAMES[label] for label in labels])
            }
            assert tuple(found) == max(sums, key=sums.get)


@given(SEEDS)
def test_where_everything_may_follow_everything_the_largest_logit_wins(seed):
    _, logits = random_sentences(seed, range(BATCH + 3))  # more than a batch, and of all lengths
    found = viterbi(logits, np.zeros((START + 1, START)))
    assert [sequence.tolist() for sequence in found] == [of.argmax(axis=1).tolist() for of in logits]


BY_HAND = {  # the rows: O, each label in turn, the beginning of a sentence; x where the column's label may follow
    ("O", "B-x", "I-x", "B-y", "I-y"): ["xx x ", "xxxx ", "xxxx ", "xx xx", "xx xx", "xx x "],
    ("I-x", "I-B-x", "O", "B-x"): ["x xx", " xxx", "  xx", "x xx", "  xx"],  # another order, and a type called B-x
    ("O",): ["x", "x"],
}


@pytest.mark.parametrize(("names", "rows"), BY_HAND.items(), ids=map(" ".join, BY_HAND))
def test_an_entity_continues_only_one_of_its_type(names, rows):
    transitions = valid_transitions(names)
    assert [["x" if value == 0 else " " for value in row] for row in transitions] == [[*row] for row in rows]
    assert np.isneginf(transitions[transitions != 0]).all()


def test_a_word_that_must_be_inside_makes_the_word_before_begin():
    probabilities = np.array([[0.9, 0.05, 0.05], [0.5, 0.35, 0.15], [0.3, 0.1, 0.6]])
    logits = np.log(probabilities) + np.array([[3], [-70], [0]])  # as logits are: shifted by a number per word
    names = ["O", "B-x", "I-x"]
    padded = np.stack([logits, logits[::-1]])
    labels = np.array([[0, 0, 0], [-100, 0, 0]])
    assert tags_from_logits(padded, labels, names)[0] == [["O", "O", "I-x"], ["O", "O"]]
    assert valid_tags_from_logits(padded, labels, names) == [["O", "B-x", "I-x"], ["O", "O"]]


def test_sentences_without_words_have_no_tags():
    assert viterbi([], valid_transitions(NAMES)) == []
    assert valid_tags_from_logits(np.zeros((2, 3, 5)), np.full((2, 3), -100), NAMES) == [[], []]


@pytest.mark.parametrize("shape", [(2, 4), (2, 6), (5,), (1, 2, 5)])
def test_logits_of_other_labels_are_refused(shape):
    with pytest.raises(LogitsError, match=r"logits of the shape \(.*\) don't fit 5 labels"):
        viterbi([np.zeros((1, 5)), np.zeros(shape)], valid_transitions(NAMES))
