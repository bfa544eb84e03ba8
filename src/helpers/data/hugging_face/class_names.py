"""Find the names of class ids in the descriptions beside a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from huggingface_hub import metadata_load
from yaml import YAMLError

from helpers.data.json_records import shortened
from helpers.errors import MalformedDataError
from helpers.files import require_file
from helpers.notebook.language import translate

CARD, INFOS = "README.md", "dataset_infos.json"  # the second by releases of datasets before 2.10
UNREADABLE = (OSError, ValueError, RecursionError, YAMLError)


def find_class_names(path: Path, column: str) -> list[str] | None:
    """Find the label names of a column of class ids, as repositories of the Hub describe their features.

    Parameters
    ----------
    path : Path
        A file; the card ``README.md`` and ``dataset_infos.json`` of its folder and of the one above are looked at.
    column : str

    Returns
    -------
    list of str or None
        By class id; None if there are none, or several that differ.
    """
    folders = path.absolute().parents[:2]
    found = [names for folder in folders for names in (*_of_card(folder, column), *_of_infos(folder, column))]
    return found[0] if found and all(names == found[0] for names in found) else None


def name_of(tag: Any, names: list[str], where: str) -> str:
    """Return the name of a class id; raises `MalformedDataError` if it has none, which says where."""
    if type(tag) is not int or not 0 <= tag < len(names):
        raise MalformedDataError(
            translate("{where}: tag id {tag} is not in 0..{last}").format(
                where=where, tag=shortened(tag), last=len(names) - 1
            )
        )
    return names[tag]


def _of_card(folder: Path, column: str) -> Iterator[list[str]]:
    try:
        require_file(folder / CARD)
        described = (metadata_load(folder / CARD) or {}).get("dataset_info")
    except UNREADABLE:
        return
    for configuration in described if isinstance(described, list) else [described]:
        for feature in _list(_member(configuration, "features")):
            if _member(feature, "name") == column:
                item = next((feature[kind] for kind in ("sequence", "list") if kind in feature), None)
                yield from _named(_member(_member(item, "class_label"), "names"))


def _of_infos(folder: Path, column: str) -> Iterator[list[str]]:
    try:
        require_file(folder / INFOS)
        described = json.loads((folder / INFOS).read_text(encoding="utf-8"))
    except UNREADABLE:
        return
    for configuration in described.values() if isinstance(described, dict) else ():
        item = _member(_member(_member(configuration, "features"), column), "feature")
        yield from _named(_member(item, "names"))


def _named(names: Any) -> Iterator[list[str]]:
    """Yield names as a list; the card has an object of them, by class ids."""
    if isinstance(names, dict) and [str(key) for key in names] == [str(number) for number in range(len(names))]:
        names = list(names.values())
    # Nothing but texts is looked into: a few lines of YAML can make a list that is endless to look through.
    if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
        yield names


def _member(described: Any, name: str) -> Any:
    return described.get(name) if isinstance(described, dict) else None


def _list(value: Any) -> list:
    return value if isinstance(value, list) else []
