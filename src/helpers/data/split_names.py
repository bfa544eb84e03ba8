"""Recognise which split a name stands for."""

import re
from collections.abc import Iterable

from helpers.data.reading import LISTED
from helpers.errors import DatasetUnavailableError
from helpers.notebook.language import translate

NAMES = {
    "train": ("train", "training"),
    # testa and testb are CoNLL 2003's own names.
    "validation": ("validation", "valid", "val", "dev", "devel", "development", "eval", "testa"),
    "test": ("test", "testing", "testb"),
}
SPLITS = tuple(NAMES)
ENDINGS = ("", "set", "data")  # trainset, devdata


def splits_of(name: str) -> list[str]:
    """List the splits whose names are words of a name, in either case.

    Words are what other characters than letters separate: ``en-train_2.txt`` has the words ``en``, ``train`` and
    ``txt``, and in ``contest.txt`` there is no word ``test``.
    """
    words = set(re.findall(r"[^\W\d_]+", name.lower()))
    return [split for split in SPLITS if words & {known + ending for known in NAMES[split] for ending in ENDINGS}]


def by_split(names: Iterable[str], where: str) -> tuple[dict[str, str], list[str]]:
    """Return the name that stands for each split, in the order of `SPLITS`, and the names that stand for none.

    Raises `DatasetUnavailableError`, which calls their place `where`, if one stands for two splits or two for one.
    """
    splits = {name: splits_of(name) for name in names}
    for name, several in splits.items():
        if len(several) > 1:
            message = translate("{where}: {name} could stand for the splits {splits}; rename it or take it away")
            raise DatasetUnavailableError(message.format(where=where, name=name, splits=", ".join(several)))
    of_split = {split: [name for name in splits if split in splits[name]] for split in SPLITS}
    for split, several in of_split.items():
        if len(several) > 1:
            message = translate("{where} holds several files for the split {split}: {names}; keep one")
            raise DatasetUnavailableError(message.format(where=where, split=repr(split), names=listed(several)))
    found = {split: names[0] for split, names in of_split.items() if names}
    return found, [name for name in splits if not splits[name]]


def listed(names: Iterable[str]) -> str:
    """List up to ten names, and say how many more there are."""
    names = list(names)
    rest = [translate("and {count} more").format(count=len(names) - LISTED)] if len(names) > LISTED else []
    return ", ".join(names[:LISTED] + rest)
