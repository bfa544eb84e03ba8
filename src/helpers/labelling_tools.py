"""What people export from labelling tools: Label Studio's JSON and JSON-MIN, and doccano's JSONL."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from helpers.exceptions import MalformedDataError
from helpers.json_records import member, read_records, require_text, shortened
from helpers.offsets import Mark, counted_in_utf16, in_characters, is_ambiguous
from helpers.span_tags import Span, tag_words
from helpers.tagging import Sentence

# What Label Studio adds to the fields of a text in JSON-MIN, besides the labels.
ADDED = ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement")
DOCCANO_TEXTS = ("text", "data")  # "data" in releases of 2022
DOCCANO_SPANS = ("label", "labels", "entities")
EXPECTED = (
    "expected words and their tags (tokens, tags), a task of Label Studio (data, annotations; or annotation_id in"
    " JSON-MIN), or a text of doccano (text, and label or entities)"
)


class Annotation(NamedTuple):
    """What one person has marked in a text."""

    marks: list[Mark]
    changed: str = ""  # when; ISO 8601
    is_ground_truth: bool = False


class LabelledText(NamedTuple):
    """A text and what people have marked in it: nothing at all, if nobody has looked at it yet."""

    where: str
    text: str
    annotations: list[Annotation]


def read_labelled(path: Path, notes: Counter) -> Iterator[list[Sentence]]:
    """Read a labelling tool's export.

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
    """Take the one that is marked as the truth, else the one that was changed last."""
    if not annotations:
        return Annotation([])
    return max(reversed(annotations), key=lambda annotation: (annotation.is_ground_truth, annotation.changed))


def _texts(path: Path) -> Iterator[LabelledText]:
    for _, rows in groupby(read_records(path), key=_task):
        (where, record), *others = rows
        where += f", id {shortened(record['id'])}" if "id" in record else ""
        if "annotations" in record:
            yield _label_studio_task(record, where)
        elif "annotation_id" in record:
            yield _label_studio_min([record, *(other for _, other in others)], where)
        elif any(name in record for name in DOCCANO_TEXTS) and any(name in record for name in DOCCANO_SPANS):
            yield _doccano_text(record, where)
        else:
            raise MalformedDataError(f"{where}: found {shortened(list(record))}; {EXPECTED}")


def _task(row: tuple[str, dict]) -> Any:
    """Say what rows of one task have in common: in JSON-MIN each person's annotation is a row, one after the other."""
    where, record = row
    return record["id"] if "annotation_id" in record and record.get("id") is not None else where


# Label Studio


def _label_studio_task(record: dict, where: str) -> LabelledText:
    people = [_object(entry, "an annotation", where) for entry in member(record, "annotations", list, where)]
    annotations = [
        Annotation(
            [_region(member(result, "value", dict, where), where) for result in _results(entry, where)],
            str(entry.get("updated_at") or ""),
            entry.get("ground_truth") is True,
        )
        for entry in people
        if not entry.get("was_cancelled")  # which is what the tool calls a skipped one
    ]
    return LabelledText(where, _own_text(member(record, "data", dict, where), where), annotations)


def _results(annotation: dict, where: str) -> Iterator[dict]:
    """Yield what labels a part of the text; relations, choices and comments do not."""
    for result in member(annotation, "result", list, where):
        kind = str(_object(result, "a result", where).get("type"))
        if kind.endswith("labels"):
            _require_plain(kind, where)
            yield result


def _label_studio_min(records: list[dict], where: str) -> LabelledText:
    annotations = [
        Annotation(
            [
                _region(entry, where)
                for value in record.values()
                if isinstance(value, list)
                for entry in value
                if isinstance(entry, dict) and _is_span(entry, where)
            ],
            str(record.get("updated_at") or ""),
        )
        for record in records
        if record["annotation_id"] is not None
    ]
    fields = {name: value for name, value in records[0].items() if name not in ADDED}
    return LabelledText(where, _own_text(fields, where), annotations)


def _is_span(entry: dict, where: str) -> bool:
    """Tell spans, with a label or without, from what else JSON-MIN lists: choices, ratings, comments."""
    for name in entry:
        if name.endswith("labels"):
            _require_plain(name, where)
            return True
    return "start" in entry and entry.keys() <= {"start", "end", "text"} and not isinstance(entry.get("text"), list)


def _require_plain(kind: str, where: str) -> None:
    if kind != "labels":
        raise MalformedDataError(f"{where}: it has {kind!r}; expected spans of a plain text, which are 'labels'")


def _region(value: dict, where: str) -> Mark:
    labels = value.get("labels") or []
    if not isinstance(labels, list) or len(labels) != 1:
        place = f"the span from {shortened(value.get('start'))} to {shortened(value.get('end'))}"
        raise MalformedDataError(f"{where}: {place} has the labels {shortened(labels)}; give it one")
    return _mark(value, "start", "end", labels[0], where, value.get("text"))


def _own_text(fields: dict, where: str) -> str:
    """Take the text of a task: the field of the name ``text``, or else the only one that holds a text."""
    names = [name for name, value in fields.items() if isinstance(value, str)]
    if "text" in fields or len(names) == 1:
        return member(fields, "text" if "text" in fields else names[0], str, where)
    raise MalformedDataError(f"{where}: which field is the text? Found {shortened(names)}; call it 'text'")


# doccano


def _doccano_text(record: dict, where: str) -> LabelledText:
    text = member(record, next(name for name in DOCCANO_TEXTS if name in record), str, where)
    spans = member(record, next(name for name in DOCCANO_SPANS if name in record), list, where)
    return LabelledText(where, text, [Annotation([_doccano_span(span, where) for span in spans])])


def _doccano_span(span: Any, where: str) -> Mark:
    if isinstance(span, list) and len(span) == 3:
        span = dict(zip(("start_offset", "end_offset", "label"), span, strict=True))
    if not isinstance(span, dict):
        raise MalformedDataError(f"{where}: expected spans, such as [0, 4, 'location']; found {shortened(span)}")
    return _mark(span, "start_offset", "end_offset", span.get("label"), where)


# Both


def _mark(span: dict, start: str, end: str, label: Any, where: str, covers: Any = None) -> Mark:
    offsets = [member(span, name, int, where) for name in (start, end)]
    if not require_text(label, "a label", where).strip():
        raise MalformedDataError(f"{where}: the span from {offsets[0]} to {offsets[1]} has an empty label; give it one")
    return Mark(Span(*offsets, label), None if covers is None else require_text(covers, "a span's text", where))


def _object(value: Any, name: str, where: str) -> dict:
    if not isinstance(value, dict):
        raise MalformedDataError(f"{where}: {name} is {shortened(value)}; expected an object in {{}}")
    return value
