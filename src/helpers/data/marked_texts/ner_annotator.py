"""Read NER Annotator's exports."""

from collections.abc import Iterator
from pathlib import Path

from helpers.data.json_files.json_records import as_object, read_records
from helpers.data.json_files.json_values import member, require_kind
from helpers.data.marked_texts.labelled_text import LabelledText, read_each
from helpers.data.marked_texts.spans_json import read_text
from helpers.data.reading import Reading
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate


def is_export(record: dict) -> bool:
    """Return whether an object lists classes, and annotations beside them."""
    return "classes" in record and isinstance(record.get("annotations"), list)


def read_texts(path: Path, reading: Reading) -> Iterator[LabelledText]:
    """Read the texts of a file of an object for which `is_export` is true.

    ``annotations`` has a pair of a text and ``{"entities": [[0, 4, "location"]]}`` for each text that was labelled, and
    null for others.
    """
    return read_each(_pairs(path, reading), _text_of, reading)


def _pairs(path: Path, reading: Reading) -> Iterator[tuple[str, dict]]:
    for where, record in read_records(path, reading):
        try:
            pairs = member(record, "annotations", list, where)
        except MalformedDataError as error:
            reading.add(error)
            continue
        for number, pair in enumerate(pairs, 1):
            yield translate("{where}, annotation {number}").format(where=where, number=number), {"pair": pair}


def _text_of(record: dict, where: str) -> LabelledText:
    if record["pair"] is None:
        return LabelledText(where, "", [])
    return read_text(require_kind(as_object(record["pair"]), translate("an annotation"), dict, where), where)
