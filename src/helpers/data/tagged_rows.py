"""Turn rows of words and tags into sentences."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from helpers.data.reading import Reading
from helpers.data.span_tags import tag_text
from helpers.data.tagging import Sentence, Span, TagForm, as_sentence
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

SPACE = " "
NEARLY_ALL = 0.95


class TaggedRow(NamedTuple):
    """The words of a sentence, as many tags of any form, and what errors call the place where they are."""

    where: str
    tokens: Sequence[str]
    tags: Sequence[str]


# Reads the data from their beginning, and adds wrong places to the reading.
Rows = Callable[[Reading], Iterable[TaggedRow]]


class RowForm(NamedTuple):
    """Which form the tags of a data set have, and whether its words are pieces of texts, with spaces among them."""

    tags: TagForm
    has_pieces: bool


def find_form(rows: Rows, reading: Reading) -> RowForm:
    """Find out which form all rows have, and say what is unusual; reads them twice if words are spaces."""
    tags, has_spaces = set(), False
    for row in rows(Reading(reading.choices)):
        tags.update(row.tags)
        has_spaces = has_spaces or SPACE in row.tokens
    form = TagForm.likely(tags)
    reading.remark(*form.remarks())
    words = (word for row in rows(Reading(reading.choices)) for word in row.tokens)
    return RowForm(form, has_spaces and are_pieces(words))


def sentences_of_rows(rows: Rows, reading: Reading, form: RowForm | None = None) -> Iterator[list[Sentence]]:
    """Turn rows into sentences with IOB2 tags: one each, or those of a text where the words are pieces of it.

    Rows without words are skipped. The form is that of all rows of the data set; without it, these rows are all.
    """
    form = form or find_form(rows, reading)
    if form.has_pieces:
        reading.remark(translate("The words are pieces of texts, with their spaces: they were joined to these texts."))
    for where, tokens, tags in rows(reading):
        with reading.collect(where):
            sentence = as_sentence(tokens, tags, form.tags)
            joined = join_pieces(tokens, sentence.tags, where) if form.has_pieces else [sentence]
            if tokens and joined:
                yield [joined[0]._replace(rewritten=sentence.rewritten), *joined[1:]]


def require_pairs(where: str, tokens: Sequence[str], tags: Sequence[str], may_be_empty: bool = False) -> TaggedRow:
    """Check that there are as many tags as words, and whether words are empty; raises `MalformedDataError`."""
    if len(tokens) != len(tags):
        message = translate("{where}: {tokens} tokens but {tags} tags")
        raise MalformedDataError(message, where=where, tokens=len(tokens), tags=len(tags))
    if not may_be_empty and not all(tokens):
        raise MalformedDataError(translate("{where}: a word is empty"), where=where)
    return TaggedRow(where, tokens, tags)


def are_pieces(words: Iterable[str]) -> bool:
    """Return whether words are the characters of texts with spaces; without spaces, as in Chinese, they are words."""
    count = Counter(SPACE if word == SPACE else len(word) == 1 for word in words)
    others = count[True] + count[False]
    return count[SPACE] > 0 and count[True] >= NEARLY_ALL * others > 0


def join_pieces(pieces: Sequence[str], tags: Sequence[str], where: str = "") -> list[Sentence]:
    """Join pieces of a text, with IOB2 tags, and make spans of their entities; raises as `tag_text` does."""
    spans, end = [], 0
    for piece, tag in zip(pieces, tags, strict=True):
        start, end = end, end + len(piece)
        if tag.startswith("B-"):
            spans.append(Span(start, end, tag[2:]))
        elif tag != "O":
            spans[-1] = spans[-1]._replace(end=end)
    return tag_text("".join(pieces), spans, where)
