"""Label subwords by spans of characters, and turn their tags into spans again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from datasets import Dataset
from seqeval.metrics.sequence_labeling import get_entities

from helpers.data.span_tags import WORDS, trimmed, word_tags
from helpers.data.tagging import IGNORED, Span

if TYPE_CHECKING:  # importing transformers imports the frameworks, and a helper leaves that to the notebook
    from tokenizers import Encoding
    from transformers import BatchEncoding, PreTrainedTokenizerBase


def tokenize_and_label(
    examples: dict[str, list], tokenizer: PreTrainedTokenizerBase, label_names: Sequence[str]
) -> BatchEncoding:
    """Tokenize a batch of texts and label each subword by where its characters lie, for ``Dataset.map``.

    The text is tokenized as it was written, as a pipeline will do it. The first subword that shares a character with a
    span begins it, the others continue it; a subword on which two spans meet belongs to the first.

    Parameters
    ----------
    examples : dict
        ``text``, a list of texts, and ``spans``, for each a list of objects with ``start``, ``end`` and ``label``.
    tokenizer : PreTrainedTokenizerBase
        A fast one. Texts that are too long for it are cut off.
    label_names : sequence of str
        The IOB2 label names by class id.

    Returns
    -------
    BatchEncoding
        With ``labels``: -100 for special tokens.
    """
    ids = {name: label for label, name in enumerate(label_names)}
    encoded = tokenizer(examples["text"], truncation=True)
    encoded["labels"] = []
    for encoding, spans in zip(encoded.encodings, examples["spans"], strict=True):
        tags = iter(word_tags(_offsets(encoding), _as_spans(spans)))
        encoded["labels"].append([IGNORED if special else ids[next(tags)] for special in encoding.special_tokens_mask])
    return encoded


def cut_rows(
    rows: Dataset, row_tags: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase
) -> Iterator[tuple[list[str], list[str], list[str], list[str]]]:
    """Cut each text into words, and these at the edges of true and predicted spans.

    Parameters
    ----------
    rows : Dataset
        With ``text`` and ``spans``.
    row_tags : sequence of sequence of str
        For each row the predicted tags of its subwords, special tokens left out.
    tokenizer : PreTrainedTokenizerBase

    Yields
    ------
    (list of str, list of str, list of str, list of str)
        Words, true tags, predicted tags, and the white space behind each word.
    """
    encoded = tokenizer(rows["text"][:], truncation=True)
    for encoding, text, marked, tags in zip(encoded.encodings, rows["text"], rows["spans"], row_tags, strict=True):
        true, predicted = _as_spans(marked), spans_of(tags, _offsets(encoding), text)
        pieces = list(_cut(text, sorted({edge for span in (*true, *predicted) for edge in (span.start, span.end)})))
        following = [start for start, _ in pieces[1:]] + [len(text)]
        yield (
            [text[start:end] for start, end in pieces],
            word_tags(pieces, true),
            word_tags(pieces, predicted),
            [text[end:start] for (_, end), start in zip(pieces, following, strict=True)],
        )


def spans_of(tags: Sequence[str], offsets: Sequence[tuple[int, int]], text: str) -> list[Span]:
    """Turn the tags of subwords into spans of characters, as a pipeline does with ``aggregation_strategy="simple"``.

    White space at the edges is left out. A character of which several subwords have a part, and which two spans would
    share, belongs to the first.

    Parameters
    ----------
    tags : sequence of str
        Any tags with IOB2's prefixes; an ``I-`` that continues nothing begins an entity.
    offsets : sequence of (int, int)
        Where each subword begins and ends in the text.
    text : str

    Returns
    -------
    list of Span
        In order, and apart.
    """
    spans, reached = [], 0
    for label, first, last in get_entities(list(tags)):
        span = trimmed(Span(max(offsets[first][0], reached), offsets[last][1], label), text)
        if span.start < span.end:
            spans.append(span)
            reached = span.end
    return spans


def _offsets(encoding: Encoding) -> list[tuple[int, int]]:
    masked = zip(encoding.offsets, encoding.special_tokens_mask, strict=True)
    return [offsets for offsets, special in masked if not special]


def _as_spans(marked: Sequence[dict]) -> list[Span]:
    return [Span(span["start"], span["end"], span["label"]) for span in marked]


def _cut(text: str, edges: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where the words of a text begin and end, cut at some edges, which are in order."""
    for _, (start, end) in WORDS.pre_tokenize_str(text):
        yield from pairwise([start, *edges[bisect_right(edges, start) : bisect_left(edges, end)], end])
