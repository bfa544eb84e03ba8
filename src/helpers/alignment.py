"""Carry tags from words to subwords, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import pyarrow.compute as pc
from datasets import Dataset, DatasetDict

from helpers.data.tagging import IGNORED
from helpers.errors import NoLabelError, SlowTokenizerError
from helpers.notebook.language import translate

if TYPE_CHECKING:  # importing transformers imports the frameworks, and a helper leaves that to the notebook
    from transformers import PreTrainedTokenizerBase

MANY_UNKNOWN = 0.1  # of the words; from there on somebody should know


def align_labels(word_ids: Sequence[int | None], tags: Sequence[int], inside: Sequence[int] | None = None) -> list[int]:
    """Carry one sentence's tags over from its words to its subwords.

    Parameters
    ----------
    word_ids : sequence of int or None
        For each subword the index of its word; None for special tokens.
    tags : sequence of int
        The class id of each word.
    inside : sequence of int, optional
        For each class id the one that continues it (``B-x`` -> ``I-x``), as `inside_ids` gives them. If given, it
        labels a word's later subwords; otherwise they get -100.

    Returns
    -------
    list of int
        One label for each subword; -100 where the loss and the metric don't look.
    """
    labels = []
    previous = None
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
                " choose a model whose tokenizer has a Rust implementation (AutoTokenizer picks it by itself)"
            ).format(kind=type(tokenizer).__name__)
        )


def drop_unlabelled(rows: Dataset, split: str = "train") -> Dataset:
    """Drop the rows whose labels are all -100: they teach nothing, and a batch of only such rows has no defined loss.

    Raises
    ------
    NoLabelError
        If no row is left.
    """
    labelled = rows.select([row for row, labels in enumerate(rows["labels"]) if set(labels) - {IGNORED}])
    if not labelled:
        raise NoLabelError(
            translate(
                "no word of the split {split} has a subword, so there is nothing to learn from or to score"
            ).format(split=repr(split))
        )
    return labelled


def complete(encoded: DatasetDict, tokenizer: PreTrainedTokenizerBase) -> DatasetDict:
    """Finish tokenized splits: label marked characters, warn of unknown words, drop rows without a label.

    Parameters
    ----------
    encoded : DatasetDict
        Splits of `helpers.data.load.load_ner_dataset`, to which ``input_ids``, ``labels`` and so on were added. Where
        the data mark characters, these columns are made again, by `helpers.span_labels.tokenize_and_label`.
    tokenizer : PreTrainedTokenizerBase

    Returns
    -------
    DatasetDict

    Raises
    ------
    NoLabelError
        If no row of the training or the validation split is left.
    """
    from helpers.span_labels import tokenize_and_label  # here, as most data give words

    encoded = DatasetDict(encoded)
    for split, rows in encoded.items():
        if marks_characters(rows):
            names = rows.features["ner_tags"].feature.names
            settings = {"tokenizer": tokenizer, "label_names": names}
            encoded[split] = rows.map(tokenize_and_label, batched=True, fn_kwargs=settings)
        unknown = unknown_share(encoded[split], tokenizer)
        if unknown > MANY_UNKNOWN:
            print(
                translate(
                    "{share:.0%} of the words in the split {split} are {unknown} to this encoder, which has no subwords"
                    " for them and can't tell them apart. If letters and their accents or parts are separate characters"
                    " in your text (Unicode's NFD), normalise it to NFC; otherwise choose an encoder for its language."
                ).format(share=unknown, split=repr(split), unknown=tokenizer.unk_token)
            )
    for split in encoded.keys() & {"train", "validation"}:  # whose loss is computed
        encoded[split] = drop_unlabelled(encoded[split], split)
    return encoded


def marks_characters(rows: Dataset) -> bool:
    """Return whether a split has texts with spans of characters, rather than only words with tags."""
    return "spans" in rows.features


def unknown_share(rows: Dataset, tokenizer: PreTrainedTokenizerBase) -> float:
    """Return how many unknown subwords there are per word; WordPiece makes one of each word that it can't split."""
    if tokenizer.unk_token_id is None:
        return 0.0
    columns = rows.select_columns(["input_ids", "tokens"]).with_format("arrow")[:]
    ids, words = (pc.list_flatten(columns[name]) for name in ("input_ids", "tokens"))
    return (pc.sum(pc.equal(ids, tokenizer.unk_token_id)).as_py() or 0) / max(len(words), 1)


def aggregation_strategy(rows: Dataset) -> str:
    """Return how a pipeline has to join subwords so that it finds what was scored on such data.

    Returns
    -------
    {"first", "simple"}
        ``"first"``, by which a word's first subword speaks for the word, where the data give words; ``"simple"``, by
        which every subword speaks for itself, where they mark characters.
    """
    return "simple" if marks_characters(rows) else "first"


class TaggedWords(NamedTuple):
    """The words of each sentence, their true and predicted IOB2 tags, and what stands behind each word in the text."""

    words: list[list[str]]
    true: list[list[str]]
    predicted: list[list[str]]
    gaps: list[list[str]]


def tag_words(rows: Dataset, row_tags: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase) -> TaggedWords:
    """Lay predictions beside the truth, for all words, also those that the model never saw.

    Where the data mark characters, predictions become spans of characters, and the text is cut at the edges of true
    and predicted spans: tags then agree exactly where type, first and last character do.

    Parameters
    ----------
    rows : Dataset
        A split of `helpers.data.load.load_ner_dataset`, in the order of the predictions.
    row_tags : sequence of sequence of str
        For each row the predicted tags of its labelled positions.
    tokenizer : PreTrainedTokenizerBase
        With which the rows were tokenized, one each; its ``model_max_length`` says where they were cut off.

    Returns
    -------
    TaggedWords
    """
    if marks_characters(rows):
        from helpers.span_labels import cut_rows  # here, as most data give words

        return TaggedWords(*map(list, zip(*cut_rows(rows, row_tags, tokenizer), strict=True)))
    names = rows.features["ner_tags"].feature.names
    words = rows["tokens"][:]
    true = [[names[tag] for tag in tags] for tags in rows["ner_tags"]]
    gaps = [[" "] * len(sentence) for sentence in words]
    return TaggedWords(words, true, tags_for_all_words(row_tags, words, tokenizer), gaps)


def tags_for_all_words(
    row_tags: Sequence[Sequence[str]], sentences: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase
) -> list[list[str]]:
    """Give every word of every sentence its tag, also those words that the model never saw.

    Parameters
    ----------
    row_tags : sequence of sequence of str
        For each sentence the tags of its labelled positions, which are its words' first subwords.
    sentences : sequence of sequence of str
        The words of the same sentences, in the same order.
    tokenizer : PreTrainedTokenizerBase
        With which the sentences were tokenized, one row each; its ``model_max_length`` says where they were cut off.

    Returns
    -------
    list of list of str
        A tag for each word; ``O`` where the word was cut off or has no subword.
    """
    encoded = tokenizer(list(sentences), is_split_into_words=True, truncation=True)
    all_tags = []
    for row, (words, tags) in enumerate(zip(sentences, row_tags, strict=True)):
        seen = [word for word in dict.fromkeys(encoded.word_ids(row)) if word is not None]
        tag_of = dict(zip(seen, tags, strict=True))
        all_tags.append([tag_of.get(word, "O") for word in range(len(words))])
    return all_tags
