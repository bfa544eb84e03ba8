"""Carry tags from words to subwords, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from datasets import Dataset

from helpers.errors import NoLabelError, SlowTokenizerError

if TYPE_CHECKING:  # importing transformers imports the frameworks, and a helper leaves that to the notebook
    from transformers import PreTrainedTokenizerBase

IGNORED = -100  # the label that every loss and metric here leaves out


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
            f"{type(tokenizer).__name__} is not a fast tokenizer and has no word_ids;"
            " choose a model whose tokenizer has a Rust implementation (AutoTokenizer picks it by itself)"
        )


def drop_unlabelled(rows: Dataset) -> Dataset:
    """Drop the rows whose labels are all -100: they teach nothing, and a batch of only such rows has no defined loss.

    Raises
    ------
    NoLabelError
        If no row is left.
    """
    labelled = rows.select([row for row, labels in enumerate(rows["labels"]) if set(labels) - {IGNORED}])
    if not labelled:
        raise NoLabelError("no word of the training split has a subword: there is nothing to learn from")
    return labelled


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
