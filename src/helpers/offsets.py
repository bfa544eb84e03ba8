"""In which unit a labelling tool has counted: in characters, or in UTF-16 units, as JavaScript does."""

from collections.abc import Iterable
from typing import NamedTuple

from helpers.exceptions import MalformedDataError
from helpers.json_records import shortened
from helpers.span_tags import Span, described

UTF16 = "utf-16-le"
LAST_OF_ONE_UNIT = "\uffff"  # characters beyond it, such as most emoji, are two units in UTF-16


class Mark(NamedTuple):
    """A span as a tool has marked it, in the tool's unit, and what it covers, where the tool says so."""

    span: Span
    covers: str | None


def is_ambiguous(text: str, marks: Iterable[Mark]) -> bool:
    """Tell whether the unit matters for a span that does not say what it covers."""
    return max(text, default="") > LAST_OF_ONE_UNIT and any(mark.covers is None for mark in marks)


def counted_in_utf16(texts: Iterable[tuple[str, list[Mark]]]) -> bool:
    """Find out in which unit the spans of a file are counted that do not say what they cover.

    Parameters
    ----------
    texts : iterable of (str, list of Mark)
        The texts of the file, with their spans.

    Returns
    -------
    bool
        False if more spans make sense when characters are counted: they stay inside of the text, and begin and end
        neither with white space nor inside of a word. Else True, which is what doccano writes if it is not told to
        count otherwise (its issue 2290).
    """
    misfits = {True: 0, False: 0}
    for text, marks in texts:
        if is_ambiguous(text, marks):
            for mark in marks:
                misfits[False] += not _makes_sense(mark.span, text)
                misfits[True] += not _makes_sense(_from_utf16(mark.span, text), text)
    return misfits[True] <= misfits[False]


def in_characters(mark: Mark, text: str, utf16: bool, where: str) -> Span:
    """Count a span in characters.

    Parameters
    ----------
    mark : Mark
    text : str
    utf16 : bool
        In which unit it is counted, if it does not say what it covers. If it does, that decides: Label Studio once
        counted in UTF-16 units, and now does in characters.
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
    converted = _from_utf16(mark.span, text)
    if mark.covers is None:
        span = converted if utf16 else mark.span
        if span is None:
            raise MalformedDataError(
                f"{where}: {described(mark.span, text)} is not inside of the text, or begins or ends in the middle of a"
                " character, if UTF-16 units are counted"
            )
        return span
    for span in (mark.span, converted):
        if span and _squeezed(text[max(span.start, 0) : max(span.end, 0)]) == _squeezed(mark.covers):
            return span
    raise MalformedDataError(
        f"{where}: {described(mark.span, text)} should be {shortened(mark.covers)}, as its record says. Was the text"
        " changed after it was labelled? Mark the span anew"
    )


def _from_utf16(span: Span, text: str) -> Span | None:
    """Turn offsets in UTF-16 units into characters; None if they are outside of the text or inside of a character."""
    units = text.encode(UTF16)
    if not 0 <= span.start <= span.end <= len(units) // 2:
        return None
    try:
        start, end = (len(units[: 2 * offset].decode(UTF16)) for offset in (span.start, span.end))
    except UnicodeDecodeError:
        return None
    return span._replace(start=start, end=end)


def _makes_sense(span: Span | None, text: str) -> bool:
    if span is None or not 0 <= span.start < span.end <= len(text):
        return False
    covered = text[span.start : span.end]
    return covered == covered.strip() and not any(
        text[edge - 1 : edge].isalnum() and text[edge : edge + 1].isalnum() for edge in (span.start, span.end) if edge
    )


def _squeezed(text: str) -> str:
    """Leave white space out, which browsers change; Label Studio has also written a line break as a backslash and n."""
    return "".join(text.replace("\\n", " ").split())
