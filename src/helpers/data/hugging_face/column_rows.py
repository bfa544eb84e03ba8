"""Read the rows of a data set of columns."""

from collections.abc import Iterator
from typing import Any

from datasets import ClassLabel, Dataset

from helpers.data.hugging_face.class_names import name_of
from helpers.data.hugging_face.columns import Columns, class_names
from helpers.data.labelled_texts import Annotation, LabelledText, read_mark
from helpers.data.reading import Reading
from helpers.data.tagged_rows import TaggedRow, require_pairs
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate


def read_tagged(rows: Dataset, columns: Columns, where: str, reading: Reading) -> Iterator[TaggedRow]:
    """Read words and tags, with class ids as the names of their labels.

    Parameters
    ----------
    rows : Dataset
    columns : Columns
        Of words and tags.
    where : str
        What errors call the split.
    reading : Reading
        Gets the rows that are wrong: without words or tags, or with another number of these, or with ids without names.
    """
    names = class_names(rows.features[columns.labels])
    for place, tokens, tags in _rows(rows, columns, where):
        try:
            if tokens is None or tags is None or None in tokens or None in tags:
                raise MalformedDataError(translate("{where}: no tokens or no tags").format(where=place))
            tags = tags if names is None else [name_of(tag, names, place) for tag in tags]
            yield require_pairs(place, tokens, tags)
        except MalformedDataError as error:
            reading.add(error)


def read_texts(rows: Dataset, columns: Columns, where: str, reading: Reading) -> Iterator[LabelledText]:
    """Read texts and their spans, of the forms that `helpers.data.labelled_texts.read_mark` understands.

    Parameters
    ----------
    rows : Dataset
    columns : Columns
        Of texts and spans.
    where : str
        What errors call the split.
    reading : Reading
        Gets the rows that are wrong.
    """
    feature = rows.features[columns.labels]
    names = {
        member: kind.names for member, kind in getattr(feature, "feature", {}).items() if isinstance(kind, ClassLabel)
    }
    for place, text, spans in _rows(rows, columns, where):
        try:
            if text is None:
                raise MalformedDataError(translate("{where}: no text").format(where=place))
            spans = _objects(spans) if isinstance(spans, dict) else spans or []
            marks = [read_mark(_named(span, names, place), place) for span in spans]
            yield LabelledText(place, text, [Annotation(marks)])
        except MalformedDataError as error:
            reading.add(error)


def _rows(rows: Dataset, columns: Columns, where: str) -> Iterator[tuple[str, Any, Any]]:
    for number, row in enumerate(rows.select_columns([columns.content, columns.labels])):
        yield translate("{where}, row {row}").format(where=where, row=number), row[columns.content], row[columns.labels]


def _objects(spans: dict[str, list]) -> list[dict]:
    """Turn an object of lists into a list of objects."""
    return [dict(zip(spans, values, strict=True)) for values in zip(*spans.values(), strict=True)]


def _named(span: dict, names: dict[str, list[str]], where: str) -> dict:
    return span | {member: name_of(span[member], names[member], where) for member in names if span[member] is not None}
