"""Read exports of labelling tools."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from helpers.data import doccano, label_studio
from helpers.data.json_records import read_records, shortened
from helpers.data.labelled_text import Annotation, LabelledText
from helpers.data.offsets import counted_in_utf16, in_characters, is_ambiguous
from helpers.data.span_tags import tag_words
from helpers.data.tagging import Sentence
from helpers.errors import MalformedDataError

EXPECTED = (
    "expected words and their tags (tokens, tags), a task of Label Studio (data, annotations; or annotation_id in"
    " JSON-MIN), or a text of doccano (text, and label or entities)"
)


def read_labelled(path: Path, notes: Counter) -> Iterator[list[Sentence]]:
    """Read a labelling tool's export: Label Studio's JSON or JSON-MIN, or doccano's JSONL.

    Parameters
    ----------
    path : Path
        As for `json_records.read_records`.
    notes : Counter
        Gets counts of what happens on the way.

    Yields
    ------
    list of Sentence
        The sentences of a text that somebody has labelled, as `span_tags.tag_words` finds them.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError
        If a record has none of the tools' forms, or spans that cannot be turned into tags of words; with file and line
        or record.
    """
    utf16 = None
    for labelled in _texts(path):
        if not labelled.annotations:
            notes["unlabelled"] += 1
            continue
        annotation = _chosen(labelled.annotations)
        where, text, marks = labelled.where, labelled.text, annotation.marks
        if utf16 is None and is_ambiguous(text, marks):
            utf16 = counted_in_utf16((other.text, _chosen(other.annotations).marks) for other in _texts(path))
            notes["utf16" if utf16 else "characters"] += 1
        spans = {in_characters(mark, text, bool(utf16), where) for mark in marks}
        tagged = tag_words(text, spans, where)
        notes["texts"] += 1
        notes["spans"] += len(spans)
        notes["without_span"] += not spans
        notes["inside_words"] += tagged.inside_words
        notes["disagreeing"] += len({frozenset(other.marks) for other in labelled.annotations}) > 1
        if tagged.sentences:
            yield tagged.sentences


def _chosen(annotations: list[Annotation]) -> Annotation:
    """Choose the one that is marked as ground truth, else the one that was changed last."""
    if not annotations:
        return Annotation([])
    return max(reversed(annotations), key=lambda annotation: (annotation.is_ground_truth, annotation.changed))


def _texts(path: Path) -> Iterator[LabelledText]:
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
            raise MalformedDataError(f"{where}: found {shortened(list(record))}; {EXPECTED}")


def _task(row: tuple[str, dict]) -> Any:
    """Return what rows of one task have in common: in JSON-MIN each person's annotation is a row of its own."""
    where, record = row
    return record["id"] if "annotation_id" in record and record.get("id") is not None else where
