"""Find the files of a data set, by the split that they are, in order; and print which data are not used.

The path is a file, with a suffix of `SUFFIXES`; or a folder of files, or of folders, whose names tell their splits
(`splits_of`); or a folder with one file of another name, or with a corpus: texts with ``.ann`` files. A corpus is
given as its folder. What is to be divided is under `ALL`. Raises `DatasetUnavailableError` if the folder cannot be
read, or it is unclear which data are which split, or some are missing.
"""

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from helpers.data.reading import Choices, Reading, listed
from helpers.data.splits import ALL, NAMES, by_split, splits_of
from helpers.data.tagging import Sentence
from helpers.errors import DatasetUnavailableError, MalformedDataError
from helpers.notebook.language import translate
from helpers.notebook.secrets import shortened

CONLL_SUFFIXES = (".conll", ".conllu", ".conllup", ".txt", ".tsv", ".iob", ".iob2", ".bio")
SUFFIXES = (*CONLL_SUFFIXES, ".json", ".jsonl", ".ann", ".spacy", ".csv", ".parquet", ".arrow")
SPLIT_SUFFIXES = {f".{name}" for names in NAMES.values() for name in names}  # eng.testa
SHARD = re.compile(r"[-_.]?\d+[-_]of[-_](\d+)(?=\.|$)")  # train-00000-of-00002.parquet
OF_BRAT = (".ann", ".txt")
BESIDE_DATA = re.compile(
    r"(readme|licen[cs]e|notice|changelog|citation)(?![a-z])"
    r"|(state|dataset_dict|dataset_infos?)\.json$|cache-[0-9a-f]+\.arrow$",  # of `datasets`
    re.IGNORECASE,
)
EXAMPLE = '{"text": "In Oslo", "entities": [[3, 7, "place"]]}'

Reader = Callable[[Path, Reading], Iterator[list[Sentence]]]


def find_files(path: Path) -> dict[str, list[Path]]:
    """Find the files of a data set, and print which data in its folder are not used.

    The path is a file, with a suffix of `SUFFIXES`; or a folder of files, or of folders, whose names tell their splits
    (`splits_of`); or a folder with one file of another name, or with a corpus: texts with ``.ann`` files. Returns the
    parts of each split, in order: files, or a folder that is a corpus. What is to be divided is under `ALL`.

    Raises `DatasetUnavailableError` if the folder cannot be read, or it is unclear which data are which split, or some
    are missing.
    """
    if os.path.isfile(path) or (is_data(path) and not os.path.isdir(path)):  # pathlib raises for some names
        if not is_data(path):
            message = translate("{path} cannot be read as data: expected a name that ends in {suffixes}")
            raise DatasetUnavailableError(message, path=path, suffixes=", ".join(SUFFIXES))
        return {ALL: [path]}
    try:
        return _find_splits(path)
    except (OSError, ValueError) as error:  # the second for what can be no name
        message = translate("the data folder {path} cannot be read: {reason}")
        raise DatasetUnavailableError(message, path=path, reason=getattr(error, "strerror", None) or error) from error


def read_documents(path: Path, choices: Choices = Choices()) -> Iterator[list[Sentence]]:  # noqa: B008
    """Read a file of any form, and print at its end what happened to its content.

    Yields documents, which stay together in one split: the sentences of a labelled text, or else one sentence. Raises
    `DatasetUnavailableError`; `MalformedDataError` or `UnknownTagError`, with up to ten places.
    """
    reading = Reading(choices)
    yield from reading.until_end(_reader_of(path)(path, reading))
    reading.report(path.name)


def is_data(path: Path) -> bool:
    """Return whether a name is one that a file of data can have."""
    return path.suffix.lower() in {*SUFFIXES, *SPLIT_SUFFIXES}


def _reader_of(path: Path) -> Reader:
    """Recognise a file's form, unless it is Parquet or Arrow, by its suffix and by its first lines or record."""
    # Readers are imported here, as each file has one form.
    suffix = path.suffix.lower()
    if os.path.isdir(path) or suffix in (".ann", ".spacy"):
        from helpers.data.labelling_tools import read_brat, read_spacy

        return partial(_read_labelled, read_spacy if suffix == ".spacy" else read_brat)
    if suffix not in {".csv", *CONLL_SUFFIXES, *SPLIT_SUFFIXES}:
        return _json_reader(path)
    from helpers.data.conll import read_conll
    from helpers.data.conllu import is_conllu, read_conllu
    from helpers.data.tables import has_sentence_rows, is_table, read_sentence_rows, read_table

    if suffix == ".csv" or (suffix in (".tsv", ".txt") and is_table(path)):
        return read_table
    if suffix in (".tsv", ".txt") and has_sentence_rows(path):
        return read_sentence_rows
    return read_conllu if suffix.startswith(".conllu") or is_conllu(path) else read_conll


def _json_reader(path: Path) -> Reader:
    from helpers.data.json_records import WORDS, read_records, read_tagged
    from helpers.data.labelling_tools import find_form, read_texts

    # A file without a record goes to the reader of words and tags, which finds what is wrong, or nothing.
    where, first = next(read_records(path, Reading()), (str(path), {"tokens": [], "tags": []}))
    if form := find_form(first):
        return partial(_read_labelled, partial(read_texts, form))
    if any(name in first for name in WORDS):
        return read_tagged
    message = translate(
        "{where}: found {names}; expected words and their tags (tokens, tags), a text and its spans (text, and"
        " entities, spans or label), or an export of Label Studio (data, annotations; or annotation_id in"
        " JSON-MIN). docs/data.md lists all forms. Write the data as one of them, such as, in each line, {example}"
    )
    raise MalformedDataError(message, where=where, names=shortened(list(first)), example=EXAMPLE)


def _read_labelled(read_texts: Callable, path: Path, reading: Reading) -> Iterator[list[Sentence]]:
    from helpers.data.labelled_texts import sentences_of

    return sentences_of(partial(read_texts, path), reading)


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
            there = parts or [f"{entry.name}/" if entry.is_dir() else entry.name for entry in _entries(folder)]
            message = translate(
                "{folder} holds no file for the split {split}; expected {split_file} (or with one of {suffixes}),"
                " found {names}. A single file can be given by its own path"
            )
            values = {"split_file": "train.conll", "suffixes": ", ".join(SUFFIXES[1:])}
            values["names"] = listed(there) or translate("nothing")
            raise DatasetUnavailableError(message, folder=folder, split=repr("train"), **values)
        found = {split: parts[name] for split, name in names.items()}
    if unused:
        print(translate("{folder}: these data are not used: {names}.", folder=folder.name, names=listed(unused)))
    return found


def _is_corpus(files: list[Path]) -> bool:
    return any(file.suffix.lower() == ".ann" for file in files)


def _entries(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _data_files(folder: Path) -> list[Path]:
    entries = [entry for entry in _entries(folder) if not BESIDE_DATA.match(entry.name)]
    return [entry for entry in entries if is_data(entry) and not entry.is_dir()]


def _group_shards(files: list[Path]) -> dict[str, list[Path]]:
    groups: dict[str, list[Path]] = {}
    for file in files:
        groups.setdefault(SHARD.sub("", file.name), []).append(file)
    for shards in groups.values():
        number = SHARD.search(shards[0].name)
        if number and len(shards) != int(number[1]):
            message = translate("{folder} has {count} of {total} shards: {names}; put the others beside them")
            names, folder = listed(shard.name for shard in shards), shards[0].parent
            raise DatasetUnavailableError(message, folder=folder, count=len(shards), total=int(number[1]), names=names)
    return groups


def _parts_of_split(folder: Path) -> list[Path]:
    """List the data of a folder that is a split: a corpus, one file, or shards, whose names may be only numbers."""
    files = _data_files(folder)
    if _is_corpus(files):
        return [folder]
    groups = {} if all(file.stem.isdigit() for file in files) else _group_shards(files)
    if len(groups) > 1:
        message = translate("the folder of a split, {folder}, holds several files: {names}; keep one")
        raise DatasetUnavailableError(message, folder=folder, names=listed(groups))
    return files
