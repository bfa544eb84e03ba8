"""Read Label Studio's exports."""

from collections.abc import Iterator
from pathlib import Path

from helpers.data.json_files.json_records import read_records
from helpers.data.json_files.json_values import member, require_kind, shortened
from helpers.data.marked_texts.labelled_text import Annotation, LabelledText, read_each, read_mark
from helpers.data.marked_texts.offsets import Mark
from helpers.data.reading import Reading
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate


def is_task(record: dict) -> bool:
    """Return whether a record is a task as the export "JSON" has it."""
    return isinstance(record.get("data"), dict) and "annotations" in record


def read_tasks(path: Path, reading: Reading) -> Iterator[LabelledText]:
    """Read the tasks of a file of records for which `is_task` is true; skipped annotations are left out."""
    return read_each(read_records(path, reading), _task, reading)


def own_text(fields: dict, where: str) -> str:
    """Take the text of a task: the field of the name ``text``, or else the only one that holds a text.

    Raises
    ------
    MalformedDataError
        If it is unclear which field that is, or it holds no text.
    """
    names = [name for name, value in fields.items() if isinstance(value, str)]
    if "text" in fields or len(names) == 1:
        return member(fields, "text" if "text" in fields else names[0], str, where)
    raise MalformedDataError(
        translate("{where}: which field is the text? Found {names}; call it 'text'").format(
            where=where, names=shortened(names)
        )
    )


def require_plain(kind: str, where: str) -> None:
    """Check that labels of a kind are of a plain text; `MalformedDataError` if not."""
    if kind != "labels":
        raise MalformedDataError(
            translate("{where}: it has {kind}; expected spans of a plain text, which are 'labels'").format(
                where=where, kind=repr(kind)
            )
        )


def _task(record: dict, where: str) -> LabelledText:
    annotations = []
    for entry in member(record, "annotations", list, where):
        if require_kind(entry, translate("an annotation"), dict, where).get("was_cancelled"):
            continue  # it was skipped, as the tool's pages call that
        marks = [mark for result in member(entry, "result", list, where) for mark in _marks(result, where)]
        annotations.append(Annotation(marks, str(entry.get("updated_at") or ""), entry.get("ground_truth") is True))
    return LabelledText(where, own_text(member(record, "data", dict, where), where), annotations)


def _marks(result: dict, where: str) -> Iterator[Mark]:
    """Yield what labels a part of the text; relations, choices and comments do not."""
    kind = str(require_kind(result, translate("a result"), dict, where).get("type"))
    if kind.endswith("labels"):
        require_plain(kind, where)
        yield read_mark(member(result, "value", dict, where), where)
