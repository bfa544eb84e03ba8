"""Recognise splits by their names, write documents to disk as splits, and make up for those that are missing."""

import re
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from math import ceil
from pathlib import Path

import numpy as np
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from datasets.arrow_writer import ArrowWriter

from helpers.data.reading import listed
from helpers.data.tagging import Sentence, iob2_label_names
from helpers.disk.temporary import temporary_folder
from helpers.errors import DatasetUnavailableError, EmptySplitError
from helpers.notebook.language import translate

NAMES = {
    "train": ("train", "training"),
    # testa and testb are CoNLL 2003's own names.
    "validation": ("validation", "valid", "val", "dev", "devel", "development", "eval", "testa"),
    "test": ("test", "testing", "testb"),
}
SPLITS = tuple(NAMES)
ENDINGS = ("", "set", "data")  # trainset, devdata
ALL = "all"  # one file that is still to be divided into splits
HELD_OUT_SHARE = 0.1  # of the documents, for each split that is drawn
IOB2 = re.compile("O|[BI]-.+", re.DOTALL)


def splits_of(name: str) -> list[str]:
    """List the splits whose names are words of a name, in either case; ``contest.txt`` has no word ``test``.

    Words are what other characters than letters separate: ``en-train_2.txt`` has ``en``, ``train`` and ``txt``.
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
            raise DatasetUnavailableError(message, where=where, name=name, splits=", ".join(several))
    found = {}
    for split in SPLITS:
        several = [name for name in splits if split in splits[name]]
        if len(several) > 1:
            message = translate("{where} holds several files for the split {split}: {names}; keep one")
            raise DatasetUnavailableError(message, where=where, split=repr(split), names=listed(several))
        if several:
            found[split] = several[0]
    return found, [name for name in splits if not splits[name]]


def common_form(tag: Value | ClassLabel, marks_characters: bool = False) -> Features:
    """Describe the columns of every split: the last two where the data mark characters, as offsets into the text."""
    columns = {"id": Value("string"), "tokens": List(Value("string")), "ner_tags": List(tag)}
    if marks_characters:
        span = {"start": Value("int32"), "end": Value("int32"), "label": Value("string")}
        columns |= {"text": Value("string"), "spans": List(span)}
    return Features(columns)


def write_splits(
    documents: dict[str, Iterable[list[Sentence]]], name: str, seed: int, labels: list[str] | None = None
) -> DatasetDict:
    """Write documents to disk in the common form, for as long as this process lives.

    Splits that are missing are drawn by the seed, with documents whole, and that is printed. `ALL` is divided. Labels
    keep their class ids if all are IOB2 and none is missing; otherwise they are made of the tags.

    Raises `DatasetUnavailableError` if the folder for temporary files cannot be written to, or has no room;
    `EmptySplitError` if a split is empty or too small to draw from, or no word for training has a tag.
    """
    # The labels are known only when all has been read, so the tags are first written as texts, and then as class ids.
    tags = {"O"}
    try:
        with temporary_folder() as folder:
            texts = {split: _write_texts(part, split, name, tags, folder) for split, part in documents.items()}
            texts = _draw_missing(texts, name, seed)
            if all(tag == "O" for row in texts["train"]["ner_tags"] for tag in row):
                message = translate(
                    "every word in the training split of the data set {name} is tagged O: nothing to learn"
                )
                raise EmptySplitError(message, name=repr(name))
            if not labels or not tags <= set(labels) or not all(map(IOB2.fullmatch, labels)):
                labels = iob2_label_names({tag[2:] for tag in tags if tag != "O"})
            splits = {}
            for split in SPLITS:
                features = common_form(ClassLabel(names=labels), "spans" in texts[split].features)
                rows = texts[split].select_columns(list(features))
                splits[split] = _write_rows(rows, features, folder / f"{split}.arrow")
            for path in folder.glob("*.text.arrow"):
                path.unlink()
            return DatasetDict(splits)
    except OSError as error:
        message = translate(
            "the data cannot be copied to the folder for temporary files ({folder}): {reason}; make room there, or"
            " name another one in the environment variable TMPDIR"
        )
        folder = tempfile.tempdir or translate("none can be used")
        raise DatasetUnavailableError(message, folder=folder, reason=error) from error


def _write_texts(documents: Iterable[list[Sentence]], split: str, name: str, tags: set[str], folder: Path) -> Dataset:
    numbered = ((number, sentence) for number, document in enumerate(documents) for sentence in document)
    first = next(numbered, None)
    if first is None:
        message = translate("the split {split} of the data set {name} holds no sentence")
        raise EmptySplitError(message, split=repr(split), name=repr(name))
    marks_characters = first[1].text is not None

    def rows() -> Iterator[dict]:
        for row, (number, sentence) in enumerate(chain([first], numbered)):
            tags.update(sentence.tags, (f"B-{span.label}" for span in sentence.spans))
            values = {"id": str(row), "tokens": sentence.tokens, "ner_tags": sentence.tags, "document": number}
            if marks_characters:
                values |= {"text": sentence.text, "spans": [span._asdict() for span in sentence.spans]}
            yield values

    features = {**common_form(Value("string"), marks_characters), "document": Value("int64")}
    return _write_rows(rows(), Features(features), folder / f"{split}.text.arrow")


def _write_rows(rows: Iterable[dict], features: Features, path: Path) -> Dataset:
    with ArrowWriter(path=str(path), features=features) as writer:
        for row in rows:
            writer.write(row)
        writer.finalize()
    return Dataset.from_file(str(path))


def _draw_missing(parts: dict[str, Dataset], name: str, seed: int) -> dict[str, Dataset]:
    missing = tuple(split for split in ("validation", "test") if split not in parts)
    if not missing:
        return parts
    # Without a test split, the validation split is the test, and another one is drawn.
    test = parts.get("test", parts.get("validation"))
    splits = _draw(parts.get("train", parts.get(ALL)), missing if test is None else ("validation",), name, seed)
    if test is not None:
        splits["test"] = test
    sentences = {
        ("validation", "test"): translate(
            "{name} has no validation and no test split: of its sentences, {train} are for training, {validation} for"
            " validation and {test} for the test (seed {seed})."
        ),
        ("validation",): translate(
            "{name} has no validation split: {count} sentences were drawn from its training split (seed {seed})."
        ),
        ("test",): translate(
            "{name} has no test split: its validation split is the test, and {count} sentences were drawn from its"
            " training split for validation (seed {seed})."
        ),
    }
    sizes = {split: len(rows) for split, rows in splits.items()}
    print(sentences[missing].format(name=repr(name), seed=seed, count=sizes["validation"], **sizes))
    return splits


def _draw(rows: Dataset, held_out: tuple[str, ...], name: str, seed: int) -> dict[str, Dataset]:
    different, of_row = np.unique(rows.data.column("document").to_numpy(), return_inverse=True)
    count = len(different)
    size = ceil(HELD_OUT_SHARE * count)
    if count <= size * len(held_out):
        message = translate(
            "{name} has no split for {splits}, and {count} documents or sentences to draw from, which is too small"
            " a number to share"
        )
        raise EmptySplitError(message, name=repr(name), splits=", ".join(held_out), count=count)
    order = np.random.default_rng(seed).permutation(count)
    parts = np.split(order, [size * number for number in range(1, len(held_out) + 1)])
    of_split = dict(zip((*held_out, "train"), parts, strict=True))
    return {split: rows.select(np.flatnonzero(np.isin(of_row, part))) for split, part in of_split.items()}
