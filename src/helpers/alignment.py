"""From words and their tags to subwords and their labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
from datasets import DatasetDict

from helpers.exceptions import SlowTokenizerError

if TYPE_CHECKING:  # importing transformers imports the frameworks, and a helper leaves that to the notebook
    from tokenizers import Encoding
    from transformers import BatchEncoding, PreTrainedTokenizerBase

IGNORED = -100  # the target that PyTorch's cross-entropy and the TensorFlow models' loss leave out


def align_labels(word_ids: Sequence[int | None], tags: Sequence[int], inside: Sequence[int] | None = None) -> list[int]:
    """Carry one sentence's tags over from its words to its subwords.

    Parameters
    ----------
    word_ids : sequence of int or None
        For each subword the index of its word; None for special tokens.
    tags : sequence of int
        The class id of each word.
    inside : sequence of int, optional
        For each class id the one that continues it (``B-x`` -> ``I-x``). Given, it labels a word's later subwords;
        otherwise they get -100.

    Returns
    -------
    list of int
        One label for each subword; -100 where the loss and the metric shall not look.
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
    """For each IOB2 label find the class id of the label that continues it: ``I-x`` for ``B-x``, itself otherwise."""
    ids = {name: position for position, name in enumerate(label_names)}
    return [ids.get(f"I-{name[2:]}", position) for name, position in ids.items()]


def require_fast(tokenizer: PreTrainedTokenizerBase) -> None:
    """Raise `SlowTokenizerError` for a tokenizer that cannot tell which word a subword comes from."""
    if not tokenizer.is_fast:
        raise SlowTokenizerError(
            f"{type(tokenizer).__name__} is not a fast tokenizer and has no word_ids;"
            " choose a model whose tokenizer has a Rust implementation (AutoTokenizer picks it by itself)"
        )


def tokenize_and_align(
    examples: dict[str, list],
    tokenizer: PreTrainedTokenizerBase,
    label_names: Sequence[str],
    max_length: int,
    label_all_subwords: bool = False,
) -> BatchEncoding:
    """Tokenize a batch of sentences and align its tags; made for ``Dataset.map(..., batched=True)``.

    Parameters
    ----------
    examples : dict
        ``tokens``, a list of lists of words, and ``ner_tags``, a list of lists of class ids.
    tokenizer : PreTrainedTokenizerBase
        A fast one.
    label_names : sequence of str
        The IOB2 label names by class id.
    max_length : int
        How many subwords the model can take, special tokens included; the rest of a sentence is cut off.
    label_all_subwords : bool
        Label a word's later subwords too, as inside the entity.

    Returns
    -------
    BatchEncoding
        The tokenizer's columns, without the attention mask, which padding makes; ``labels``, as many as ``input_ids``;
        and what became of each sentence's words: ``labelled_words``, the indices of those that have a subword,
        ``truncated`` and ``without_subword``, the numbers of those cut off and of those for which the tokenizer has
        none. Together they are all words.

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
        return_attention_mask=False,  # all 1 before padding, which makes it
    )
    inside = inside_ids(label_names) if label_all_subwords else None
    account = {"labels": [], "labelled_words": [], "truncated": [], "without_subword": []}
    for tags, encoding in zip(examples["ner_tags"], encoded.encodings, strict=True):
        word_ids = encoding.word_ids  # made anew at each access
        labelled = dict.fromkeys(word_ids)  # in the sentence's order
        labelled.pop(None, None)
        truncated = _truncated_words(encoding) - labelled.keys() if encoding.overflowing else ()
        account["labels"].append(align_labels(word_ids, tags, inside))
        account["labelled_words"].append(list(labelled))
        account["truncated"].append(len(truncated))
        account["without_subword"].append(len(tags) - len(labelled) - len(truncated))
    encoded.update(account)
    return encoded


def _truncated_words(encoding: Encoding) -> set[int]:
    """Find the words in what the tokenizer cut off; one that was cut in its middle has a first subword before it."""
    return set().union(*(part.word_ids for part in encoding.overflowing)) - {None}


def alignment_report(encoded: DatasetDict) -> pd.DataFrame:
    """Sum up what became of the words of each split.

    Parameters
    ----------
    encoded : DatasetDict
        Splits mapped by `tokenize_and_align`.

    Returns
    -------
    DataFrame
        A row for each split, with the integer columns ``words``, ``labelled``, ``truncated`` and ``without_subword``;
        the last three add up to the first.
    """
    sums = {
        split: {
            "labelled": sum(map(len, rows["labelled_words"])),
            "truncated": sum(rows["truncated"]),
            "without_subword": sum(rows["without_subword"]),
        }
        for split, rows in encoded.items()
    }
    report = pd.DataFrame.from_dict(sums, orient="index")
    report.insert(0, "words", report.sum(axis="columns"))
    return report


def tags_per_word(tags: Sequence[str], labelled_words: Sequence[int], words: int) -> list[str]:
    """Lay the tags of a sentence's labelled words out over all its words; a word that the model never saw is ``O``."""
    laid_out = ["O"] * words
    for word, tag in zip(labelled_words, tags, strict=True):
        laid_out[word] = tag
    return laid_out
