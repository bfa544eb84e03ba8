"""Load data sets of columns from the disk: Parquet and Arrow files, and what save_to_disk has written."""

import glob
import json
import os
from collections.abc import Mapping
from pathlib import Path

from datasets import Dataset, load_dataset, load_from_disk

from helpers.data.folders import ALL, SAVED
from helpers.data.split_names import listed
from helpers.data.temporary import temporary_folder
from helpers.errors import DatasetUnavailableError, TutorialError
from helpers.files import require_file, room_needed
from helpers.notebook.language import translate

FORMATS = {".parquet": "parquet", ".arrow": "arrow"}  # and what `datasets` calls them


def have_columns(files: Mapping[str, list[Path]], name: str) -> bool:
    """Return whether files are of a form that has columns.

    Raises
    ------
    DatasetUnavailableError
        If some are and others are not.
    """
    with_columns = {path: _has_columns(path) for paths in files.values() for path in paths}
    if len(set(with_columns.values())) > 1:
        raise DatasetUnavailableError(
            translate("the files of {name} are of different kinds: {names}; make them one kind").format(
                name=repr(name), names=listed(path.name for path in with_columns)
            )
        )
    return any(with_columns.values())


def load_columns(files: Mapping[str, list[Path]]) -> dict[str, Dataset]:
    """Load the files of each split, for which `have_columns` is true; what is one file becomes the split ``train``.

    Raises
    ------
    DatasetUnavailableError
        If a file is missing, broken, or outside of its folder.
    DiskFullError
        If there is no room for what is made of them.
    """
    return {"train" if split == ALL else split: _loaded(paths) for split, paths in files.items()}


def _has_columns(path: Path) -> bool:
    return path.suffix.lower() in FORMATS or os.path.isfile(path / SAVED)


def _loaded(paths: list[Path]) -> Dataset:
    try:
        return _saved(paths[0]) if paths[0].is_dir() else _copied(paths)
    except TutorialError:
        raise
    except Exception as error:  # a broken file can break its reader in any way
        said = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
        raise DatasetUnavailableError(
            translate("{path} cannot be read: {reason}. Write it anew").format(
                path=paths[0], reason=said.splitlines()[0].rstrip(".")
            )
        ) from error


def _saved(folder: Path) -> Dataset:
    state = json.loads((folder / SAVED).read_text(encoding="utf-8"))
    for file in state["_data_files"]:
        if Path(file["filename"]).name != file["filename"] or (folder / file["filename"]).is_symlink():
            raise DatasetUnavailableError(
                translate("{path} names a file outside of its folder, {file}, which is not read").format(
                    path=folder / SAVED, file=repr(file["filename"])
                )
            )
    for path in folder.iterdir():
        require_file(path)
    return load_from_disk(str(folder)).with_format(None)


def _copied(paths: list[Path]) -> Dataset:
    for path in paths:
        require_file(path)
    # Brackets and stars in the names of files and folders would be taken for patterns.
    names = [glob.escape(str(path.absolute())) for path in paths]
    with temporary_folder() as cache, room_needed(cache):
        return load_dataset(
            FORMATS[paths[0].suffix.lower()], data_files={"train": names}, split="train", cache_dir=str(cache)
        )
