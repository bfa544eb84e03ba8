"""Bring a data set of columns, from the Hub or the disk, into the common form."""

import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path

from datasets import Dataset, DatasetDict

from helpers.data.hugging_face.column_rows import read_tagged, read_texts
from helpers.data.hugging_face.columns import Columns, find_columns
from helpers.data.hugging_face.iob2_columns import have_iob2_ids, with_common_columns
from helpers.data.labelled_texts import sentences_of
from helpers.data.missing_splits import SPLITS
from helpers.data.reading import Choices, Reading
from helpers.data.split_names import by_split, listed, splits_of
from helpers.data.splits import write_splits
from helpers.data.tagged_rows import find_form, sentences_of_rows
from helpers.data.tagging import Sentence
from helpers.errors import DatasetUnavailableError
from helpers.files import room_needed
from helpers.notebook.language import translate


def as_common_form(
    dataset: Mapping[str, Dataset],
    name: str,
    seed: int,
    choices: Choices = Choices(),  # noqa: B008
) -> DatasetDict:
    """Bring a data set into the form that `helpers.data.load.load_ner_dataset` returns, and print what was changed.

    Class ids of IOB2 labels stay what they are; all else is written anew.

    Parameters
    ----------
    dataset : mapping of str to Dataset
        Splits, under names that `helpers.data.split_names` recognises, with columns that `columns` finds.
    name : str
        What messages call it.
    seed : int
        As for `helpers.data.splits.write_splits`.
    choices : Choices

    Returns
    -------
    DatasetDict
        Splits; where nothing was written anew, some may be missing.

    Raises
    ------
    DatasetUnavailableError
        If there is no training split, or no columns of words and tags or of texts and spans, or the tags are numbers
        without names.
    MalformedDataError, UnknownTagError
        If the content breaks the form; the message says in which row.
    DiskFullError
        If there is no room for what is made of it.
    """
    parts = _splits(dataset, name)
    reading = Reading(choices)
    found = {split: find_columns(part.features, name, reading) for split, part in parts.items()}
    columns = next(iter(found.values()))
    if set(found.values()) != {columns}:
        raise DatasetUnavailableError(
            translate("the splits of the data set {name} have different columns; make them the same").format(
                name=repr(name)
            )
        )
    with room_needed(folder_of(parts)):
        if have_iob2_ids(parts, columns, name):
            unified = DatasetDict({split: with_common_columns(part, columns) for split, part in parts.items()})
        else:
            unified = write_splits(_documents(parts, columns, name, reading), name, seed)
    for line in reading.report():
        print(f"{name}: {line}")
    return unified


def folder_of(dataset: Mapping[str, Dataset]) -> Path:
    """Return the folder of a loaded data set, where `datasets` writes what is made of it."""
    stored = next(iter(dataset.values())).cache_files
    return Path(stored[0]["filename"]).parent if stored else Path(tempfile.gettempdir())


def _splits(dataset: Mapping[str, Dataset], name: str) -> dict[str, Dataset]:
    # Nobody can take a split away on the Hub, so its plain name is enough, whatever others there are.
    plain = [split for split in dataset if split in SPLITS]
    more = [split for split in dataset if split not in SPLITS and not set(splits_of(split)) & set(plain)]
    found, _ = by_split([*plain, *more], translate("the data set {name}").format(name=repr(name)))
    if "train" not in found:
        raise DatasetUnavailableError(
            translate("the data set {name} has no split {split}; it has: {splits}").format(
                name=repr(name), split=repr("train"), splits=listed(map(repr, dataset))
            )
        )
    unused = [split for split in dataset if split not in found.values()]
    if unused:
        print(translate("{name}: these splits are not used: {splits}.").format(name=name, splits=listed(unused)))
    return {split: dataset[found[split]] for split in SPLITS if split in found}


def _documents(
    parts: Mapping[str, Dataset], columns: Columns, name: str, reading: Reading
) -> dict[str, Iterator[list[Sentence]]]:
    places = {
        split: translate("data set {name}, split {split}").format(name=repr(name), split=repr(split)) for split in parts
    }
    if columns.marks_characters:
        made = {
            split: sentences_of(partial(read_texts, part, columns, places[split]), reading)
            for split, part in parts.items()
        }
    else:
        rows = {split: partial(read_tagged, part, columns, places[split]) for split, part in parts.items()}
        form = find_form(lambda unheard: chain.from_iterable(read(unheard) for read in rows.values()), reading)
        made = {split: sentences_of_rows(read, reading, form) for split, read in rows.items()}
    return {split: reading.until_end(documents) for split, documents in made.items()}
