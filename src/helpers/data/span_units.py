"""Find out in which unit the offsets of spans are counted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from helpers.data.json_records import malformed, shortened
from helpers.data.span_tags import described, is_inside_word
from helpers.data.tagging import Span
from helpers.notebook.language import translate

LAST_OF_ONE_UNIT = "\uffff"  # characters beyond it, such as most emoji, are two units in UTF-16
# Of Latin, Greek, Cyrillic and Armenian; in other scripts a particle or the next word follows without a space.
LAST_OF_WHOLE_WORDS = "\u058f"


class Mark(NamedTuple):
    """A span as a tool has marked it, in the tool's unit, and what it covers, where the tool says so."""

    span: Span
    covers: str | None


class Unit(NamedTuple):
    """What offsets count: UTF-16 units, as JavaScript does, or characters; a line end of CR and LF as two or as one."""

    utf16: bool
    crlf_is_one: bool


# Where all fit alike, the first: doccano counts in UTF-16 if it is not told otherwise (its issue 2290), and so did
# Label Studio before it changed to characters (its issue 1347). That CRLF counts once is doccano's (issue 2114).
UNITS = (Unit(True, False), Unit(False, False), Unit(True, True), Unit(False, True))


def depends_on(text: str, marks: Sequence[Mark], unit: Unit) -> bool:
    """Return whether spans of a text are others in a unit than in characters."""
    return any(_to_characters(mark, text, unit) != mark.span for mark in marks)


def find_unit(texts: Iterable[tuple[str, Sequence[Mark]]]) -> Unit:
    """Find the unit in which the spans of a file fit best; those that end inside of words in every unit don't count."""
    misfits = Counter()
    for text, marks in texts:
        misfits.update({unit: sum(_count_misfits(mark, text, unit) for mark in marks) for unit in UNITS})
    return min(UNITS, key=misfits.__getitem__)


def in_characters(mark: Mark, text: str, unit: Unit, where: str) -> Span:
    """Convert a span from the unit of its file; or, if that does not fit what it says that it covers, from another.

    Raises
    ------
    MalformedDataError
        If it covers something else in all of them, or begins or ends in the middle of a character.
    """
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
        raise malformed(message, where=where, span=described(mark.span, text), text=shortened(mark.covers))
    return span


def is_misplaced(span: Span, text: str) -> bool:
    """Return whether a span looks as if its offsets were counted in none of the units.

    A span may well end inside of a word: before a suffix, or between a number and its unit. Spans that are moved begin
    inside of words, too, or with the space before a word; and if the last character was counted as the end, exactly one
    letter of the word is left.
    """
    begins, ends, goes_on = (_is_inside_letters(edge, text) for edge in (span.start, span.end, span.end + 1))
    return begins or (ends and (text[span.start].isspace() or not goes_on))


def _is_inside_letters(edge: int, text: str) -> bool:
    letters = text[max(edge - 1, 0) : edge + 1]
    return len(letters) == 2 and letters.isalpha() and max(letters) <= LAST_OF_WHOLE_WORDS


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
    begins = covered[0].isspace() or is_inside_word(span.start, text)
    ends = covered[-1].isspace() or is_inside_word(span.end, text)
    return begins + ends
