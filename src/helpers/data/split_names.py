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
ENDINGS = ("", "set", "data")  # trainset, devdata
SPLIT_OF = {f"{name}{ending}": split for split, names in NAMES.items() for name in names for ending in ENDINGS}


def splits_of(name: str) -> list[str]:
    """List the splits whose names are words of a name, in either case.

    Words are what other characters than letters separate: ``en-train_2.txt`` has the words ``en``, ``train`` and
    ``txt``, and in ``contest.txt`` there is no word ``test``.
    """
    words = re.findall(r"[^\W\d_]+", name.lower())
    return [split for split in NAMES if any(SPLIT_OF.get(word) == split for word in words)]


def by_split(names: Iterable[str], where: str) -> tuple[dict[str, str], list[str]]:
    """Find the name that stands for each split.

    Parameters
    ----------
    names : iterable of str
    where : str
        What errors call the place where they are.

    Returns
    -------
    dict of str to str
        The name for each split that is there, in the order of `NAMES`.
    list of str
        The names that stand for no split.

    Raises
    ------
    DatasetUnavailableError
        If a name stands for two splits, or two names stand for one.
    """
    of_split: dict[str, list[str]] = {split: [] for split in NAMES}
    others = []
    for name in names:
        splits = splits_of(name)
        if len(splits) > 1:
            raise DatasetUnavailableError(
                translate("{where}: {name} could stand for the splits {splits}; rename it or take it away").format(
                    where=where, name=name, splits=", ".join(splits)
                )
            )
        (of_split[splits[0]] if splits else others).append(name)
    for split, found in of_split.items():
        if len(found) > 1:
            raise DatasetUnavailableError(
                translate("{where} holds several files for the split {split}: {names}; keep one").format(
                    where=where, split=repr(split), names=listed(found)
                )
            )
    return {split: found[0] for split, found in of_split.items() if found}, others


def listed(names: Iterable[str]) -> str:
    """List up to ten names, and say how many more there are."""
    names = list(names)
    rest = [translate("and {count} more").format(count=len(names) - LISTED)] if len(names) > LISTED else []
    return ", ".join(names[:LISTED] + rest)
