"""Find the names of class ids in the descriptions beside a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from huggingface_hub import metadata_load
from yaml import YAMLError

from helpers.data.json_records import shortened
from helpers.disk.files import require_file
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

UNREADABLE = (OSError, ValueError, RecursionError, YAMLError)


def find_class_names(path: Path, column: str) -> list[str] | None:
    """Find the label names of a column of class ids, by these, as repositories of the Hub describe their features.

    The card ``README.md`` and ``dataset_infos.json``, of releases of datasets before 2.10, are looked at in a file's
    folder and in the one above. None if there are no names, or several that differ.
    """
    described = (features for folder in path.absolute().parents[:2] for features in _descriptions(folder))
    found = [names for features in described if (names := _names(features, column))]
    return found[0] if found and all(names == found[0] for names in found) else None


def name_of(tag: Any, names: list[str], where: str) -> str:
    """Return the name of a class id; raises `MalformedDataError` if it has none, which says where."""
    if type(tag) is not int or not 0 <= tag < len(names):
        message = translate("{where}: tag id {tag} is not in 0..{last}")
        raise MalformedDataError(message.format(where=where, tag=shortened(tag), last=len(names) - 1))
    return names[tag]


def _descriptions(folder: Path) -> Iterator[Any]:
    """Yield what is said of the features of each configuration: a list of them, or an object."""
    for path in (folder / "README.md", folder / "dataset_infos.json"):
        try:
            require_file(path)
            card = path.suffix == ".md"
            said = _member(metadata_load(path), "dataset_info") if card else json.loads(path.read_text("utf-8"))
        except UNREADABLE:
            continue
        if isinstance(said, dict) and not card:
            said = list(said.values())
        yield from (_member(each, "features") for each in (said if isinstance(said, list) else [said]))


def _names(features: Any, column: str) -> list[str] | None:
    if isinstance(features, list):
        feature = next((each for each in features if _member(each, "name") == column), None)
        names = _member(_member(_member(feature, "sequence") or _member(feature, "list"), "class_label"), "names")
    else:
        names = _member(_member(_member(features, column), "feature"), "names")
    if isinstance(names, dict) and [str(key) for key in names] == [str(number) for number in range(len(names))]:
        names = list(names.values())
    # Nothing but texts is looked into: a few lines of YAML can make a list that is endless to look through.
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else None


def _member(described: Any, name: str) -> Any:
    return described.get(name) if isinstance(described, dict) else None
