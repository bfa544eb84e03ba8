"""Convert span offsets of any unit to characters."""

from bisect import bisect_left
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from helpers.data.tagging import Span

LAST_OF_ONE_UNIT = "\uffff"  # characters beyond it, such as most emoji, are two units in UTF-16


class Unit(NamedTuple):
    """What offsets count: UTF-16 units, as JavaScript does, or characters; a line end of CR and LF as two or as one."""

    utf16: bool
    crlf_is_one: bool


# Where all fit alike, the first: doccano counts in UTF-16 if it is not told otherwise (its issue 2290), and so did
# Label Studio before it changed to characters (its issue 1347). That CRLF counts once is doccano's (issue 2114).
UNITS = (Unit(True, False), Unit(False, False), Unit(True, True), Unit(False, True))


def differs(unit: Unit, text: str) -> bool:
    """Return whether offsets in a text, counted in a unit, may be others than those of characters."""
    return _boundaries(text, unit) is not None


def to_characters(span: Span, text: str, unit: Unit) -> Span | None:
    """Convert offsets to characters; None if they are outside of the text or inside of a character."""
    boundaries = _boundaries(text, unit)
    if boundaries is None:
        return span
    if not 0 <= span.start <= span.end <= boundaries[-1]:
        return None
    start, end = (bisect_left(boundaries, offset) for offset in (span.start, span.end))
    if (boundaries[start], boundaries[end]) != (span.start, span.end):
        return None
    return span._replace(start=start, end=end)


@lru_cache(maxsize=len(UNITS))
def _boundaries(text: str, unit: Unit) -> list[int] | None:
    """Count at which offset each character begins, and the last ends; None where these are the characters' own."""
    has_wide = unit.utf16 and max(text, default="") > LAST_OF_ONE_UNIT
    has_crlf = unit.crlf_is_one and "\r\n" in text
    if not has_wide and not has_crlf:
        return None
    widths = (
        0 if has_crlf and (char, following) == ("\r", "\n") else 1 + (has_wide and char > LAST_OF_ONE_UNIT)
        for char, following in pairwise(text + " ")
    )
    return list(accumulate(widths, initial=0))
