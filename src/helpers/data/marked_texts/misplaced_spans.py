"""Notice spans that are counted in a unit of which nothing is known."""

import unicodedata
from collections.abc import Iterable

from helpers.data.marked_texts.offsets import Mark
from helpers.data.span_tags import described
from helpers.data.tagging import Span
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

FEWEST = 20  # spans from which a share says something
# Scripts whose words are whole: in others a particle or the next word follows without a space.
SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN")


class MisplacedSpans:
    """The spans of a file that begin or end inside of words as they do if their offsets are counted in another way.

    A span may well end inside of a word: before a suffix, or between a number and its unit. Spans that are moved begin
    inside of words, too, or with the space before a word; and if the last character was counted as the end, exactly one
    letter of the word is left.
    """

    def __init__(self):
        self._count = self._misplaced = 0
        self._first = ""

    def add(self, marks: Iterable[tuple[Mark, Span]], text: str, where: str) -> None:
        """Count a text's spans: as they were marked, and in characters. Those that say what they cover are certain."""
        for mark, span in marks:
            if mark.covers is not None:
                continue
            self._count += 1
            if _is_misplaced(span, text):
                self._misplaced += 1
                self._first = self._first or f"{where}: {described(span, text)}"

    def problem(self) -> MalformedDataError | None:
        """Return an error if more than half of them are misplaced, and there are enough to say so."""
        if self._count < FEWEST or 2 * self._misplaced <= self._count:
            return None
        return MalformedDataError(
            translate(
                "{first} begins or ends inside of a word, and so do {share:.0%} of the file's {count} spans. Their"
                " offsets are probably counted in another way than here: in characters, from 0 on, with line ends as"
                " they are in the text, and the end behind the last character. Look at how the tool that wrote the file"
                " counts, and whether line ends were changed since; then export the file again"
            ).format(first=self._first, share=self._misplaced / self._count, count=self._count)
        )


def _is_misplaced(span: Span, text: str) -> bool:
    if _is_inside_letters(span.start, text):
        return True
    moved = text[span.start : span.start + 1].isspace() or not _is_inside_letters(span.end + 1, text)
    return _is_inside_letters(span.end, text) and moved


def _is_inside_letters(edge: int, text: str) -> bool:
    return 0 < edge < len(text) and all(
        char.isalpha() and unicodedata.name(char, "").startswith(SCRIPTS) for char in text[edge - 1 : edge + 1]
    )
