"""Tokenize long sentences in overlapping windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pandas as pd
from datasets import DatasetDict

from helpers.alignment import IGNORED, require_fast

if TYPE_CHECKING:  # importing transformers imports the frameworks, and a helper leaves that to the notebook
    from tokenizers import Encoding
    from transformers import BatchEncoding, PreTrainedTokenizerBase

# What became of a sentence's words, in the first of its rows, with 0 in the others: how many were cut off; for how many
# the tokenizer has no subword; of how many labelled ones it doesn't know a part; and 1 if the sentence is too long.
COUNTS = ("truncated", "without_subword", "long_sentences", "unknown_words")


def tokenize_and_align(
    examples: dict[str, list],
    indices: Sequence[int],
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    overlap: int = 0,
) -> BatchEncoding:
    """Tokenize a batch of sentences and align its tags, for ``Dataset.map(..., batched=True, with_indices=True)``.

    A sentence of more than `max_length` subwords, special tokens included, is split into windows that share `overlap`
    of them, or else cut off. Raises `SlowTokenizerError` for a tokenizer without ``word_ids``.

    Each sentence or window is a row, with ``input_ids`` and ``labels``; ``sentence``, the index of the sentence;
    ``labelled_words``, the indices of the words that are labelled in this row; and the `COUNTS`.
    """
    require_fast(tokenizer)
    encoded = tokenizer(
        examples["tokens"],
        is_split_into_words=True,
        truncation=True,
        max_length=max_length,
        stride=overlap,
        return_overflowing_tokens=overlap > 0,
        return_attention_mask=False,  # all 1 before padding, which makes it
    )
    sentences = encoded.pop("overflow_to_sample_mapping", range(len(indices)))  # of each row
    rows = []
    for sentence, group in groupby(zip(sentences, encoded.encodings, strict=True), key=itemgetter(0)):
        rows += _labelled_rows([window for _, window in group], examples["ner_tags"][sentence], tokenizer, overlap)
    encoded["sentence"] = [indices[sentence] for sentence in sentences]
    encoded.update({name: [row[name] for row in rows] for name in ("labels", "labelled_words", *COUNTS)})
    return encoded


def _labelled_rows(
    windows: Sequence[Encoding], tags: Sequence[int], tokenizer: PreTrainedTokenizerBase, overlap: int
) -> list[dict[str, Any]]:
    """Carry a sentence's tags over to its windows, and keep account of its words."""
    rows = []
    for window, counted in zip(windows, counted_ranges(windows, tokenizer, overlap), strict=True):
        word_ids = window.word_ids
        word_at = {position: word_ids[position] for position in first_subwords(word_ids, counted)}
        labels = [tags[word_at[place]] if place in word_at else IGNORED for place in range(len(word_ids))]
        unknown = {word for word, token in zip(word_ids, window.ids, strict=True) if token == tokenizer.unk_token_id}
        row = {"labels": labels, "labelled_words": [*word_at.values()]}
        rows.append(dict.fromkeys(COUNTS, 0) | row | {"unknown_words": len(unknown.intersection(word_at.values()))})
    labelled = {word for row in rows for word in row["labelled_words"]}
    overflowing = windows[0].overflowing
    truncated = set() if overlap else set().union(*(rest.word_ids for rest in overflowing)) - {None} - labelled
    without_subword = len(tags) - len(labelled) - len(truncated)
    rows[0] |= {"truncated": len(truncated), "without_subword": without_subword}
    rows[0] |= {"long_sentences": int(bool(overflowing))}
    return rows


def first_subwords(word_ids: Sequence[int | None], counted: range) -> list[int]:
    """List the positions, among those that count, at which a word begins."""
    before = [None, *word_ids]
    return [position for position in counted if word_ids[position] not in (None, before[position])]


def counted_ranges(windows: Sequence[Encoding], tokenizer: PreTrainedTokenizerBase, overlap: int) -> list[range]:
    """List for each window of a sentence which of its positions count, as `counted_positions` says; all of an only one.

    With a tokenizer that truncates on the left, the sentence's last window comes first.
    """
    if len(windows) == 1:
        return [range(len(windows[0].ids))]
    last = len(windows) - 1
    places = range(last, -1, -1) if tokenizer.truncation_side == "left" else range(last + 1)
    pairs = zip(windows, places, strict=True)
    return [counted_positions(window.word_ids, overlap, place == 0, place == last) for window, place in pairs]


def counted_positions(word_ids: Sequence[int | None], overlap: int, first: bool, last: bool) -> range:
    """Return which positions of a window count, so that each subword of a sentence counts in exactly one window.

    The part of at least 1 subword that two windows share is divided in its middle: each word is scored where it is
    farther from the edge, by the rule of maximum context (Devlin et al. 2018, ``run_squad.py``). The subword that a
    later window begins with never counts there: it may stand inside a word.
    """
    content = [position for position, word in enumerate(word_ids) if word is not None]
    start = content[0] if first else content[(overlap + 1) // 2]
    stop = content[-1] + 1 if last else content[-1] + 1 - overlap // 2
    return range(start, stop)


def join_windows(
    row_tags: Sequence[Sequence[str]], rows: Mapping[str, Sequence], sentences: Sequence[Sequence[str]]
) -> list[list[str]]:
    """Lay the tags of each row's labelled words out over all words of their sentences; ``O`` for those never seen.

    `rows` has the columns ``sentence`` and ``labelled_words`` of `tokenize_and_align`, in any order.
    """
    joined = [["O"] * len(words) for words in sentences]
    for tags, sentence, labelled_words in zip(row_tags, rows["sentence"], rows["labelled_words"], strict=True):
        for word, tag in zip(labelled_words, tags, strict=True):
            joined[sentence][word] = tag
    return joined


def alignment_report(encoded: DatasetDict, dataset: DatasetDict) -> pd.DataFrame:
    """Count what became of each split's words: ``labelled``, ``truncated`` and ``without_subword`` are all of them."""
    sums = {
        split: {"words": sum(map(len, dataset[split]["tokens"])), "labelled": sum(map(len, rows["labelled_words"]))}
        | {name: sum(rows[name]) for name in COUNTS}
        for split, rows in encoded.items()
    }
    return pd.DataFrame.from_dict(sums, orient="index")
