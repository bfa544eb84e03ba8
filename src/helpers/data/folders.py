"""Find the data of each split in a folder."""

import re
from pathlib import Path

from helpers.data.forms import SPLIT_SUFFIXES, SUFFIXES
from helpers.data.missing_splits import ALL
from helpers.data.split_names import by_split, listed, splits_of
from helpers.errors import DatasetUnavailableError
from helpers.notebook.language import translate

SHARD = re.compile(r"[-_.]?\d+[-_]of[-_](\d+)(?=\.|$)")  # train-00000-of-00002.parquet
SAVED = "state.json"  # of a data set that was written with save_to_disk
OF_CORPORA = (".ann", ".txt", ".arrow")
BESIDE_DATA = {SAVED, "dataset_dict.json", "dataset_info.json", "dataset_infos.json"}
DOCUMENTS = re.compile(r"(readme|licen[cs]e|notice|changelog|citation)(?![a-z])", re.IGNORECASE)


def find_splits(folder: Path) -> dict[str, list[Path]]:
    """Find the parts of each split, and print which data are not used.

    Parameters
    ----------
    folder : Path
        With what `helpers.data.files.find_files` says.

    Returns
    -------
    dict of str to list of Path
        As there.

    Raises
    ------
    DatasetUnavailableError
        As there, but for the folder that cannot be read.
    OSError
        If the folder cannot be read.
    """
    if _is_corpus(folder):
        _say_unused(folder, [file.name for file in _data_files(folder) if file.suffix.lower() not in OF_CORPORA])
        return {"train": [folder]}
    parts = _in_shards(_data_files(folder))
    for entry in _entries(folder):
        if entry.is_dir() and splits_of(entry.name) and (files := _parts_of_split(entry)):
            parts[f"{entry.name}/"] = files
    found, unused = by_split(parts, str(folder))
    if not found and len(parts) == 1:
        return {ALL: parts[unused[0]]}
    if "train" not in found:
        raise DatasetUnavailableError(
            translate(
                "{folder} holds no file for the split {split}; expected {split_file} (or with one of {suffixes}),"
                " found {names}. A single file can be given by its own path"
            ).format(
                folder=folder,
                split=repr("train"),
                split_file=f"train{SUFFIXES[0]}",
                suffixes=", ".join(SUFFIXES[1:]),
                names=listed(parts or _names(folder)) or translate("nothing"),
            )
        )
    _say_unused(folder, unused)
    return {split: parts[name] for split, name in found.items()}


def is_data(path: Path) -> bool:
    """Return whether a name is one that a file of data can have."""
    return path.suffix.lower() in {*SUFFIXES, *SPLIT_SUFFIXES}


def _say_unused(folder: Path, names: list[str]) -> None:
    if names:
        print(translate("{folder}: these data are not used: {names}.").format(folder=folder.name, names=listed(names)))


def _is_corpus(folder: Path) -> bool:
    return any(entry.suffix.lower() == ".ann" or entry.name == SAVED for entry in _entries(folder))


def _entries(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _data_files(folder: Path) -> list[Path]:
    return [
        entry
        for entry in _entries(folder)
        if is_data(entry) and not entry.is_dir() and entry.name not in BESIDE_DATA and not DOCUMENTS.match(entry.name)
    ]


def _in_shards(files: list[Path]) -> dict[str, list[Path]]:
    """Group files by the name that they have without the number of their shard."""
    groups: dict[str, list[Path]] = {}
    for file in files:
        groups.setdefault(SHARD.sub("", file.name), []).append(file)
    for shards in groups.values():
        number = SHARD.search(shards[0].name)
        if number and len(shards) != int(number[1]):
            raise DatasetUnavailableError(
                translate("{folder} has {count} of {total} shards: {names}; put the others beside them").format(
                    folder=shards[0].parent,
                    count=len(shards),
                    total=int(number[1]),
                    names=listed(shard.name for shard in shards),
                )
            )
    return groups


def _parts_of_split(folder: Path) -> list[Path]:
    """List the data of a folder that is a split: a corpus, one file, or shards, whose names may be only numbers."""
    if _is_corpus(folder):
        return [folder]
    files = _data_files(folder)
    if all(file.stem.isdigit() for file in files):
        return files
    groups = _in_shards(files)
    if len(groups) > 1:
        raise DatasetUnavailableError(
            translate("the folder of a split, {folder}, holds several files: {names}; keep one").format(
                folder=folder, names=listed(groups)
            )
        )
    return files


def _names(folder: Path) -> list[str]:
    return [f"{entry.name}/" if entry.is_dir() else entry.name for entry in _entries(folder)]
