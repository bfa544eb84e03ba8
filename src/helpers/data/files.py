"""Find and read a data set's files."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from helpers.data.forms import SPLIT_SUFFIXES, SUFFIXES, reader_of
from helpers.data.reading import Choices, Reading
from helpers.data.split_names import by_split, listed, splits_of
from helpers.data.splits import ALL
from helpers.data.tagging import Sentence
from helpers.errors import DatasetUnavailableError
from helpers.notebook.language import translate

SHARD = re.compile(r"[-_.]?\d+[-_]of[-_](\d+)(?=\.|$)")  # train-00000-of-00002.parquet
OF_BRAT = (".ann", ".txt")
BESIDE_DATA = re.compile(
    r"(readme|licen[cs]e|notice|changelog|citation)(?![a-z])"
    r"|(state|dataset_dict|dataset_infos?)\.json$|cache-[0-9a-f]+\.arrow$",  # of `datasets`
    re.IGNORECASE,
)


def find_files(path: Path) -> dict[str, list[Path]]:
    """Find the files of a data set, and print which data in its folder are not used.

    Parameters
    ----------
    path : Path
        A file, with a suffix of `SUFFIXES`; or a folder of files, or of folders, whose names tell their splits, as
        `helpers.data.split_names` recognises them; or a folder with one file of another name, or with a corpus: texts
        with ``.ann`` files.

    Returns
    -------
    dict of str to list of Path
        The parts of each split, in order: files, or a folder that is a corpus. What is to be divided is under `ALL`.

    Raises
    ------
    DatasetUnavailableError
        If the folder cannot be read, or it is unclear which data are which split, or some are missing.
    """
    if os.path.isfile(path) or (is_data(path) and not os.path.isdir(path)):  # pathlib raises for some names
        if not is_data(path):
            message = translate("{path} cannot be read as data: expected a name that ends in {suffixes}")
            raise DatasetUnavailableError(message.format(path=path, suffixes=", ".join(SUFFIXES)))
        return {ALL: [path]}
    try:
        return _find_splits(path)
    except (OSError, ValueError) as error:  # the second for what can be no name
        message = translate("the data folder {path} cannot be read: {reason}")
        reason = getattr(error, "strerror", None) or error
        raise DatasetUnavailableError(message.format(path=path, reason=reason)) from error


def read_documents(path: Path, choices: Choices = Choices()) -> Iterator[list[Sentence]]:  # noqa: B008
    """Read a file of any form, and print at its end what happened to its content.

    Yields documents, which stay together in one split: the sentences of a labelled text, or else one sentence. Raises
    `DatasetUnavailableError` if the file cannot be read; `MalformedDataError` or `UnknownTagError`, with up to ten
    places, if it breaks its form.
    """
    reading = Reading(choices)
    yield from reading.until_end(reader_of(path)(path, reading))
    for line in reading.report():
        print(f"{path.name}: {line}")


def is_data(path: Path) -> bool:
    """Return whether a name is one that a file of data can have."""
    return path.suffix.lower() in {*SUFFIXES, *SPLIT_SUFFIXES}


def _find_splits(folder: Path) -> dict[str, list[Path]]:
    files = _data_files(folder)
    if _is_corpus(files):
        found = {"train": [folder]}
        unused = [file.name for file in files if file.suffix.lower() not in OF_BRAT]
    else:
        parts = _group_shards(files)
        folders = [entry for entry in _entries(folder) if entry.is_dir() and splits_of(entry.name)]
        parts |= {f"{entry.name}/": inside for entry in folders if (inside := _parts_of_split(entry))}
        names, unused = by_split(parts, str(folder))
        if not names and len(parts) == 1:
            return {ALL: parts[unused[0]]}
        if "train" not in names:
            raise DatasetUnavailableError(_no_training_split(folder, parts))
        found = {split: parts[name] for split, name in names.items()}
    if unused:
        print(translate("{folder}: these data are not used: {names}.").format(folder=folder.name, names=listed(unused)))
    return found


def _no_training_split(folder: Path, parts: dict[str, list[Path]]) -> str:
    names = parts or [f"{entry.name}/" if entry.is_dir() else entry.name for entry in _entries(folder)]
    shown, suffixes = listed(names) or translate("nothing"), ", ".join(SUFFIXES[1:])
    message = translate(
        "{folder} holds no file for the split {split}; expected {split_file} (or with one of {suffixes}),"
        " found {names}. A single file can be given by its own path"
    )
    return message.format(folder=folder, split="'train'", split_file="train.conll", suffixes=suffixes, names=shown)


def _is_corpus(files: list[Path]) -> bool:
    return any(file.suffix.lower() == ".ann" for file in files)


def _entries(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _data_files(folder: Path) -> list[Path]:
    entries = [entry for entry in _entries(folder) if not BESIDE_DATA.match(entry.name)]
    return [entry for entry in entries if is_data(entry) and not entry.is_dir()]


def _group_shards(files: list[Path]) -> dict[str, list[Path]]:
    """Group files by the name that they have without the number of their shard."""
    groups: dict[str, list[Path]] = {}
    for file in files:
        groups.setdefault(SHARD.sub("", file.name), []).append(file)
    for shards in groups.values():
        number = SHARD.search(shards[0].name)
        if number and len(shards) != int(number[1]):
            message = translate("{folder} has {count} of {total} shards: {names}; put the others beside them")
            names, total = listed(shard.name for shard in shards), int(number[1])
            folder = shards[0].parent
            raise DatasetUnavailableError(message.format(folder=folder, count=len(shards), total=total, names=names))
    return groups


def _parts_of_split(folder: Path) -> list[Path]:
    """List the data of a folder that is a split: a corpus, one file, or shards, whose names may be only numbers."""
    files = _data_files(folder)
    if _is_corpus(files):
        return [folder]
    groups = {} if all(file.stem.isdigit() for file in files) else _group_shards(files)
    if len(groups) > 1:
        message = translate("the folder of a split, {folder}, holds several files: {names}; keep one")
        raise DatasetUnavailableError(message.format(folder=folder, names=listed(groups)))
    return files
