"""Turn texts with marked spans into sentences."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from helpers.data.marked_texts.labelled_text import Annotation, LabelledText
from helpers.data.marked_texts.misplaced_spans import MisplacedSpans
from helpers.data.marked_texts.offsets import UNITS, Mark, Unit, depends_on, find_unit, in_characters, is_ambiguous
from helpers.data.reading import Reading
from helpers.data.span_tags import ends_inside_word, tag_text, trimmed
from helpers.data.tagging import Sentence, Span
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

Texts = Callable[[Reading], Iterable[LabelledText]]


def sentences_of(texts: Texts, reading: Reading) -> Iterator[list[Sentence]]:
    """Turn the texts of a file into sentences, document by document.

    Parameters
    ----------
    texts : callable
        Reads the file from its beginning, and adds wrong places to the reading that it is given; it is called again
        where the unit of the spans has to be found out.
    reading : Reading
        Gets counts of what happens on the way, and the places that are wrong.

    Yields
    ------
    list of Sentence
        The sentences of a text that somebody has labelled, as `span_tags.tag_text` finds them; those of texts of one
        document are together.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    """
    for _, parts in groupby(_by_text(texts, reading), key=lambda part: part[0].document or part[0].where):
        if sentences := [sentence for _, part in parts for sentence in part]:
            yield sentences


def _by_text(texts: Texts, reading: Reading) -> Iterator[tuple[LabelledText, list[Sentence]]]:
    unit, misplaced = None, MisplacedSpans()
    for labelled in texts(reading):
        if not labelled.annotations:
            reading.notes["unlabelled"] += 1
            continue
        marks = _chosen(labelled.annotations).marks
        if is_ambiguous(labelled.text, marks):
            unit = unit or find_unit((other.text, _chosen(other.annotations).marks) for other in texts(Reading()))
            _say(unit, labelled.text, marks, reading)
        spans = _converted(marks, unit or UNITS[0], labelled, reading)
        if spans is None:
            continue
        try:
            sentences = tag_text(labelled.text, spans, labelled.where, reading.choices.overlaps)
        except MalformedDataError as error:
            reading.add(error)
            continue
        misplaced.add(zip(marks, spans, strict=True), labelled.text, labelled.where)
        _count(labelled, spans, sentences, reading)
        yield labelled, sentences
    if problem := misplaced.problem():
        reading.add(problem)


def _converted(marks: list[Mark], unit: Unit, labelled: LabelledText, reading: Reading) -> list[Span] | None:
    """Convert the spans of a text; None if that fails for one, which the reading is told."""
    spans = []
    for mark in marks:
        try:
            spans.append(in_characters(mark, labelled.text, unit, labelled.where))
        except MalformedDataError as error:
            reading.add(error)
    return spans if len(spans) == len(marks) else None


def _say(unit: Unit, text: str, marks: list[Mark], reading: Reading) -> None:
    if depends_on(text, marks, "utf16"):
        reading.notes["utf16" if unit.utf16 else "characters"] += 1
    if depends_on(text, marks, "crlf_is_one"):
        reading.remark(
            translate("In the spans, a line end of two characters (CR and LF) counts once.")
            if unit.crlf_is_one
            else translate("In the spans, a line end of two characters (CR and LF) counts twice.")
        )


def _count(labelled: LabelledText, spans: list[Span], sentences: list[Sentence], reading: Reading) -> None:
    kept = [(span, sentence.text) for sentence in sentences for span in sentence.spans]
    reading.notes["texts"] += 1
    reading.notes["spans"] += len(kept)
    reading.notes["dropped"] += len({trimmed(span, labelled.text) for span in spans}) - len(kept)
    reading.notes["without_span"] += not spans
    reading.notes["inside_words"] += sum(ends_inside_word(span, text) for span, text in kept)
    reading.notes["disagreeing"] += len({frozenset(other.marks) for other in labelled.annotations}) > 1


def _chosen(annotations: list[Annotation]) -> Annotation:
    """Choose the one that is marked as ground truth, else the one that was changed last."""
    if not annotations:
        return Annotation([])
    return max(reversed(annotations), key=lambda annotation: (annotation.is_ground_truth, annotation.changed))
