"""Load a named-entity data set by name."""

import hashlib
import json
import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
from datasets import DatasetDict

from helpers.checkpoints.find import is_folder_name
from helpers.data.files import find_files, read_documents
from helpers.data.forms import SUFFIXES
from helpers.data.reading import Choices
from helpers.data.splits import SPLITS, draw_validation, write_splits
from helpers.data.tagging import Sentence, as_sentence
from helpers.errors import EmptySplitError, MalformedDataError, NoEntityError

SAMPLE = files("helpers.data") / "sample"


def load_ner_dataset(
    name: str,
    seed: int = 42,
    max_train_examples: int = 0,
    tag_column: str | int | None = None,
    overlaps: str = "refuse",
) -> DatasetDict:
    """Load a named-entity data set: from the Hub, the bundled sample, or files of your own, all in one form.

    Parameters
    ----------
    name : str
        ``"sample"`` for the bundled corpus; a file or folder that `helpers.data.files.find_files` understands; else the
        id of a data set on the Hub with the columns ``tokens`` and ``ner_tags``.
    seed : int
        Draws a tenth of the training split as validation split where the data set has none, and a tenth of all for
        validation and for the test each where it is one file; that is printed.
    max_train_examples : int
        Keep only so many sentences of the training split, drawn by the seed; 0 means all.
    tag_column, overlaps
        As for `helpers.data.reading.Choices`, where files are read.

    Returns
    -------
    DatasetDict
        The splits ``train``, ``validation`` and ``test`` with the columns ``id`` (string), ``tokens`` (list of
        string) and ``ner_tags`` (list of ClassLabel, IOB2). Splits whose data mark characters rather than words also
        have ``text`` and ``spans``, as `helpers.data.splits.common_form` describes them.

    Raises
    ------
    DatasetUnavailableError
        If there is no such data set or it cannot be reached or read.
    DiskFullError
        If there is no room for what is made of one from the Hub.
    MalformedDataError, UnknownTagError
        If its content breaks the format; the message says where.
    EmptySplitError
        If a split holds no sentence.
    NoEntityError
        If every word of the training split is tagged ``O``.
    """
    if name == "sample":
        dataset = write_splits({split: _bundled(split) for split in SPLITS}, name, seed)
    elif is_folder_name(name) or name.endswith(SUFFIXES):
        paths = find_files(Path(os.path.expanduser(name)))
        choices = Choices(tag_column, overlaps)
        dataset = write_splits({split: read_documents(path, choices) for split, path in paths.items()}, name, seed)
    else:
        from helpers.data.from_hub import load_from_hub  # here, as local data need no Hub

        dataset = load_from_hub(name)
    validate(dataset, name)
    if "validation" not in dataset:
        dataset |= draw_validation(dataset["train"], np.arange(len(dataset["train"])), name, seed)
    if max_train_examples:
        kept = range(min(max_train_examples, len(dataset["train"])))
        dataset["train"] = dataset["train"].shuffle(seed=seed, keep_in_memory=True).select(kept)
    return DatasetDict({split: dataset[split] for split in SPLITS})


def label_names(dataset: DatasetDict) -> list[str]:
    """Return the label names of a loaded data set, in the order of their class ids."""
    return dataset["train"].features["ner_tags"].feature.names


def dataset_digest(dataset: DatasetDict) -> str:
    """Compute a SHA-256 (hexadecimal) over the words, tags, texts, spans and label names of all splits, in order."""
    digest = hashlib.sha256(json.dumps(label_names(dataset)).encode())
    for split in SPLITS:
        names = [name for name in ("tokens", "ner_tags", "text", "spans") if name in dataset[split].features]
        for values in zip(*(dataset[split][name] for name in names), strict=True):
            digest.update(json.dumps([split, *values]).encode())
    return digest.hexdigest()


def validate(dataset: DatasetDict, name: str) -> None:
    """Check that each split holds sentences, that each word has a tag, and that each tag id has a name.

    Raises
    ------
    EmptySplitError
        If a split is empty.
    MalformedDataError
        If tokens and tags differ in number, or a tag id is out of range; with split and row.
    NoEntityError
        If every word of the training split is tagged ``O``.
    """
    used = {split: set() for split in dataset}  # class ids
    for split, rows in dataset.items():
        if not rows:
            raise EmptySplitError(f"the split {split!r} of the data set {name!r} holds no sentence")
        count = len(rows.features["ner_tags"].feature.names)
        for row, (tokens, tags) in enumerate(zip(rows["tokens"], rows["ner_tags"], strict=True)):
            if tokens is None or tags is None or None in tokens:
                raise MalformedDataError(f"data set {name!r}, split {split!r}, row {row}: no tokens or no tags")
            if len(tokens) != len(tags):
                raise MalformedDataError(
                    f"data set {name!r}, split {split!r}, row {row}: {len(tokens)} tokens but {len(tags)} tags"
                )
            outside = [tag for tag in tags if tag is None or not 0 <= tag < count]
            if outside:
                raise MalformedDataError(
                    f"data set {name!r}, split {split!r}, row {row}: tag id {outside[0]} is not in 0..{count - 1}"
                )
            used[split].update(tags)
    names = label_names(dataset)
    if {names[tag] for tag in used["train"]} <= {"O"}:
        raise NoEntityError(f"every word in the training split of the data set {name!r} is tagged O: nothing to learn")


def _bundled(split: str) -> Iterator[list[Sentence]]:
    from helpers.data.bracketed import read_bracketed  # here, as only the sample is written like that

    return ([as_sentence(*row)] for row in read_bracketed(SAMPLE / f"{split}.txt"))
