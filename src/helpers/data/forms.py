"""Recognise which form a file of labelled text has."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from helpers.data.json_records import read_records, shortened
from helpers.data.labelled_text import LabelledText
from helpers.data.reading import Reading
from helpers.data.tagging import Sentence
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

CONLL_SUFFIXES = (".conll", ".txt", ".tsv", ".iob", ".iob2", ".bio")
JSON_SUFFIXES = (".json", ".jsonl")
SUFFIXES = CONLL_SUFFIXES + JSON_SUFFIXES

Reader = Callable[[Path, Reading], Iterator[list[Sentence]]]


def reader_of(path: Path) -> Reader:
    """Recognise a file's form by its suffix and by what its first record contains.

    Parameters
    ----------
    path : Path
        Its suffix is one of `SUFFIXES`.

    Returns
    -------
    callable
        Takes the path and a `Reading`; yields the file's documents: the sentences of a labelled text, which stay
        together in one split, or else one sentence. Wrong places are added to the reading.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError
        If the first record is none of the known forms.
    """
    # Readers are imported here, as each file has one form.
    if path.suffix in CONLL_SUFFIXES:
        from helpers.data.conll import read_conll

        return partial(_alone, read_conll)
    _, first = next(read_records(path), ("", {"tokens": []}))
    if "tokens" in first:
        from helpers.data.json_records import read_tagged

        return partial(_alone, read_tagged)
    return partial(_labelled, _texts)


def _alone(read: Callable[[Path, Reading], Iterator[Sentence]], path: Path, reading: Reading) -> Iterator:
    return ([sentence] for sentence in read(path, reading))


def _labelled(texts: Callable[[Path], Iterator[LabelledText]], path: Path, reading: Reading) -> Iterator:
    from helpers.data.labelled import sentences_of

    return sentences_of(lambda: texts(path), reading)


def _texts(path: Path) -> Iterator[LabelledText]:
    from helpers.data import doccano, label_studio

    for _, rows in groupby(read_records(path), key=_task):
        (where, record), *others = rows
        where += f", id {shortened(record['id'])}" if "id" in record else ""
        if "annotations" in record:
            yield label_studio.read_task(record, where)
        elif "annotation_id" in record:
            yield label_studio.read_min_rows([record, *(other for _, other in others)], where)
        elif doccano.is_text(record):
            yield doccano.read_text(record, where)
        else:
            raise MalformedDataError(
                translate(
                    "{where}: found {names}; expected words and their tags (tokens, tags), a task of Label Studio"
                    " (data, annotations; or annotation_id in JSON-MIN), or a text of doccano (text, and label or"
                    " entities)"
                ).format(where=where, names=shortened(list(record)))
            )


def _task(row: tuple[str, dict]) -> Any:
    """Return what rows of one task have in common: in JSON-MIN each person's annotation is a row of its own."""
    where, record = row
    return record["id"] if "annotation_id" in record and record.get("id") is not None else where
