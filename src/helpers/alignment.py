"""Carry tags from words, or from marked characters, to subwords, and back."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from datasets import Dataset, DatasetDict
from seqeval.metrics.sequence_labeling import get_entities

from helpers.data.span_tags import WORDS, trimmed, word_tags
from helpers.data.tagging import IGNORED, Span
from helpers.errors import EmptySplitError, SlowTokenizerError
from helpers.notebook.language import translate

if TYPE_CHECKING:  # importing transformers imports the frameworks, and a helper leaves that to the notebook
    from tokenizers import Encoding
    from transformers import BatchEncoding, PreTrainedTokenizerBase

MANY_UNKNOWN = 0.1  # of the words; from there on somebody should know


def align_labels(word_ids: Sequence[int | None], tags: Sequence[int], inside: Sequence[int] | None = None) -> list[int]:
    """Carry one sentence's tags over from its words to its subwords.

    `word_ids` has for each subword the index of its word, None for special tokens. A word's later subwords get -100,
    where neither the loss nor the metric looks, or else their tag's entry of `inside` (`inside_ids`).
    """
    labels, previous = [], None
    for word in word_ids:
        if word is None:
            labels.append(IGNORED)
        elif word != previous:
            labels.append(tags[word])
        else:
            labels.append(IGNORED if inside is None else inside[tags[word]])
        previous = word
    return labels


def inside_ids(label_names: Sequence[str]) -> list[int]:
    """Return for each IOB2 label the class id that continues it: ``I-x`` for ``B-x``, itself otherwise."""
    ids = {name: position for position, name in enumerate(label_names)}
    return [ids.get(f"I-{name[2:]}", position) for name, position in ids.items()]


def require_fast(tokenizer: PreTrainedTokenizerBase) -> None:
    """Raise `SlowTokenizerError` for a tokenizer that cannot tell which word a subword comes from."""
    if not tokenizer.is_fast:
        raise SlowTokenizerError(
            translate(
                "{kind} is not a fast tokenizer and has no word_ids;"
                " choose a model whose tokenizer has a Rust implementation (AutoTokenizer picks it by itself)",
                kind=type(tokenizer).__name__,
            )
        )


def drop_unlabelled(rows: Dataset, split: str = "train") -> Dataset:
    """Drop rows whose labels are all -100, as a batch of them has no loss; raises `EmptySplitError` if none is left."""
    labelled = rows.select([row for row, labels in enumerate(rows["labels"]) if set(labels) - {IGNORED}])
    if not labelled:
        message = translate("no word of the split {split} has a subword, so there is nothing to learn from or to score")
        raise EmptySplitError(message, split=repr(split))
    return labelled


def complete(encoded: DatasetDict, tokenizer: PreTrainedTokenizerBase) -> DatasetDict:
    """Finish tokenized splits: label marked characters, warn of unknown words, drop rows without a label.

    Splits that mark characters are tokenized again, by `tokenize_and_label`. Raises as `drop_unlabelled` does.
    """
    encoded = DatasetDict(encoded)
    for split, rows in encoded.items():
        if marks_characters(rows):
            settings = {"tokenizer": tokenizer, "label_names": rows.features["ner_tags"].feature.names}
            rows = encoded[split] = rows.map(tokenize_and_label, batched=True, fn_kwargs=settings)
        unknown = unknown_share(rows, tokenizer)
        if unknown > MANY_UNKNOWN:
            print(
                translate(
                    "{share:.0%} of the words in the split {split} are {unknown} to this encoder, which has no subwords"
                    " for them and can't tell them apart. If letters and their accents or parts are separate characters"
                    " in your text (Unicode's NFD), normalise it to NFC; otherwise choose an encoder for its language.",
                    share=unknown,
                    split=repr(split),
                    unknown=tokenizer.unk_token,
                )
            )
        if split in ("train", "validation"):  # whose loss is computed
            encoded[split] = drop_unlabelled(rows, split)
    return encoded


def marks_characters(rows: Dataset) -> bool:
    """Return whether a split has texts with spans of characters, rather than only words with tags."""
    return "spans" in rows.features


def unknown_share(rows: Dataset, tokenizer: PreTrainedTokenizerBase) -> float:
    """Return how many unknown subwords there are per word; WordPiece makes one of each word that it can't split."""
    unknown = sum(ids.count(tokenizer.unk_token_id) for ids in rows["input_ids"])
    return unknown / max(sum(map(len, rows["tokens"])), 1)


def aggregation_strategy(rows: Dataset) -> str:
    """Return how a pipeline has to join subwords so that it finds what was scored on such data."""
    return "simple" if marks_characters(rows) else "first"


class TaggedWords(NamedTuple):
    """The words of each sentence, their true and predicted IOB2 tags, and what stands behind each word in the text."""

    words: list[list[str]]
    true: list[list[str]]
    predicted: list[list[str]]
    gaps: list[list[str]]


def tag_words(rows: Dataset, row_tags: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase) -> TaggedWords:
    """Lay predictions beside the truth, for all words, also those that the model never saw.

    Where the data mark characters, the text is cut at the edges of true and predicted spans: tags then agree exactly
    where type, first and last character do. `row_tags` are the predicted tags of each row's labelled positions;
    `tokenizer` is the one with which the rows were tokenized, one each, and cut off at its ``model_max_length``.
    """
    if marks_characters(rows):
        return TaggedWords(*map(list, zip(*_cut_rows(rows, row_tags, tokenizer), strict=True)))
    names = rows.features["ner_tags"].feature.names
    words = rows["tokens"][:]
    true = [[names[tag] for tag in tags] for tags in rows["ner_tags"]]
    gaps = [[" "] * len(sentence) for sentence in words]
    return TaggedWords(words, true, tags_for_all_words(row_tags, words, tokenizer), gaps)


def tags_for_all_words(
    row_tags: Sequence[Sequence[str]], sentences: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase
) -> list[list[str]]:
    """Give every word its first subword's tag, ``O`` where it was cut off or has none; `row_tags` as in `tag_words`."""
    encoded = tokenizer(list(sentences), is_split_into_words=True, truncation=True)
    all_tags = []
    for row, (words, tags) in enumerate(zip(sentences, row_tags, strict=True)):
        seen = [word for word in dict.fromkeys(encoded.word_ids(row)) if word is not None]
        tag_of = dict(zip(seen, tags, strict=True))
        all_tags.append([tag_of.get(word, "O") for word in range(len(words))])
    return all_tags


def tokenize_and_label(
    examples: dict[str, list], tokenizer: PreTrainedTokenizerBase, label_names: Sequence[str]
) -> BatchEncoding:
    """Tokenize a batch of texts with ``spans``, and label each subword by its characters, for ``Dataset.map``.

    The text is tokenized, and cut off, as a pipeline will do it. The first subword that shares a character with a span
    begins it, the others continue it; a subword on which two spans meet belongs to the first.
    """
    ids = {name: label for label, name in enumerate(label_names)}
    encoded = tokenizer(examples["text"], truncation=True)
    encoded["labels"] = []
    for encoding, spans in zip(encoded.encodings, examples["spans"], strict=True):
        tags = iter(word_tags(_offsets(encoding), [Span(**span) for span in spans]))
        encoded["labels"].append([IGNORED if special else ids[next(tags)] for special in encoding.special_tokens_mask])
    return encoded


def spans_of(tags: Sequence[str], offsets: Sequence[tuple[int, int]], text: str) -> list[Span]:
    """Turn the tags of subwords into spans of characters, as a pipeline does with ``aggregation_strategy="simple"``.

    White space at the edges is left out, and a character that two spans would share belongs to the first.
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


def _cut_rows(
    rows: Dataset, row_tags: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase
) -> Iterator[tuple[list[str], list[str], list[str], list[str]]]:
    """Cut each text into words, and these at the edges of true and predicted spans; yield the row of `TaggedWords`."""
    encoded = tokenizer(rows["text"][:], truncation=True)
    for encoding, text, marked, tags in zip(encoded.encodings, rows["text"], rows["spans"], row_tags, strict=True):
        true, predicted = [Span(**span) for span in marked], spans_of(tags, _offsets(encoding), text)
        edges = sorted({edge for span in (*true, *predicted) for edge in (span.start, span.end)})
        pieces = []
        for _, (start, end) in WORDS.pre_tokenize_str(text):
            pieces += pairwise([start, *edges[bisect_right(edges, start) : bisect_left(edges, end)], end])
        following = [start for start, _ in pieces[1:]] + [len(text)]
        yield (
            [text[start:end] for start, end in pieces],
            word_tags(pieces, true),
            word_tags(pieces, predicted),
            [text[end:start] for (_, end), start in zip(pieces, following, strict=True)],
        )
