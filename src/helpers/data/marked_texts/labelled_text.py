"""Represent texts with marked spans, of any tool."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from helpers.data.json_files.json_values import member, require_text, shortened
from helpers.data.marked_texts.offsets import Mark
from helpers.data.reading import Reading
from helpers.data.tagging import Span
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

EDGES = (("start", "end"), ("start_offset", "end_offset"), ("begin", "end"), ("startOffset", "endOffset"))
LABELS = ("label", "type", "tag", "entity", "class", "labels")


class Annotation(NamedTuple):
    """What one person has marked in a text."""

    marks: list[Mark]
    changed: str = ""  # when; ISO 8601
    is_ground_truth: bool = False


class LabelledText(NamedTuple):
    """A text and what people have marked in it: nothing at all, if nobody has looked at it yet.

    Texts in a row that are of one document, which has a name of its own, stay together.
    """

    where: str
    text: str
    annotations: list[Annotation]
    document: str = ""


def read_each(
    records: Iterable[tuple[str, dict]], read: Callable[[dict, str], LabelledText], reading: Reading
) -> Iterator[LabelledText]:
    """Read labelled texts of records; one that is wrong is added to the reading, and the others are read.

    Parameters
    ----------
    records : iterable of (str, dict)
        File and line or record, and the record. Errors name it by its ``id``, too, if it has one.
    read : callable
        Takes a record and its place; may raise `MalformedDataError`.
    reading : Reading
    """
    for where, record in records:
        place = where
        if "id" in record:
            place = translate("{where}, id {id}").format(where=where, id=shortened(record["id"]))
        try:
            yield read(record, place)
        except MalformedDataError as error:
            reading.add(error)


def read_mark(span: Any, where: str, covers: Any = None) -> Mark:
    """Check a span as a tool's JSON gives it.

    Parameters
    ----------
    span : object
        A list of start, end and label; or an object that has these under one of their usual names, and perhaps what it
        covers as ``text``. The unit of the offsets is the tool's.
    where : str
        File and line or record, for errors.
    covers : str, optional
        What the span covers, if it says so under another name.

    Raises
    ------
    MalformedDataError
        If an offset is missing or no whole number, it has no label or several, or the label or what is covered is no
        text.
    """
    if isinstance(span, list) and len(span) == 3:
        span = dict(zip(("start", "end", "label"), span, strict=True))
    edges = next((edges for edges in EDGES if isinstance(span, dict) and edges[0] in span), None)
    if edges is None:
        raise MalformedDataError(
            translate("{where}: expected spans, such as [0, 4, 'location']; found {found}").format(
                where=where, found=shortened(span)
            )
        )
    start, end = (member(span, name, int, where) for name in edges)
    covers = span.get("text") if covers is None else covers
    covers = None if covers is None else require_text(covers, translate("a span's text"), where)
    return Mark(Span(start, end, _label(span, start, end, where)), covers)


def _label(span: dict, start: int, end: int, where: str) -> str:
    value = next((span[name] for name in LABELS if span.get(name) is not None), [])
    labels = value if isinstance(value, list) else [value]
    if len(labels) != 1:
        raise MalformedDataError(
            translate("{where}: the span from {start} to {end} has the labels {labels}; give it one").format(
                where=where, start=start, end=end, labels=shortened(labels)
            )
        )
    label = require_text(labels[0], translate("a label"), where).strip()
    if not label:
        raise MalformedDataError(
            translate("{where}: the span from {start} to {end} has an empty label; give it one").format(
                where=where, start=start, end=end
            )
        )
    return label
