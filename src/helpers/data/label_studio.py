"""Read Label Studio's exports."""

from collections.abc import Iterator
from typing import Any

from helpers.data.json_records import member, shortened
from helpers.data.labelled_text import Annotation, LabelledText, read_mark
from helpers.data.offsets import Mark
from helpers.errors import MalformedDataError

# What the tool adds to the fields of a text in JSON-MIN, besides the labels.
ADDED = ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement")


def read_task(record: dict, where: str) -> LabelledText:
    """Read a task as the export "JSON" has it.

    Parameters
    ----------
    record : dict
        With ``data`` and ``annotations``.
    where : str
        File and line or record, for errors.

    Raises
    ------
    MalformedDataError
        If a part of it is missing or of another type, it labels something else than spans of a plain text, a span has
        no label or several, or it is unclear which field is the text.
    """
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


def read_min_rows(rows: list[dict], where: str) -> LabelledText:
    """Read a task as the export "JSON-MIN" has it.

    Parameters
    ----------
    rows : list of dict
        One for each person who has labelled it, with ``annotation_id``; the spans are in lists of whatever names.
    where : str
        File and line or record of the first, for errors.

    Raises
    ------
    MalformedDataError
        As for `read_task`.
    """
    annotations = [
        Annotation(
            [
                _region(entry, where)
                for value in row.values()
                if isinstance(value, list)
                for entry in value
                if isinstance(entry, dict) and _is_span(entry, where)
            ],
            str(row.get("updated_at") or ""),
        )
        for row in rows
        if row["annotation_id"] is not None
    ]
    fields = {name: value for name, value in rows[0].items() if name not in ADDED}
    return LabelledText(where, _own_text(fields, where), annotations)


def _results(annotation: dict, where: str) -> Iterator[dict]:
    """Yield what labels a part of the text; relations, choices and comments do not."""
    for result in member(annotation, "result", list, where):
        kind = str(_object(result, "a result", where).get("type"))
        if kind.endswith("labels"):
            _require_plain(kind, where)
            yield result


def _is_span(entry: dict, where: str) -> bool:
    """Distinguish spans, with a label or without, from what else JSON-MIN lists: choices, ratings, comments."""
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
    return read_mark(value, "start", "end", labels[0], where, value.get("text"))


def _own_text(fields: dict, where: str) -> str:
    """Take the text of a task: the field of the name ``text``, or else the only one that holds a text."""
    names = [name for name, value in fields.items() if isinstance(value, str)]
    if "text" in fields or len(names) == 1:
        return member(fields, "text" if "text" in fields else names[0], str, where)
    raise MalformedDataError(f"{where}: which field is the text? Found {shortened(names)}; call it 'text'")


def _object(value: Any, name: str, where: str) -> dict:
    if not isinstance(value, dict):
        raise MalformedDataError(f"{where}: {name} is {shortened(value)}; expected an object in {{}}")
    return value
