"""Read the National Institute of Korean Language's corpora of named entities."""

from collections.abc import Iterator
from pathlib import Path

from helpers.data.json_files.json_records import read_records
from helpers.data.json_files.json_values import member, require_kind
from helpers.data.marked_texts.labelled_text import Annotation, LabelledText, read_each, read_mark
from helpers.data.reading import Reading
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate


def is_corpus(record: dict) -> bool:
    """Return whether an object lists documents, as the institute's corpora do."""
    return isinstance(record.get("document"), list)


def read_texts(path: Path, reading: Reading) -> Iterator[LabelledText]:
    """Read the sentences of a file of objects for which `is_corpus` is true; those of a document stay together.

    A sentence has its text as ``form``, and the list ``NE`` of objects with ``begin``, ``end``, ``label`` and ``form``;
    without the list it counts as unlabelled. Labels stay as they are written, with their finer types.
    """
    return read_each(_sentences(path, reading), _text_of, reading)


def _sentences(path: Path, reading: Reading) -> Iterator[tuple[str, dict]]:
    for where, record in read_records(path, reading):
        for number, document in enumerate(_objects(record, "document", where, reading), 1):
            place = translate("{where}, document {number}").format(where=where, number=number)
            for sentence in _objects(document, "sentence", place, reading):
                yield place, sentence | {"document": place}


def _objects(holder: dict, name: str, where: str, reading: Reading) -> Iterator[dict]:
    try:
        for value in member(holder, name, list, where):
            yield require_kind(value, repr(name), dict, where)
    except MalformedDataError as error:
        reading.add(error)


def _text_of(sentence: dict, where: str) -> LabelledText:
    text, document = member(sentence, "form", str, where), sentence["document"]
    if sentence.get("NE") is None:
        return LabelledText(where, text, [], document)
    marks = [
        read_mark(entity, where, require_kind(entity, "'NE'", dict, where).get("form"))
        for entity in member(sentence, "NE", list, where)
    ]
    return LabelledText(where, text, [Annotation(marks)], document)
