"""Read doccano's exports."""

from typing import Any

from helpers.data.json_records import member, shortened
from helpers.data.labelled_text import Annotation, LabelledText, read_mark
from helpers.data.offsets import Mark
from helpers.errors import MalformedDataError

TEXTS = ("text", "data")  # "data" in releases of 2022
SPANS = ("label", "labels", "entities")


def is_text(record: dict) -> bool:
    """Return whether a record has the members of a labelled text."""
    return any(name in record for name in TEXTS) and any(name in record for name in SPANS)


def read_text(record: dict, where: str) -> LabelledText:
    """Read a labelled text.

    Parameters
    ----------
    record : dict
        For which `is_text` is true. A span is a list of start, end and label; or an object with ``start_offset``,
        ``end_offset`` and ``label``.
    where : str
        File and line or record, for errors.

    Raises
    ------
    MalformedDataError
        If the text is no text, or a span has another form.
    """
    text = member(record, next(name for name in TEXTS if name in record), str, where)
    spans = member(record, next(name for name in SPANS if name in record), list, where)
    return LabelledText(where, text, [Annotation([_mark_of(span, where) for span in spans])])


def _mark_of(span: Any, where: str) -> Mark:
    if isinstance(span, list) and len(span) == 3:
        span = dict(zip(("start_offset", "end_offset", "label"), span, strict=True))
    if not isinstance(span, dict):
        raise MalformedDataError(f"{where}: expected spans, such as [0, 4, 'location']; found {shortened(span)}")
    return read_mark(span, "start_offset", "end_offset", span.get("label"), where)
