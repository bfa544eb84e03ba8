"""Read JSON records of words and tags."""

from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

from helpers.data.hugging_face.class_names import find_class_names, name_of
from helpers.data.json_records import collect_errors, malformed, member, read_records, require_kind, shortened
from helpers.data.reading import Reading
from helpers.data.tagged_rows import TaggedRow, require_pairs, sentences_of_rows
from helpers.data.tagging import Sentence
from helpers.notebook.language import translate

WORDS = ("tokens", "words")
TAGS = ("tags", "ner_tags", "labels", "ner")


def is_tagged(record: dict) -> bool:
    """Return whether a record has words and tags, not only spans, which may have the same name."""
    words = record.get(_words_name(record))
    lists = [record[name] for name in TAGS if isinstance(record.get(name), list)]
    return isinstance(words, list) and any(isinstance(tags[0], str | int) if tags else not words for tags in lists)


def read_tagged(path: Path, reading: Reading) -> Iterator[list[Sentence]]:
    """Read records of words and tags: ``{"tokens": ["In", "Oslo"], "tags": ["O", "B-location"]}``.

    The tags, under one of the names `TAGS` or the one that the reading's choices name, are texts of any form; or class
    ids, whose names are beside the file. Places that are wrong are added to the reading.
    """
    return sentences_of_rows(partial(_read_rows, path), reading)


def _read_rows(path: Path, reading: Reading) -> Iterator[TaggedRow]:
    find_names = cache(partial(find_class_names, path))
    for where, record in read_records(path, reading):
        with collect_errors(reading):
            words = member(record, _words_name(record), list, where)
            words = [require_kind(word, translate("a word"), str, where) for word in words]
            names = _tags_names(record, reading.choices.tag_column)
            lists = [_read_tags(record, name, where, find_names(name)) for name in names]
            if any(tags != lists[0] for tags in lists):
                message = translate("{where}: the tags in {names} differ; name the right one as tag_column")
                raise malformed(message, where=where, names=shortened(names))
            yield require_pairs(where, words, lists[0])


def _words_name(record: dict) -> str:
    return next((name for name in WORDS if name in record), WORDS[0])


def _tags_names(record: dict, chosen: str | int | None) -> list[str]:
    if chosen is None:
        return [name for name in TAGS if isinstance(record.get(name), list)] or [TAGS[0]]
    is_number = isinstance(chosen, int) and 0 <= chosen < len(record)
    return [list(record)[chosen] if is_number else str(chosen)]


def _read_tags(record: dict, name: str, where: str, names: list[str] | None) -> list[str]:
    tags = member(record, name, list, where)
    numbers = [tag for tag in tags if isinstance(tag, int)]
    if names and len(numbers) == len(tags):
        return [name_of(tag, names, where) for tag in tags]
    if numbers:
        message = translate(
            "{where}: the tag {tag} is a number, and nothing here says what it stands for; write the tags as texts,"
            " such as 'B-person'"
        )
        raise malformed(message, where=where, tag=numbers[0])
    return [require_kind(tag, translate("a tag"), str, where) for tag in tags]
