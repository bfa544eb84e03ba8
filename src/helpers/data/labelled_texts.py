"""Turn texts with marked spans, of any tool, into sentences."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from helpers.data.json_records import collect_errors, malformed, member, require_kind, shortened
from helpers.data.reading import Reading
from helpers.data.span_tags import described, is_inside_word, tag_text, trimmed
from helpers.data.span_units import UNITS, Mark, Unit, depends_on, find_unit, in_characters, is_misplaced
from helpers.data.tagging import Sentence, Span
from helpers.notebook.language import translate

EDGES = (("start", "end"), ("start_offset", "end_offset"), ("begin", "end"), ("startOffset", "endOffset"))
LABELS = ("label", "type", "tag", "entity", "class", "labels")
FEWEST = 20  # spans from which a share says something


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

    @property
    def marks(self) -> list[Mark]:
        """The spans of the annotation that is marked as ground truth, else of the one that was changed last."""
        chosen = max(reversed(self.annotations), key=lambda one: (one.is_ground_truth, one.changed), default=None)
        return chosen.marks if chosen else []


# Reads the texts of a file from its beginning, and adds wrong places to the reading.
Texts = Callable[[Reading], Iterable[LabelledText]]


def read_mark(span: Any, where: str) -> Mark:
    """Read a span: a list of start, end and label; or an object that has these under one of their usual names.

    The object may say what the span covers, too. Raises `MalformedDataError` if an offset is missing or no whole
    number, it has no label or several, or the label or what is covered is no text.
    """
    if isinstance(span, list) and len(span) == 3:
        span = dict(zip(("start", "end", "label"), span, strict=True))
    edges = next((edges for edges in EDGES if isinstance(span, dict) and edges[0] in span), None)
    if edges is None:
        message = translate("{where}: expected spans, such as [0, 4, 'location']; found {found}")
        raise malformed(message, where=where, found=shortened(span))
    start, end = (member(span, name, int, where) for name in edges)
    covers = span.get("text", span.get("form"))
    if covers is not None:
        require_kind(covers, translate("a span's text"), str, where)
    label = next((span[name] for name in LABELS if span.get(name) is not None), [])
    labels = label if isinstance(label, list) else [label]
    labels = [require_kind(label, translate("a label"), str, where).strip() for label in labels]
    if len(labels) != 1 or not labels[0]:
        message = translate("{where}: the span from {start} to {end} has the labels {labels}; give it one")
        raise malformed(message, where=where, start=start, end=end, labels=shortened(labels))
    return Mark(Span(start, end, labels[0]), covers)


def sentences_of(texts: Texts, reading: Reading) -> Iterator[list[Sentence]]:
    """Turn the texts of a file that somebody has labelled into sentences, document by document.

    The texts are read again where the unit of the spans has to be found out. The reading gets counts of what happens on
    the way, and the places that are wrong.
    """
    for _, parts in groupby(_tag_texts(texts, reading), key=lambda part: part[0].document or part[0].where):
        if sentences := [sentence for _, part in parts for sentence in part]:
            yield sentences


def _tag_texts(texts: Texts, reading: Reading) -> Iterator[tuple[LabelledText, list[Sentence]]]:
    unit, count, misplaced, first = None, 0, 0, ""
    for labelled in texts(reading):
        where, text, marks = labelled.where, labelled.text, labelled.marks
        if not labelled.annotations:
            reading.notes["unlabelled"] += 1
            continue
        if any(depends_on(text, marks, other) for other in UNITS):
            unit = unit or find_unit((other.text, other.marks) for other in texts(Reading()))
            _say_unit(unit, text, marks, reading)
        spans: list[Span] = []
        for mark in marks:
            with collect_errors(reading):
                spans.append(in_characters(mark, text, unit or UNITS[0], where))
        if len(spans) < len(marks):
            continue
        with collect_errors(reading):
            sentences = tag_text(text, spans, where, reading.choices.overlaps)
            _count(labelled, spans, sentences, reading)
            uncertain = [span for mark, span in zip(marks, spans, strict=True) if mark.covers is None]
            wrong = [span for span in uncertain if is_misplaced(span, text)]
            count, misplaced = count + len(uncertain), misplaced + len(wrong)
            if wrong and not first:
                first = f"{where}: {described(wrong[0], text)}"
            yield labelled, sentences
    if count >= FEWEST and 2 * misplaced > count:
        message = translate(
            "{first} begins or ends inside of a word, and so do {share:.0%} of the file's {count} spans. Their"
            " offsets are probably counted in another way than here: in characters, from 0 on, with line ends as"
            " they are in the text, and the end behind the last character. Look at how the tool that wrote the file"
            " counts, and whether line ends were changed since; then export the file again"
        )
        reading.add(malformed(message, first=first, share=misplaced / count, count=count))


def _say_unit(unit: Unit, text: str, marks: Sequence[Mark], reading: Reading) -> None:
    if depends_on(text, marks, Unit(True, False)):
        reading.notes["utf16" if unit.utf16 else "characters"] += 1
    if depends_on(text, marks, Unit(False, True)):
        once = translate("In the spans, a line end of two characters (CR and LF) counts once.")
        twice = translate("In the spans, a line end of two characters (CR and LF) counts twice.")
        reading.remark(once if unit.crlf_is_one else twice)


def _count(labelled: LabelledText, spans: list[Span], sentences: list[Sentence], reading: Reading) -> None:
    kept = [(span, sentence.text) for sentence in sentences for span in sentence.spans]
    inside = (is_inside_word(span.start, text) or is_inside_word(span.end, text) for span, text in kept)
    reading.notes["texts"] += 1
    reading.notes["spans"] += len(kept)
    reading.notes["dropped"] += len({trimmed(span, labelled.text) for span in spans}) - len(kept)
    reading.notes["without_span"] += not spans
    reading.notes["inside_words"] += sum(inside)
    reading.notes["disagreeing"] += len({frozenset(other.marks) for other in labelled.annotations}) > 1
