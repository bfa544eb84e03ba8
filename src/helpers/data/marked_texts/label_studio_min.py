"""Read Label Studio's exports of the kind JSON-MIN."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.data.json_files.json_records import read_records
from helpers.data.json_files.json_values import shortened
from helpers.data.marked_texts.label_studio import own_text, require_plain
from helpers.data.marked_texts.labelled_text import Annotation, LabelledText, read_each, read_mark
from helpers.data.reading import Reading
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

# What the tool adds to the fields of a text, besides the labels.
ADDED = ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement")


def is_row(record: dict) -> bool:
    """Return whether a record is one person's annotation of a task."""
    return "annotation_id" in record


def read_tasks(path: Path, reading: Reading) -> Iterator[LabelledText]:
    """Read the tasks of a file of rows for which `is_row` is true; those of one ``id`` are a task, wherever they are.

    A row's spans are in lists of whatever names. Its ``annotation_id`` is null if nobody has labelled the task.
    """
    return read_each(_tasks(path, reading), _text_of, reading)


def _tasks(path: Path, reading: Reading) -> Iterator[tuple[str, dict]]:
    """Gather the rows of each task; only those of tasks that are not complete yet are held in memory."""
    missing = Counter(_task_of(where, row) for where, row in _rows(path, Reading()))
    begun: dict[str, tuple[str, list[dict]]] = {}
    for where, row in _rows(path, reading):
        task = _task_of(where, row)
        begun.setdefault(task, (where, []))[1].append(row)
        missing[task] -= 1
        if not missing[task]:
            place, rows = begun.pop(task)
            yield place, ({"id": row["id"]} if "id" in row else {}) | {"rows": rows}


def _rows(path: Path, reading: Reading) -> Iterator[tuple[str, dict]]:
    for where, row in read_records(path, reading):
        if is_row(row):
            yield where, row
            continue
        reading.add(
            MalformedDataError(
                translate("{where}: no {name}, only {names}").format(
                    where=where, name="'annotation_id'", names=shortened(list(row))
                )
            )
        )


def _task_of(where: str, row: dict) -> str:
    return where if row.get("id") is None else repr(row["id"])


def _text_of(task: dict, where: str) -> LabelledText:
    rows = task["rows"]
    annotations = [
        Annotation(
            [
                read_mark(entry, where)
                for value in row.values()
                if isinstance(value, list)
                for entry in value
                if _is_span(entry, where)
            ],
            str(row.get("updated_at") or ""),
        )
        for row in rows
        if row["annotation_id"] is not None
    ]
    fields = {name: value for name, value in rows[0].items() if name not in ADDED}
    return LabelledText(where, own_text(fields, where), annotations)


def _is_span(entry: Any, where: str) -> bool:
    """Distinguish spans, with a label or without, from what else is listed: choices, ratings, comments."""
    if not isinstance(entry, dict):
        return False
    for name in entry:
        if name.endswith("labels"):
            require_plain(name, where)
            return True
    return "start" in entry and entry.keys() <= {"start", "end", "text"} and not isinstance(entry.get("text"), list)
