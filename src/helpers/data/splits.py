"""Write documents to disk as splits."""

import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
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


def common_form(tag: Value | ClassLabel, marks_characters: bool = False) -> Features:
    """Describe the columns of every split, with the tags as texts or as class ids.

    Where the data mark characters, there are also ``text`` and ``spans``: where each begins and ends in the text, and
    its label.
    """
    columns = {"id": Value("string"), "tokens": List(Value("string")), "ner_tags": List(tag)}
    if marks_characters:
        span = {"start": Value("int32"), "end": Value("int32"), "label": Value("string")}
        columns |= {"text": Value("string"), "spans": List(span)}
    return Features(columns)


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
    try:
        with temporary_folder() as folder:
            texts = {
                split: _as_texts(part, entity_types, folder / f"{split}.text.arrow")
                for split, part in documents.items()
            }
            tag = ClassLabel(names=iob2_label_names(entity_types))
            splits = {}
            for split, part in _all_splits(texts, name, seed).items():
                features = common_form(tag, "spans" in part.features)
                splits[split] = _on_disk(part.select_columns(list(features)), features, folder / f"{split}.arrow")
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


def _as_texts(documents: Iterable[list[Sentence]], entity_types: set[str], path: Path) -> Dataset:
    """Write one split with its tags as texts, and the number of each row's document; note its types."""
    numbered = ((number, sentence) for number, document in enumerate(documents) for sentence in document)
    first = next(numbered, None)
    marks_characters = first is not None and first[1].text is not None
    features = {**common_form(Value("string"), marks_characters), "document": Value("int64")}

    def rows() -> Iterator[dict]:
        for row, (number, sentence) in enumerate(chain([first] if first else [], numbered)):
            entity_types.update(split_tag(tag)[1] for tag in sentence.tags if tag != "O")
            entity_types.update(span.label for span in sentence.spans)
            values = {"id": str(row), "tokens": sentence.tokens, "ner_tags": sentence.tags, "document": number}
            if marks_characters:
                values |= {"text": sentence.text, "spans": [span._asdict() for span in sentence.spans]}
            yield values

    return _on_disk(rows(), Features(features), path)


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
