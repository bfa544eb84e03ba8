"""Convert span offsets from UTF-16 to characters."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from helpers.data.json_records import shortened
from helpers.data.span_tags import described, ends_inside_word
from helpers.data.tagging import Span
from helpers.errors import MalformedDataError

UTF16 = "utf-16-le"
LAST_OF_ONE_UNIT = "\uffff"  # characters beyond it, such as most emoji, are two units in UTF-16


class Mark(NamedTuple):
    """A span as a tool has marked it, in the tool's unit, and what it covers, where the tool says so."""

    span: Span
    covers: str | None


def is_ambiguous(text: str, marks: Sequence[Mark]) -> bool:
    """Return whether it matters in which unit the spans of a text are counted."""
    return bool(marks) and max(text, default="") > LAST_OF_ONE_UNIT


def counted_in_utf16(texts: Iterable[tuple[str, Sequence[Mark]]]) -> bool:
    """Return whether the spans of a file are counted in UTF-16 units, as JavaScript does, and not in characters.

    Parameters
    ----------
    texts : iterable of (str, sequence of Mark)
        The texts of the file, with their spans.

    Returns
    -------
    bool
        False if more spans fit when characters are counted. A span fits that covers what it says; or, if it says
        nothing, that is inside of the text and begins and ends neither with white space nor inside of a word. Else
        True: doccano counts that way if it is not told otherwise (its issue 2290), and so did Label Studio before it
        changed to characters (its issue 1347).
    """
    misfits = {True: 0, False: 0}
    for text, marks in texts:
        if is_ambiguous(text, marks):
            for mark in marks:
                misfits[False] += not _fits(mark.span, mark, text)
                misfits[True] += not _fits(_from_utf16(mark.span, text), mark, text)
    return misfits[True] <= misfits[False]


def in_characters(mark: Mark, text: str, utf16: bool, where: str) -> Span:
    """Convert a span to characters.

    Parameters
    ----------
    mark : Mark
    text : str
    utf16 : bool
        In which unit the spans of the file are counted. A span that covers what it says only in the other unit, as it
        comes from another release of the tool, is counted in that.
    where : str
        What errors call the text.

    Returns
    -------
    Span

    Raises
    ------
    MalformedDataError
        If it covers something else than it says, or begins or ends in the middle of a character.
    """
    readings = [mark.span, _from_utf16(mark.span, text)]
    readings = readings[::-1] if utf16 else readings
    if mark.covers is None:
        if readings[0] is None:
            raise MalformedDataError(
                f"{where}: {described(mark.span, text)} is not inside of the text, or begins or ends in the middle of a"
                " character, if UTF-16 units are counted"
            )
        return readings[0]
    for span in readings:
        if _fits(span, mark, text):
            return span
    raise MalformedDataError(
        f"{where}: {described(mark.span, text)} should be {shortened(mark.covers)}, as its record says. Was the text"
        " changed after it was labelled? Mark the span anew"
    )


def _fits(span: Span | None, mark: Mark, text: str) -> bool:
    if span is None or not 0 <= span.start <= span.end <= len(text):
        return False
    covered = text[span.start : span.end]
    if mark.covers is not None:
        return _squeezed(covered) == _squeezed(mark.covers)
    return covered == covered.strip() != "" and not ends_inside_word(span, text)


def _from_utf16(span: Span, text: str) -> Span | None:
    """Convert offsets in UTF-16 units to characters; None if they are outside of the text or inside of a character."""
    units = text.encode(UTF16)
    if not 0 <= span.start <= span.end <= len(units) // 2:
        return None
    try:
        start, end = (len(units[: 2 * offset].decode(UTF16)) for offset in (span.start, span.end))
    except UnicodeDecodeError:
        return None
    return span._replace(start=start, end=end)


def _squeezed(text: str) -> str:
    """Leave white space out, which browsers change; Label Studio has also written a line break as a backslash and n."""
    return "".join(text.replace("\\n", " ").split())
