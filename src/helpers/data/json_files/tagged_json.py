"""Read JSON records of words and tags."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from helpers.data.json_files.json_records import read_records
from helpers.data.json_files.json_values import member, require_text, shortened
from helpers.data.reading import Reading
from helpers.data.tagged_rows import TaggedRow, require_pairs, sentences_of_rows
from helpers.data.tagging import Sentence
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

WORDS = ("tokens", "words")
TAGS = ("tags", "ner_tags", "labels", "ner")


def is_tagged(record: dict) -> bool:
    """Return whether a record has words and, as far as can be seen, their tags."""
    words = record.get(words_name(record))
    return isinstance(words, list) and any(_are_tags(record.get(name), words) for name in TAGS)


def has_words(record: dict) -> bool:
    """Return whether a record has words, perhaps without tags."""
    return any(name in record for name in WORDS)


def read_tagged(path: Path, reading: Reading) -> Iterator[list[Sentence]]:
    """Read records of words and tags: ``{"tokens": ["In", "Oslo"], "tags": ["O", "B-location"]}``.

    Parameters
    ----------
    path : Path
        As for `json_records.read_records`. The tags are texts, in a list of one of the names `TAGS`; their
        form is found out from all of them.
    reading : Reading
        Gets the places that are wrong. Its choices say which list has the tags, where two differ.

    Yields
    ------
    list of Sentence
        As `helpers.data.tagged_rows.sentences_of_rows` makes them; records without words are skipped, as blank lines
        are.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    """
    return sentences_of_rows(partial(_rows, path), reading)


def _rows(path: Path, reading: Reading) -> Iterator[TaggedRow]:
    for where, record in read_records(path, reading):
        try:
            words = member(record, words_name(record), list, where)
            for word in words:
                if not require_text(word, translate("a word"), where):
                    raise MalformedDataError(
                        translate("{where}: a word is empty: {words}").format(where=where, words=shortened(words))
                    )
            yield require_pairs(where, words, [_require_tag(tag, where) for tag in _tags(record, where, reading)])
        except MalformedDataError as error:
            reading.add(error)


def words_name(record: dict) -> str:
    """Return the name under which a record has its words, or should have them."""
    return next((name for name in WORDS if name in record), WORDS[0])


def _are_tags(value: Any, words: list) -> bool:
    """Distinguish tags from spans, which may have the same name."""
    return isinstance(value, list) and (isinstance(value[0], str | int) if value else not words)


def _tags(record: dict, where: str, reading: Reading) -> list:
    lists = {name: record[name] for name in TAGS if isinstance(record.get(name), list)}
    differ = len({repr(tags) for tags in lists.values()}) > 1
    chosen = reading.choices.tag_column
    if chosen is not None:
        names = list(record)
        name = str(names[chosen] if isinstance(chosen, int) and 0 <= chosen < len(names) else chosen)
        if differ:
            reading.remark(translate("Of several lists of tags, {name} is read.").format(name=repr(name)))
        return member(record, name, list, where)
    if differ:
        raise MalformedDataError(
            translate("{where}: the tags in {names} differ; name the right one as tag_column").format(
                where=where, names=shortened(list(lists))
            )
        )
    return next(iter(lists.values())) if lists else member(record, TAGS[0], list, where)


def _require_tag(tag: Any, where: str) -> str:
    if isinstance(tag, int):
        raise MalformedDataError(
            translate(
                "{where}: the tag {tag} is a number, and nothing here says what it stands for; write the tags as texts,"
                " such as 'B-person'"
            ).format(where=where, tag=tag)
        )
    return require_text(tag, translate("a tag"), where)
