"""Turn rows of words and tags into sentences."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from helpers.data.characters import SPACE, are_pieces, join_pieces
from helpers.data.reading import Reading
from helpers.data.tag_forms import TagForm
from helpers.data.tagging import Sentence, as_sentence
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate


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


def require_pairs(where: str, tokens: Sequence[str], tags: Sequence[str]) -> TaggedRow:
    """Check that there are as many tags as words, and that no word is empty; raises `MalformedDataError`."""
    if len(tokens) != len(tags):
        message = translate("{where}: {tokens} tokens but {tags} tags")
        raise MalformedDataError(message, where=where, tokens=len(tokens), tags=len(tags))
    if not all(tokens):
        raise MalformedDataError(translate("{where}: a word is empty"), where=where)
    return TaggedRow(where, tokens, tags)
