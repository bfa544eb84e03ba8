"""Load data sets of columns from the disk: Parquet and Arrow files, and what save_to_disk has written."""

import glob
import json
import os
from collections.abc import Mapping
from pathlib import Path

from datasets import Dataset, load_dataset, load_from_disk

from helpers.data.files import SAVED
from helpers.data.split_names import listed
from helpers.data.splits import ALL
from helpers.errors import DatasetUnavailableError, TutorialError
from helpers.files import require_file, room_needed
from helpers.notebook.language import translate
from helpers.temporary import temporary_folder

FORMATS = {".parquet": "parquet", ".arrow": "arrow"}  # and what `datasets` calls them


def load_columns(files: Mapping[str, list[Path]], name: str) -> dict[str, Dataset] | None:
    """Load the files of each split, if they are of a form that has columns; what is one file becomes the split train.

    Raises
    ------
    DatasetUnavailableError
        If only some have columns, or one is missing, broken, or outside of its folder.
    DiskFullError
        If there is no room for what is made of them.
    """
    paths = [path for parts in files.values() for path in parts]
    kinds = {path.suffix.lower() in FORMATS or os.path.isfile(path / SAVED) for path in paths}
    if len(kinds) > 1:
        message = translate("the files of {name} are of different kinds: {names}; make them one kind")
        raise DatasetUnavailableError(message.format(name=repr(name), names=listed(path.name for path in paths)))
    if not kinds.pop():
        return None
    return {"train" if split == ALL else split: _load(parts) for split, parts in files.items()}


def _load(paths: list[Path]) -> Dataset:
    try:
        return _load_saved(paths[0]) if paths[0].is_dir() else _load_files(paths)
    except TutorialError:
        raise
    except Exception as error:  # a broken file can break its reader in any way
        said = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
        message = translate("{path} cannot be read: {reason}. Write it anew")
        reason = said.splitlines()[0].rstrip(".")
        raise DatasetUnavailableError(message.format(path=paths[0], reason=reason)) from error


def _load_saved(folder: Path) -> Dataset:
    state = json.loads((folder / SAVED).read_text(encoding="utf-8"))
    for name in (file["filename"] for file in state["_data_files"]):
        if Path(name).name != name or (folder / name).is_symlink():
            message = translate("{path} names a file outside of its folder, {file}, which is not read")
            raise DatasetUnavailableError(message.format(path=folder / SAVED, file=repr(name)))
    for path in folder.iterdir():
        require_file(path)
    return load_from_disk(str(folder)).with_format(None)


def _load_files(paths: list[Path]) -> Dataset:
    for path in paths:
        require_file(path)
    # Brackets and stars in the names of files and folders would be taken for patterns.
    names = [glob.escape(str(path.absolute())) for path in paths]
    form = FORMATS[paths[0].suffix.lower()]
    with temporary_folder() as cache, room_needed(cache):
        return load_dataset(form, data_files={"train": names}, split="train", cache_dir=str(cache))
