"""Bring a data set of columns, from the Hub or the disk, into the common form."""

import glob
from collections.abc import Mapping
from functools import partial
from itertools import chain
from pathlib import Path

from datasets import Dataset, DatasetDict, load_dataset

from helpers.data.hugging_face.columns import find_columns, read_rows, read_texts
from helpers.data.labelled_texts import sentences_of
from helpers.data.reading import Choices, Reading
from helpers.data.split_names import SPLITS, by_split, listed, splits_of
from helpers.data.splits import ALL, write_splits
from helpers.data.tagged_rows import find_form, sentences_of_rows
from helpers.disk.files import require_file, room_needed
from helpers.disk.temporary import temporary_folder
from helpers.errors import DatasetUnavailableError, TutorialError
from helpers.notebook.language import translate

FORMATS = {".parquet": "parquet", ".arrow": "arrow"}  # and what `datasets` calls them


def load_columns(files: Mapping[str, list[Path]], name: str) -> dict[str, Dataset] | None:
    """Load the files of each split, if they are of a form that has columns; what is one file becomes the split train.

    Raises `DatasetUnavailableError` if only some have columns, or one is missing or broken; `DiskFullError` if there
    is no room for what is made of them.
    """
    paths = [path for parts in files.values() for path in parts]
    formats = {FORMATS.get(path.suffix.lower()) for path in paths}
    if formats == {None}:
        return None
    if None in formats:
        message = translate("the files of {name} are of different kinds: {names}; make them one kind")
        raise DatasetUnavailableError(message.format(name=repr(name), names=listed(path.name for path in paths)))
    return {"train" if split == ALL else split: _load(parts) for split, parts in files.items()}


def as_common_form(
    dataset: Mapping[str, Dataset],
    name: str,
    seed: int,
    choices: Choices = Choices(),  # noqa: B008
) -> DatasetDict:
    """Bring a data set into the form that `helpers.data.load.load_ner_dataset` returns, and print what was changed.

    Its splits have names that `helpers.data.split_names` recognises, and columns that `columns` finds. IOB2 labels
    keep their class ids.

    Raises
    ------
    DatasetUnavailableError
        If there is no training split, or there are no columns that are understood, the same in all splits.
    MalformedDataError, UnknownTagError
        If the content breaks the form; the message says in which row.
    TutorialError
        As `helpers.data.splits.write_splits` does.
    """
    parts = _find_splits(dataset, name)
    reading = Reading(choices)
    found = {find_columns(part.features, name, reading) for part in parts.values()}
    if len(found) > 1:
        message = translate("the splits of the data set {name} have different columns; make them the same")
        raise DatasetUnavailableError(message.format(name=repr(name)))
    (columns,) = found
    read = read_texts if columns.marks_characters else read_rows
    place = translate("data set {name}, split {split}")
    rows = {
        split: partial(read, part, columns, place.format(name=repr(name), split=repr(split)))
        for split, part in parts.items()
    }
    labels = None
    if columns.marks_characters:
        documents = {split: sentences_of(texts, reading) for split, texts in rows.items()}
    else:
        form = find_form(lambda unheard: chain.from_iterable(each(unheard) for each in rows.values()), reading)
        documents = {split: sentences_of_rows(each, reading, form) for split, each in rows.items()}
        labels = None if form.has_pieces else getattr(parts["train"].features[columns.labels].feature, "names", None)
    until_end = {split: reading.until_end(each) for split, each in documents.items()}
    unified = write_splits(until_end, name, seed, labels)
    for line in reading.report():
        print(f"{name}: {line}")
    return unified


def _find_splits(dataset: Mapping[str, Dataset], name: str) -> dict[str, Dataset]:
    # Nobody can take a split away on the Hub, so its plain name is enough, whatever others there are.
    plain = set(SPLITS) & set(dataset)
    names = [split for split in dataset if split in plain or not plain & set(splits_of(split))]
    found, _ = by_split(names, translate("the data set {name}").format(name=repr(name)))
    if "train" not in found:
        message = translate("the data set {name} has no split {split}; it has: {splits}")
        splits = listed(map(repr, dataset))
        raise DatasetUnavailableError(message.format(name=repr(name), split=repr("train"), splits=splits))
    unused = [split for split in dataset if split not in found.values()]
    if unused:
        print(translate("{name}: these splits are not used: {splits}.").format(name=name, splits=listed(unused)))
    return {split: dataset[own] for split, own in found.items()}


def _load(paths: list[Path]) -> Dataset:
    # Brackets and stars in the names of files and folders would be taken for patterns.
    names = [glob.escape(str(path.absolute())) for path in paths]
    form = FORMATS[paths[0].suffix.lower()]
    try:
        for path in paths:
            require_file(path)
        with temporary_folder() as cache, room_needed(cache):
            return load_dataset(form, data_files={"train": names}, split="train", cache_dir=str(cache))
    except TutorialError:
        raise
    except Exception as error:  # a broken file can break its reader in any way
        said = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
        message = translate("{path} cannot be read: {reason}. Write it anew")
        reason = said.splitlines()[0].rstrip(".")
        raise DatasetUnavailableError(message.format(path=paths[0], reason=reason)) from error
