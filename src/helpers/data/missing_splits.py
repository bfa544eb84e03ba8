"""Make up for the splits that a data set does not have."""

from math import ceil

import numpy as np
from datasets import Dataset

from helpers.errors import EmptySplitError
from helpers.notebook.language import translate

SPLITS = ("train", "validation", "test")
ALL = "all"  # one file that is still to be divided into splits
HELD_OUT_SHARE = 0.1  # of the documents, for each split that is drawn


def complete(parts: dict[str, Dataset], name: str, seed: int) -> dict[str, Dataset]:
    """Make up for the splits that are missing, and print how.

    A tenth of the training split becomes the validation split. The test split's place is taken by the validation
    split; where that is missing too, by another tenth.

    Parameters
    ----------
    parts : dict of str to Dataset
        The splits that are there, or all sentences under `ALL`. A column ``document`` tells which
        rows are to stay together.
    name : str
        What messages call the data set.
    seed : int
        Decides which documents are drawn.

    Returns
    -------
    dict of str to Dataset
        ``train``, ``validation`` and ``test``; what is drawn is in the order of its rows.

    Raises
    ------
    EmptySplitError
        If there are too few documents to draw from.
    """
    if set(parts) >= set(SPLITS):
        return parts
    if set(parts) <= {ALL, "train"}:
        return _divided(parts, name, seed)
    return _with_validation(parts, name, seed) if len(parts["train"]) else parts  # who checks the splits names it


def _divided(parts: dict[str, Dataset], name: str, seed: int) -> dict[str, Dataset]:
    (whole,) = parts.values()
    drawn = _drawn(whole, ("validation", "test"), name, seed)
    message = (
        translate(
            "{name} is one file: of its sentences, {train} are for training, {validation} for validation and {test}"
            " for the test (seed {seed})."
        )
        if ALL in parts
        else translate(
            "{name} has no validation and no test split: of its sentences, {train} are for training, {validation} for"
            " validation and {test} for the test (seed {seed})."
        )
    )
    print(message.format(name=repr(name), seed=seed, **{split: len(rows) for split, rows in drawn.items()}))
    return drawn


def _with_validation(parts: dict[str, Dataset], name: str, seed: int) -> dict[str, Dataset]:
    drawn = _drawn(parts["train"], ("validation",), name, seed)
    message = (
        translate("{name} has no validation split: {count} sentences were drawn from its training split (seed {seed}).")
        if "test" in parts
        else translate(
            "{name} has no test split: its validation split is the test, and {count} sentences were drawn from its"
            " training split for validation (seed {seed})."
        )
    )
    print(message.format(name=repr(name), count=len(drawn["validation"]), seed=seed))
    return drawn | {"test": parts["test" if "test" in parts else "validation"]}


def _drawn(rows: Dataset, held_out: tuple[str, ...], name: str, seed: int) -> dict[str, Dataset]:
    numbered = "document" in rows.features
    documents = rows.data.column("document").to_numpy() if numbered else np.arange(len(rows))
    different, of_row = np.unique(documents, return_inverse=True)
    count = len(different)
    size = ceil(HELD_OUT_SHARE * count)
    if not count:
        raise EmptySplitError(translate("{name} holds no sentence").format(name=repr(name)))
    if count <= size * len(held_out):
        raise EmptySplitError(
            translate(
                "{name} has no split for {splits}, and {count} documents or sentences to draw from, which is too small"
                " a number to share"
            ).format(name=repr(name), splits=", ".join(held_out), count=count)
        )
    order = np.random.default_rng(seed).permutation(count)
    parts = dict(zip(held_out, (order[start : start + size] for start in range(0, count, size)), strict=False))
    parts["train"] = order[size * len(held_out) :]
    return {split: rows.select(np.flatnonzero(np.isin(of_row, part))) for split, part in parts.items()}
