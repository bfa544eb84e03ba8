"""Collect what reading a file has to say."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from helpers.data.tagging import Sentence
from helpers.errors import MalformedDataError, ParameterError, UnknownTagError
from helpers.notebook.language import translate

OVERLAPS = ("refuse", "longest")
LISTED = 10  # wrong places that an error lists


class Choices(NamedTuple):
    """What a caller may choose about how files are read."""

    tag_column: str | int | None = None  # which column has the tags, where there are several: its name, or its number
    overlaps: str = "refuse"  # what becomes of spans that overlap: an error, or the "longest" is kept (or the first)


class Reading:
    """One file while it is read: what to choose, what was changed or left out, and which places are wrong.

    Raises `ParameterError` if a choice is none of those that there are.
    """

    def __init__(self, choices: Choices = Choices()):  # noqa: B008 - it cannot change
        if choices.overlaps not in OVERLAPS:
            message = translate("overlaps={value}: expected one of {values}")
            raise ParameterError(message, value=repr(choices.overlaps), values=", ".join(map(repr, OVERLAPS)))
        self.choices = choices
        self.notes = Counter()
        self.remarks: dict[str, None] = {}  # sentences that are said once, in order
        self._wrong: list[MalformedDataError | UnknownTagError] = []
        self._count = 0

    def add(self, error: MalformedDataError | UnknownTagError) -> None:
        """Remember a wrong place, so that the next ones are found too; `finish` raises it."""
        self._count += 1
        if len(self._wrong) < LISTED:
            self._wrong.append(error)

    @contextmanager
    def collect(self, where: str = "") -> Iterator[None]:
        """Remember what the body of a ``with`` statement finds wrong; errors about tags don't say where themselves."""
        try:
            yield
        except MalformedDataError as error:
            self.add(error)
        except UnknownTagError as error:
            self.add(UnknownTagError(f"{where}: {error}"))

    def remark(self, *sentences: str) -> None:
        """Say something about the file as a whole, each sentence once."""
        self.remarks.update(dict.fromkeys(sentences))

    def finish(self) -> None:
        """Raise what was found wrong, if anything was: up to ten places, and how many more there are."""
        if self._count == 1:
            raise self._wrong[0]
        lines = [str(error) for error in self._wrong]
        if self._count > len(lines):
            lines.append(translate("... and {count} more places").format(count=self._count - len(lines)))
        if lines:
            kinds = {type(error) for error in self._wrong}
            raise (kinds.pop() if len(kinds) == 1 else MalformedDataError)("\n".join(lines))

    def until_end(self, documents: Iterable[list[Sentence]]) -> Iterator[list[Sentence]]:
        """Yield documents, counting the tags that were rewritten; at their end, raise what `finish` does."""
        for document in documents:
            self.notes["rewritten"] += sum(sentence.rewritten for sentence in document)
            yield document
        self.finish()

    def report(self) -> Iterator[str]:
        """Yield a sentence about each thing that was changed, left out or chosen."""
        yield from self.remarks
        for name, sentence in _sentences().items():
            if self.notes[name]:
                yield sentence.format(count=self.notes[name], spans=self.notes["spans"])


def _sentences() -> dict[str, str]:
    return {
        "rewritten": translate("{count} tags rewritten as IOB2."),
        "texts": translate("{count} labelled texts with {spans} spans."),
        "without_span": translate("{count} of the texts have no span: their words are outside of all entities."),
        "inside_words": translate("{count} spans begin or end inside of a word."),
        "dropped": translate("{count} spans are left out: a longer one overlaps with each."),
        "unlabelled": translate("{count} texts are left out: nobody has labelled them, or they were skipped."),
        "disagreeing": translate(
            "{count} texts were labelled by several people, who differ: what is marked as ground truth is taken,"
            " or what was changed last."
        ),
        "utf16": translate("Spans are counted in UTF-16 units, in which an emoji counts twice."),
        "characters": translate("Spans are counted in characters, in which an emoji counts once."),
    }
