"""Find out how span offsets are counted."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from helpers.data.json_files.json_values import shortened
from helpers.data.marked_texts.units import UNITS, Unit, differs, to_characters
from helpers.data.span_tags import described, is_inside_word
from helpers.data.tagging import Span
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate


class Mark(NamedTuple):
    """A span as a tool has marked it, in the tool's unit, and what it covers, where the tool says so."""

    span: Span
    covers: str | None


def is_ambiguous(text: str, marks: Sequence[Mark]) -> bool:
    """Return whether it matters in which unit the spans of a text are counted."""
    return depends_on(text, marks, "utf16") or depends_on(text, marks, "crlf_is_one")


def depends_on(text: str, marks: Sequence[Mark], name: str) -> bool:
    """Return whether spans of a text differ by a field of `Unit`."""
    characters = Unit(False, False)
    other = characters._replace(**{name: True})
    return differs(other, text) and any(to_characters(mark.span, text, other) != mark.span for mark in marks)


def find_unit(texts: Iterable[tuple[str, Sequence[Mark]]]) -> Unit:
    """Find out in which unit the spans of a file are counted: the one in which they fit best.

    Parameters
    ----------
    texts : iterable of (str, sequence of Mark)
        The texts of the file, with their spans. A span fits that covers what it says; or, if it says nothing, that is
        inside of the text and begins and ends neither with white space nor inside of a word. In languages in which many
        spans do end inside of words, they do so in every unit, so that only the difference counts.
    """
    misfits = dict.fromkeys(UNITS, 0)
    for text, marks in texts:
        if is_ambiguous(text, marks):
            for unit in UNITS:
                misfits[unit] += sum(_misfits(to_characters(mark.span, text, unit), mark, text) for mark in marks)
    return min(UNITS, key=misfits.get)


def in_characters(mark: Mark, text: str, unit: Unit, where: str) -> Span:
    """Convert a span to characters.

    Parameters
    ----------
    mark : Mark
    text : str
    unit : Unit
        Of the spans of the file. A span that covers what it says only in another unit, as it comes from another release
        of the tool, is counted in that.
    where : str
        What errors call the text.

    Raises
    ------
    MalformedDataError
        If it covers something else than it says, or begins or ends in the middle of a character.
    """
    if mark.covers is None:
        span = to_characters(mark.span, text, unit)
        if span is None:
            raise MalformedDataError(
                translate(
                    "{where}: {span} is not inside of the text, or begins or ends in the middle of a character, if"
                    " it is counted as the file's other spans are"
                ).format(where=where, span=described(mark.span, text))
            )
        return span
    for other in (unit, *UNITS):
        span = to_characters(mark.span, text, other)
        if not _misfits(span, mark, text):
            return span
    raise MalformedDataError(
        translate(
            "{where}: {span} should be {text}, as its record says. Was the text changed after it was labelled? Mark the"
            " span anew"
        ).format(where=where, span=described(mark.span, text), text=shortened(mark.covers))
    )


def _misfits(span: Span | None, mark: Mark, text: str) -> int:
    """Count the edges of a span that cannot be right, from 0 to 2."""
    if span is None or not 0 <= span.start < span.end <= len(text):
        return 2
    if mark.covers is not None:
        return 0 if _squeezed(text[span.start : span.end]) == _squeezed(mark.covers) else 2
    begins = text[span.start].isspace() or is_inside_word(span.start, text)
    ends = text[span.end - 1].isspace() or is_inside_word(span.end, text)
    return begins + ends


def _squeezed(text: str) -> str:
    """Leave white space out, which browsers change; Label Studio has also written a line break as a backslash and n."""
    return "".join(text.replace("\\n", " ").split())
