"""Find the best sequence of tags, not the best tag of each word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers.errors import LogitsError
from helpers.notebook.language import translate

BATCH = 32  # sentences at a time, as memory grows with the square of the number of labels


def valid_transitions(label_names: Sequence[str]) -> np.ndarray:
    """Return 0 where an IOB2 label may follow another, and minus infinity where not.

    The shape is (labels + 1, labels): a row for each previous label, and a last one for the beginning of a sentence.
    ``I-x`` may only follow ``B-x`` and ``I-x``.
    """
    before = [*label_names, "O"]  # a sentence may begin with what may follow an O
    allowed = [[not b.startswith("I-") or (a[:1] in "BI" and a[1:] == b[1:]) for b in label_names] for a in before]
    return np.where(allowed, 0.0, -np.inf)


def viterbi(logits: Sequence[np.ndarray], transitions: np.ndarray) -> list[np.ndarray]:
    """Find each sentence's sequence of class ids with the largest sum of logits and transitions (Viterbi 1967).

    `logits` has for each sentence an array (words, classes). From log-probabilities they differ by a number per word,
    the same for all sequences. `transitions` are those of `valid_transitions`, or others added to them. Raises
    `LogitsError` where both don't have the same classes.
    """
    for of_sentence in logits:
        if of_sentence.shape[1:] != transitions.shape[1:]:
            message = translate("logits of the shape {shape} don't fit {labels} labels: each word needs one per label")
            raise LogitsError(message, shape=of_sentence.shape, labels=transitions.shape[1])
    batches = (logits[first : first + BATCH] for first in range(0, len(logits), BATCH))
    return [path for batch in batches for path in _viterbi(batch, transitions)]


def _viterbi(logits: Sequence[np.ndarray], transitions: np.ndarray) -> list[np.ndarray]:
    lengths = np.array([len(of_sentence) for of_sentence in logits])
    padded = np.zeros((len(logits), max(lengths.max(), 1), transitions.shape[1]))
    for row, of_sentence in zip(padded, logits, strict=True):
        row[: len(of_sentence)] = of_sentence
    score = transitions[-1] + padded[:, 0]  # of the best sequence up to a word that ends in each label
    came_from = []  # each label's predecessor in that sequence
    for word in range(1, padded.shape[1]):
        candidates = score[:, :, None] + transitions[:-1]
        inside = (word < lengths)[:, None]  # behind a sentence's end, nothing changes
        came_from.append(np.where(inside, candidates.argmax(axis=1), np.arange(score.shape[1])))
        score = np.where(inside, candidates.max(axis=1) + padded[:, word], score)
    sentences, label = np.arange(len(logits)), score.argmax(axis=1)
    path = [label]
    for pointers in reversed(came_from):
        label = pointers[sentences, label]
        path.append(label)
    return [row[:length] for row, length in zip(np.array(path[::-1]).T, lengths, strict=True)]
