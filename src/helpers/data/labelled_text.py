"""Represent texts with marked spans, of any tool."""

from typing import Any, NamedTuple

from helpers.data.json_records import member, require_text
from helpers.data.offsets import Mark
from helpers.data.tagging import Span
from helpers.errors import MalformedDataError


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


def read_mark(span: dict, start: str, end: str, label: Any, where: str, covers: Any = None) -> Mark:
    """Check a span as an export's JSON gives it.

    Parameters
    ----------
    span : dict
    start, end : str
        Under which names it has its offsets; the unit is the tool's.
    label : Any
        Of the span; it should be a text.
    where : str
        File and line or record, for errors.
    covers : Any
        What the span covers, if the tool says so; it should be a text.

    Raises
    ------
    MalformedDataError
        If an offset is missing or no whole number, or the label or what is covered is no text, or the label is empty.
    """
    offsets = [member(span, name, int, where) for name in (start, end)]
    if not require_text(label, "a label", where).strip():
        raise MalformedDataError(f"{where}: the span from {offsets[0]} to {offsets[1]} has an empty label; give it one")
    return Mark(Span(*offsets, label), None if covers is None else require_text(covers, "a span's text", where))
