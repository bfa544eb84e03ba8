"""Read records of a text and its spans: doccano's, Prodigy's, spaCy's and others that look like these."""

from collections.abc import Iterator
from pathlib import Path

from helpers.data.json_files.json_records import read_records
from helpers.data.json_files.json_values import member, shortened
from helpers.data.marked_texts.labelled_text import Annotation, LabelledText, read_each, read_mark
from helpers.data.marked_texts.offsets import Mark
from helpers.data.reading import Reading
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

TEXTS = ("text", "data")  # "data" in doccano's releases of 2022
SPANS = ("label", "labels", "entities", "spans", "annotations")
ANSWERS = {"accept": True, "reject": False, "ignore": False}  # of Prodigy: whether the spans are right


def is_text(record: dict) -> bool:
    """Return whether a record has the members of a text with spans."""
    has_text, has_spans = (any(name in record for name in names) for names in (TEXTS, SPANS))
    return has_text and (has_spans or _answer(record) in ANSWERS)


def read_texts(path: Path, reading: Reading) -> Iterator[LabelledText]:
    """Read the texts of a file of `helpers.data.json_files.json_records.read_records`, for which `is_text` is true.

    Spans are of the forms that `labelled_text.read_mark` understands. Texts that Prodigy's ``answer`` does
    not accept count as unlabelled.
    """
    return read_each(read_records(path, reading), read_text, reading)


def read_text(record: dict, where: str) -> LabelledText:
    """Read a labelled text.

    Parameters
    ----------
    record : dict
    where : str
        File and line or record, for errors.

    Raises
    ------
    MalformedDataError
        If the text is no text, a span has another form, or there are two lists of spans that differ.
    """
    text = member(record, next((name for name in TEXTS if name in record), TEXTS[0]), str, where)
    accepted = ANSWERS.get(_answer(record), True)
    return LabelledText(where, text, [Annotation(_marks(record, where))] if accepted else [])


def _answer(record: dict) -> str | None:
    answer = record.get("answer")
    return answer if isinstance(answer, str) else None


def _marks(record: dict, where: str) -> list[Mark]:
    """Read the spans; of several lists, classes of the whole text and the empty ones are passed over."""
    lists = {name: record[name] for name in SPANS if isinstance(record.get(name), list)}
    if not lists and _answer(record) in ANSWERS:  # Prodigy leaves the list out where nothing was marked
        return []
    if not lists:
        member(record, next((name for name in SPANS if name in record), "entities"), list, where)
    filled = {name: spans for name, spans in lists.items() if spans}
    filled = {name: spans for name, spans in filled.items() if not isinstance(spans[0], str)} or filled
    marks = {name: [read_mark(span, where) for span in spans] for name, spans in filled.items()}
    if len({frozenset(found) for found in marks.values()}) > 1:
        raise MalformedDataError(
            translate("{where}: the spans in {names} differ; keep one of these members").format(
                where=where, names=shortened(list(marks))
            )
        )
    return next(iter(marks.values()), [])
