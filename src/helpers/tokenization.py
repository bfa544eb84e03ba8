"""Tokenize long sentences in overlapping windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import pandas as pd
from datasets import DatasetDict

from helpers.alignment import IGNORED, align_labels, inside_ids, require_fast

if TYPE_CHECKING:  # importing transformers imports the frameworks, and a helper leaves that to the notebook
    from tokenizers import Encoding
    from transformers import BatchEncoding, PreTrainedTokenizerBase

# Columns: a label for each subword; the indices of the words that are labelled in this row, each in one row only; and
# what else became of the sentence, in the first of its rows, with 0 in the others: 1 if it is longer than the model can
# take; how many words were cut off; for how many the tokenizer has no subword.
ACCOUNT = ("labels", "labelled_words", "long", "truncated", "without_subword")


def tokenize_and_align(
    examples: dict[str, list],
    indices: Sequence[int],
    tokenizer: PreTrainedTokenizerBase,
    label_names: Sequence[str],
    max_length: int,
    overlap: int = 0,
    label_all_subwords: bool = False,
) -> BatchEncoding:
    """Tokenize a batch of sentences and align its tags, for ``Dataset.map(..., batched=True, with_indices=True)``.

    Parameters
    ----------
    examples : dict
        ``tokens``, a list of lists of words, and ``ner_tags``, a list of lists of class ids.
    indices : sequence of int
        The place of each sentence in its split.
    tokenizer : PreTrainedTokenizerBase
        A fast one.
    label_names : sequence of str
        The IOB2 label names by class id.
    max_length : int
        How many subwords the model can take, special tokens included.
    overlap : int
        Split a longer sentence into windows that share so many subwords; 0 cuts off the rest of it instead.
    label_all_subwords : bool
        Label a word's later subwords too, as inside the entity.

    Returns
    -------
    BatchEncoding
        A row for each sentence, or for each window of one. It has the tokenizer's columns, without the attention mask,
        which padding makes; ``sentence``, the index of the sentence; the columns of `ACCOUNT`; and how
        many of its labelled words have an ``[UNK]`` or the like, and how many of these there are, ``unknown_words`` and
        ``unknown_subwords``.

    Raises
    ------
    SlowTokenizerError
        If the tokenizer cannot tell the words of its subwords.
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
    sentences = [*encoded.pop("overflow_to_sample_mapping", range(len(indices)))]  # of each row
    counts, windows = Counter(sentences), iter(encoded.encodings)
    inside = inside_ids(label_names) if label_all_subwords else None
    backwards = tokenizer.truncation_side == "left"
    rows = []
    for sentence, tags in enumerate(examples["ner_tags"]):
        rows += label_sentence([*islice(windows, counts[sentence])], tags, overlap, inside, backwards)
    encoded["sentence"] = [indices[sentence] for sentence in sentences]
    encoded.update({name: [row[place] for row in rows] for place, name in enumerate(ACCOUNT)})
    unknown = zip(encoded["input_ids"], encoded.encodings, encoded["labelled_words"], strict=True)
    of_rows = [unknown_words(*row, tokenizer.unk_token_id) for row in unknown]
    encoded["unknown_words"] = [len(set(words)) for words in of_rows]
    encoded["unknown_subwords"] = [len(words) for words in of_rows]
    return encoded


def unknown_words(
    ids: Sequence[int], window: Encoding, labelled_words: Sequence[int], unknown_id: int | None
) -> list[int]:
    """List the labelled words of a row that have an unknown subword, once for each such subword."""
    if unknown_id not in ids:
        return []
    labelled = set(labelled_words)
    return [word for id_, word in zip(ids, window.word_ids, strict=True) if id_ == unknown_id and word in labelled]


def label_sentence(
    windows: Sequence[Encoding],
    tags: Sequence[int],
    overlap: int,
    inside: Sequence[int] | None = None,
    backwards: bool = False,
) -> list[tuple[list[int], list[int], int, int, int]]:
    """Carry a sentence's tags over to all of its windows, and keep account of its words.

    Parameters
    ----------
    windows : sequence of Encoding
        Only one if the sentence is not too long, or is cut off.
    tags, overlap, inside
        As for `label_window` and `counted_positions`.
    backwards : bool
        Whether the sentence's last window comes first, as with a tokenizer that truncates on the left.

    Returns
    -------
    list of tuple
        For each window the values of the columns `ACCOUNT`.
    """
    if len(windows) == 1:
        parts = [label_window(windows[0].word_ids, tags, inside)]
    else:
        ranges = counted_ranges(windows, overlap, backwards)
        parts = [
            label_window(window.word_ids, tags, inside, part) for window, part in zip(windows, ranges, strict=True)
        ]
    overflowing = windows[0].overflowing
    truncated = len(_words(overflowing) - {*parts[0][1]}) if overflowing and not overlap else 0
    unlabelled = len(tags) - sum(len(words) for _, words in parts)
    counts = (int(bool(overflowing)), truncated, unlabelled - truncated)
    return [(*part, *(counts if place == 0 else (0, 0, 0))) for place, part in enumerate(parts)]


def _words(windows: Sequence[Encoding]) -> set[int]:
    return set().union(*(window.word_ids for window in windows)) - {None}


def label_window(
    word_ids: Sequence[int | None],
    tags: Sequence[int],
    inside: Sequence[int] | None = None,
    counted: Sequence[int] | None = None,
) -> tuple[list[int], list[int]]:
    """Carry a sentence's tags over to one of its windows.

    Parameters
    ----------
    word_ids, tags, inside
        As for `helpers.alignment.align_labels`.
    counted : sequence of int, optional
        The positions that count, as `counted_positions` gives them; the others get -100. None where the window is the
        whole sentence.

    Returns
    -------
    labels : list of int
        One label for each subword.
    words : list of int
        The indices of the words whose first subword counts, in order.
    """
    labels = align_labels(word_ids, tags, inside)
    if counted is None:
        return labels, [word for word in dict.fromkeys(word_ids) if word is not None]
    first_subwords = {word: position for position, word in reversed([*enumerate(word_ids)]) if word is not None}
    words = sorted(word for word, position in first_subwords.items() if position in counted)
    return [label if position in counted else IGNORED for position, label in enumerate(labels)], words


def counted_ranges(windows: Sequence[Encoding], overlap: int, backwards: bool = False) -> list[range]:
    """List for each window of a sentence which of its positions count, as `counted_positions` says.

    All of an only window do. If ``backwards``, the sentence's last window comes first.
    """
    if len(windows) == 1:
        return [range(len(windows[0].ids))]
    last = len(windows) - 1
    edges = [(place == 0, place == last) for place in range(len(windows))]
    if backwards:
        edges.reverse()
    return [counted_positions(window.word_ids, overlap, *ends) for window, ends in zip(windows, edges, strict=True)]


def counted_positions(word_ids: Sequence[int | None], overlap: int, first: bool, last: bool) -> range:
    """Return which positions of a window count, so that each subword of a sentence counts in exactly one window.

    The part that two windows share is divided in its middle: each word is scored in the window where it is farther from
    the edge. That is the rule of maximum context, by which BERT answered questions about long texts (Devlin et al.
    2018, ``run_squad.py``). The subword that a later window begins with never counts there: it may stand inside a word.

    Parameters
    ----------
    word_ids : sequence of int or None
        For each subword of the window the index of its word; None for special tokens.
    overlap : int
        How many subwords two windows share; at least 1.
    first, last : bool
        Whether the sentence begins, and whether it ends, with this window.

    Returns
    -------
    range
    """
    content = [position for position, word in enumerate(word_ids) if word is not None]
    start = content[0] if first else content[(overlap + 1) // 2]
    stop = content[-1] + 1 if last else content[-1] + 1 - overlap // 2
    return range(start, stop)


def join_windows(
    row_tags: Sequence[Sequence[str]], rows: Mapping[str, Sequence], sentences: Sequence[Sequence[str]]
) -> list[list[str]]:
    """Lay the tags of labelled words out over all words of their sentences, those of a sentence's windows side by side.

    Parameters
    ----------
    row_tags : sequence of sequence of str
        For each row the tags of its labelled words.
    rows : mapping
        The columns ``sentence`` and ``labelled_words`` of `tokenize_and_align`; the rows may stand in any order.
    sentences : sequence of sequence of str
        The words of each sentence.

    Returns
    -------
    list of list of str
        A tag for each word of each sentence; ``O`` for one that the model never saw.
    """
    joined = [["O"] * len(words) for words in sentences]
    for tags, sentence, labelled_words in zip(row_tags, rows["sentence"], rows["labelled_words"], strict=True):
        for word, tag in zip(labelled_words, tags, strict=True):
            joined[sentence][word] = tag
    return joined


def alignment_report(encoded: DatasetDict, dataset: DatasetDict) -> pd.DataFrame:
    """Count what became of the words of each split.

    Parameters
    ----------
    encoded : DatasetDict
        Splits mapped by `tokenize_and_align`.
    dataset : DatasetDict
        The same splits before.

    Returns
    -------
    DataFrame
        A row for each split, with the integer columns ``words``, those of `dataset`; ``labelled``, ``truncated`` and
        ``without_subword``, which add up to them; ``long_sentences``, the number of sentences that the model cannot
        take as they are; ``unknown_words``, the labelled words of which the tokenizer doesn't know a part; and
        ``unknown_subwords``, these parts.
    """
    sums = {
        split: {
            "words": sum(map(len, dataset[split]["tokens"])),
            "labelled": sum(map(len, rows["labelled_words"])),
            "truncated": sum(rows["truncated"]),
            "without_subword": sum(rows["without_subword"]),
            "long_sentences": sum(rows["long"]),
            "unknown_words": sum(rows["unknown_words"]),
            "unknown_subwords": sum(rows["unknown_subwords"]),
        }
        for split, rows in encoded.items()
    }
    return pd.DataFrame.from_dict(sums, orient="index")
