"""Turn texts with marked spans, of any tool, into sentences; find out how the offsets of the spans are counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from helpers.data.json_records import member, require_kind
from helpers.data.reading import Reading
from helpers.data.span_tags import described, is_inside_word, tag_text, trimmed
from helpers.data.tagging import Sentence, Span
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate
from helpers.notebook.secrets import shortened

# The usual names, the likeliest first, of texts ("data" in doccano's releases of 2022) and of the spans in them.
TEXTS = ("text", "data", "sentence", "content")
SPANS = ("label", "labels", "entities", "spans", "annotations", "ner")
EDGES = (("start", "end"), ("start_offset", "end_offset"), ("begin", "end"), ("startOffset", "endOffset"))
LABELS = ("label", "type", "tag", "entity", "class", "labels")
FEWEST = 20  # spans from which a share says something
LAST_OF_ONE_UNIT = "\uffff"  # characters beyond it, such as most emoji, are two units in UTF-16
# Of Latin, Greek, Cyrillic and Armenian; in other scripts a particle or the next word follows without a space.
LAST_OF_WHOLE_WORDS = "\u058f"


class Unit(NamedTuple):
    """What offsets count: UTF-16 units, as JavaScript does, or characters; a line end of CR and LF as two or as one."""

    utf16: bool
    crlf_is_one: bool


# Where all fit alike, the first: doccano counts in UTF-16 if it is not told otherwise (its issue 2290), and so did
# Label Studio before it changed to characters (its issue 1347). That CRLF counts once is doccano's (issue 2114).
UNITS = (Unit(True, False), Unit(False, False), Unit(True, True), Unit(False, True))


class Mark(NamedTuple):
    """A span as a tool has marked it, in the tool's unit, and what it covers, where the tool says so."""

    span: Span
    covers: str | None


class Annotation(NamedTuple):
    """What one person has marked in a text."""

    marks: list[Mark]
    changed: str = ""  # when; ISO 8601
    is_ground_truth: bool = False


class LabelledText(NamedTuple):
    """A text, of a document of some name, and what people have marked in it: nothing, if nobody has looked at it."""

    where: str
    text: str
    annotations: list[Annotation]
    document: str = ""

    @property
    def marks(self) -> list[Mark]:
        """The spans of the annotation that is marked as ground truth, else of the one that was changed last."""
        chosen = max(reversed(self.annotations), key=lambda one: (one.is_ground_truth, one.changed), default=None)
        return chosen.marks if chosen else []

    def differs(self, *units: Unit) -> bool:
        """Return whether there are spans that are not the same in all of some units."""
        return any(len({_to_characters(mark, self.text, unit) for unit in units}) > 1 for mark in self.marks)


# Reads the texts of a file from its beginning, and adds wrong places to the reading.
Texts = Callable[[Reading], Iterable[LabelledText]]


def read_mark(span: Any, where: str) -> Mark:
    """Read a span: a list of start, end and label; or an object that has these under one of their usual names.

    The object may say what the span covers, too. Raises `MalformedDataError` for other offsets, labels and texts.
    """
    if isinstance(span, list) and len(span) == 3:
        span = dict(zip(("start", "end", "label"), span, strict=True))
    edges = next((edges for edges in EDGES if isinstance(span, dict) and edges[0] in span), None)
    if edges is None:
        message = translate("{where}: expected spans, such as [0, 4, 'location']; found {found}")
        raise MalformedDataError(message, where=where, found=shortened(span))
    start, end = (member(span, name, int, where) for name in edges)
    covers = span.get("text", span.get("form"))
    if covers is not None:
        require_kind(covers, translate("a span's text"), str, where)
    label = next((span[name] for name in LABELS if span.get(name) is not None), [])
    labels = label if isinstance(label, list) else [label]
    labels = [require_kind(label, translate("a label"), str, where).strip() for label in labels]
    if len(labels) != 1 or not labels[0]:
        message = translate("{where}: the span from {start} to {end} has the labels {labels}; give it one")
        raise MalformedDataError(message, where=where, start=start, end=end, labels=shortened(labels))
    return Mark(Span(start, end, labels[0]), covers)


def sentences_of(texts: Texts, reading: Reading) -> Iterator[list[Sentence]]:
    """Turn labelled texts into sentences; texts in a row of one document stay together."""
    for _, parts in groupby(_tag_texts(texts, reading), key=lambda part: part[0].document or part[0].where):
        if sentences := [sentence for _, part in parts for sentence in part]:
            yield sentences


def _tag_texts(texts: Texts, reading: Reading) -> Iterator[tuple[LabelledText, list[Sentence]]]:
    unit, count, misplaced = None, 0, []
    for labelled in texts(reading):
        where, text, marks = labelled.where, labelled.text, labelled.marks
        if not labelled.annotations:
            reading.notes["unlabelled"] += 1
            continue
        if labelled.differs(*UNITS):
            unit = unit or _find_unit(texts(Reading()))
            if labelled.differs(unit, unit._replace(utf16=not unit.utf16)):
                reading.notes["utf16" if unit.utf16 else "characters"] += 1
            if labelled.differs(unit, unit._replace(crlf_is_one=not unit.crlf_is_one)):
                reading.notes["crlf_once" if unit.crlf_is_one else "crlf_twice"] += 1
        spans: list[Span] = []
        for mark in marks:
            with reading.collect():
                spans.append(_in_characters(mark, text, unit or UNITS[0], where))
        if len(spans) < len(marks):
            continue
        with reading.collect():
            sentences = tag_text(text, spans, where, reading.choices.overlaps)
            _count(labelled, spans, sentences, reading)
            uncertain = [span for mark, span in zip(marks, spans, strict=True) if mark.covers is None]
            count += len(uncertain)
            misplaced += [f"{where}: {described(span, text)}" for span in uncertain if _is_misplaced(span, text)]
            yield labelled, sentences
    if count >= FEWEST and 2 * len(misplaced) > count:
        message = translate(
            "{first} begins or ends inside of a word, and so do {share:.0%} of the file's {count} spans. Their"
            " offsets are probably counted in another way than here: in characters, from 0 on, with line ends as"
            " they are in the text, and the end behind the last character. Look at how the tool that wrote the file"
            " counts, and whether line ends were changed since; then export the file again"
        )
        reading.add(MalformedDataError(message, first=misplaced[0], share=len(misplaced) / count, count=count))


def _count(labelled: LabelledText, spans: list[Span], sentences: list[Sentence], reading: Reading) -> None:
    kept = [(span, sentence.text) for sentence in sentences for span in sentence.spans]
    inside = (is_inside_word(span.start, text) or is_inside_word(span.end, text) for span, text in kept)
    reading.notes["texts"] += 1
    reading.notes["spans"] += len(kept)
    reading.notes["dropped"] += len({trimmed(span, labelled.text) for span in spans}) - len(kept)
    reading.notes["without_span"] += not spans
    reading.notes["inside_words"] += sum(inside)
    reading.notes["disagreeing"] += len({frozenset(other.marks) for other in labelled.annotations}) > 1


def _find_unit(texts: Iterable[LabelledText]) -> Unit:
    """Find the unit in which the spans of a file fit best; those that end inside of words in every unit don't count."""
    misfits = Counter()
    for labelled in texts:
        for unit in UNITS:
            misfits[unit] += sum(_count_misfits(mark, labelled.text, unit) for mark in labelled.marks)
    return min(UNITS, key=misfits.__getitem__)


def _in_characters(mark: Mark, text: str, unit: Unit, where: str) -> Span:
    """Convert a span from the unit of its file; or, if that does not fit what it says that it covers, from another."""
    if mark.covers is None:
        span = _to_characters(mark, text, unit)
        message = translate(
            "{where}: {span} is not inside of the text, or begins or ends in the middle of a character, if it is"
            " counted as the file's other spans are"
        )
    else:  # the file's spans may come from several releases of the tool
        fitting = (other for other in (unit, *UNITS) if not _count_misfits(mark, text, other))
        span = next((_to_characters(mark, text, other) for other in fitting), None)
        message = translate(
            "{where}: {span} should be {text}, as its record says. Was the text changed after it was labelled? Mark the"
            " span anew"
        )
    if span is None:
        raise MalformedDataError(message, where=where, span=described(mark.span, text), text=shortened(mark.covers))
    return span


def _to_characters(mark: Mark, text: str, unit: Unit) -> Span | None:
    """Convert offsets to characters; None if they are outside of the text or inside of a character."""
    span, places = mark.span, _characters_at(text, unit)
    is_there = span.start in places and span.end in places
    return span._replace(start=places[span.start], end=places[span.end]) if is_there else None


@lru_cache(maxsize=len(UNITS))
def _characters_at(text: str, unit: Unit) -> dict[int, int] | range:
    """Map the offset of each character, and of the text's end, to its place."""
    has_wide = unit.utf16 and max(text, default="") > LAST_OF_ONE_UNIT
    has_crlf = unit.crlf_is_one and "\r\n" in text
    if not has_wide and not has_crlf:
        return range(len(text) + 1)
    places, offset = {}, 0
    for place, char in enumerate(text):
        places.setdefault(offset, place)
        if not (has_crlf and text.startswith("\r\n", place)):
            offset += 2 if has_wide and char > LAST_OF_ONE_UNIT else 1
    return places | {offset: len(text)}


def _count_misfits(mark: Mark, text: str, unit: Unit) -> int:
    """Count the edges of a span that cannot be right: by what it covers, or as white space or part of a word."""
    span = _to_characters(mark, text, unit)
    if span is None or span.start >= span.end:
        return 2
    covered = text[span.start : span.end]
    if mark.covers is not None:  # browsers change white space, and Label Studio has written a backslash and n
        covered, said = ("".join(part.replace("\\n", " ").split()) for part in (covered, mark.covers))
        return 0 if covered == said else 2
    edges = ((span.start, covered[0]), (span.end, covered[-1]))
    return sum(char.isspace() or is_inside_word(edge, text) for edge, char in edges)


def _is_misplaced(span: Span, text: str) -> bool:
    """Return whether a span looks as if its offsets were counted in none of the units.

    It may well end inside of a word: before a suffix, or between a number and its unit. But if it is moved, it begins
    inside of a word or with the space before it; and if its last character was taken for its end, one letter is left.
    """

    def is_inside_letters(edge: int) -> bool:
        letters = text[max(edge - 1, 0) : edge + 1]
        return len(letters) == 2 and letters.isalpha() and max(letters) <= LAST_OF_WHOLE_WORDS

    begins, ends, goes_on = map(is_inside_letters, (span.start, span.end, span.end + 1))
    return begins or (ends and (text[span.start].isspace() or not goes_on))
