"""Write documents to disk as splits."""

import tempfile
from collections.abc import Iterable, Iterator
from math import ceil
from pathlib import Path

import numpy as np
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from datasets.arrow_writer import ArrowWriter

from helpers.data.files import ALL
from helpers.data.tagging import Sentence, iob2_label_names, split_tag
from helpers.errors import DatasetUnavailableError, EmptySplitError
from helpers.notebook.language import translate

SPLITS = ("train", "validation", "test")
HELD_OUT_SHARE = 0.1  # of the documents, for each split that is drawn


def common_form(tag: Value | ClassLabel) -> Features:
    """Describe the columns of every split, with the tags as texts or as class ids."""
    return Features({"id": Value("string"), "tokens": List(Value("string")), "ner_tags": List(tag)})


def write_splits(documents: dict[str, Iterable[list[Sentence]]], name: str, seed: int) -> DatasetDict:
    """Write documents to disk in the common form, and draw the splits that are missing.

    The labels are known only when all has been read, so the tags are first written as texts, and then as class ids.

    Parameters
    ----------
    documents : dict of str to iterable of list of Sentence
        The documents of each split, or all of them, under `helpers.data.files.ALL`. Drawing keeps documents whole.
    name : str
        What messages call the data set.
    seed : int
        Decides which documents are drawn.

    Returns
    -------
    DatasetDict
        The splits, which are read from the disk for as long as this process lives.

    Raises
    ------
    DatasetUnavailableError
        If they cannot be written.
    EmptySplitError
        If there are too few documents to draw from.
    """
    from helpers.data.temporary import temporary_folder  # here, as data from the Hub need none

    entity_types = set()

    def rows(documents: Iterable[list[Sentence]]) -> Iterator[dict]:
        numbered = ((number, sentence) for number, document in enumerate(documents) for sentence in document)
        for row, (number, sentence) in enumerate(numbered):
            entity_types.update(split_tag(tag)[1] for tag in sentence.tags if tag != "O")
            yield {"id": str(row), "tokens": sentence.tokens, "ner_tags": sentence.tags, "document": number}

    try:
        with temporary_folder() as folder:
            as_texts = Features({**common_form(Value("string")), "document": Value("int64")})
            texts = {
                split: _on_disk(rows(part), as_texts, folder / f"{split}.text.arrow")
                for split, part in documents.items()
            }
            features = common_form(ClassLabel(names=iob2_label_names(entity_types)))
            splits = {
                split: _on_disk(part.select_columns(list(features)), features, folder / f"{split}.arrow")
                for split, part in _all_splits(texts, name, seed).items()
            }
            for path in folder.glob("*.text.arrow"):
                path.unlink()
            return DatasetDict(splits)
    except OSError as error:
        raise DatasetUnavailableError(
            f"the data cannot be copied to the folder for temporary files ({tempfile.tempdir or 'none can be used'}):"
            f" {error}; make room there, or name another one in the environment variable TMPDIR"
        ) from error


def draw_validation(train: Dataset, documents: np.ndarray, name: str, seed: int) -> dict[str, Dataset]:
    """Draw a validation split from a training split, and print that.

    Parameters
    ----------
    train : Dataset
    documents : ndarray of int
        The document of each row; documents are kept whole.
    name : str
        What messages call the data set.
    seed : int

    Returns
    -------
    dict of str to Dataset
        ``train`` and ``validation``, in the order of their rows.

    Raises
    ------
    EmptySplitError
        If there are too few documents to draw from.
    """
    drawn = _drawn(train, documents, ("validation",), name, seed)
    print(
        translate(
            "{name} has no validation split: {count} sentences were drawn from its training split (seed {seed})."
        ).format(name=repr(name), count=len(drawn["validation"]), seed=seed)
    )
    return drawn


def _on_disk(rows: Iterable[dict], features: Features, path: Path) -> Dataset:
    with ArrowWriter(path=str(path), features=features) as writer:
        for row in rows:
            writer.write(row)
        writer.finalize()
    return Dataset.from_file(str(path))


def _all_splits(parts: dict[str, Dataset], name: str, seed: int) -> dict[str, Dataset]:
    if ALL in parts:
        drawn = _drawn(parts[ALL], _documents(parts[ALL]), ("validation", "test"), name, seed)
        print(
            translate(
                "{name} is one file: of its sentences, {train} are for training, {validation} for validation and {test}"
                " for the test (seed {seed})."
            ).format(name=repr(name), seed=seed, **{split: len(rows) for split, rows in drawn.items()})
        )
        return drawn
    if "validation" not in parts and len(parts["train"]):
        return parts | draw_validation(parts["train"], _documents(parts["train"]), name, seed)
    return parts


def _documents(rows: Dataset) -> np.ndarray:
    return rows.data.column("document").to_numpy()


def _drawn(rows: Dataset, documents: np.ndarray, held_out: tuple[str, ...], name: str, seed: int) -> dict[str, Dataset]:
    different, of_row = np.unique(documents, return_inverse=True)
    count = len(different)
    size = ceil(HELD_OUT_SHARE * count)
    if not count:
        raise EmptySplitError(f"{name!r} holds no sentence")
    if count <= size * len(held_out):
        raise EmptySplitError(
            f"{name!r} has no {' and no '.join(held_out)} split, and {count} documents or sentences to draw from, which"
            " is too small a number to share"
        )
    order = np.random.default_rng(seed).permutation(count)
    parts = dict(zip(held_out, (order[start : start + size] for start in range(0, count, size)), strict=False))
    parts["train"] = order[size * len(held_out) :]
    return {split: rows.select(np.flatnonzero(np.isin(of_row, part))) for split, part in parts.items()}
