"""Read JSON records of words and tags."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from helpers.data.hugging_face.class_names import find_class_names, name_of
from helpers.data.json_records import collect_errors, malformed, member, read_records, require_kind, shortened
from helpers.data.reading import Reading
from helpers.data.tagged_rows import TaggedRow, require_pairs, sentences_of_rows
from helpers.data.tagging import Sentence
from helpers.notebook.language import translate

WORDS = ("tokens", "words")
TAGS = ("tags", "ner_tags", "labels", "ner")


def has_words(record: dict) -> bool:
    """Return whether a record has words, perhaps without tags."""
    return any(name in record for name in WORDS)


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
            tags = [_require_text(tag, where) for tag in _choose_tags(record, where, reading, find_names)]
            yield require_pairs(where, words, tags)


def _words_name(record: dict) -> str:
    return next((name for name in WORDS if name in record), WORDS[0])


def _choose_tags(record: dict, where: str, reading: Reading, find_names: Callable[[str], list[str] | None]) -> list:
    def named_tags(name: str) -> list:
        tags = member(record, name, list, where)
        names = find_names(name) if all(type(tag) is int for tag in tags) else None
        return tags if names is None else [name_of(tag, names, where) for tag in tags]

    lists = {name: named_tags(name) for name in TAGS if isinstance(record.get(name), list)}
    differ = any(tags != next(iter(lists.values())) for tags in lists.values())
    chosen = reading.choices.tag_column
    if chosen is not None:
        names = list(record)
        name = str(names[chosen] if isinstance(chosen, int) and 0 <= chosen < len(names) else chosen)
        if differ:
            reading.remark(translate("Of several lists of tags, {name} is read.").format(name=repr(name)))
        return named_tags(name)
    if differ:
        message = translate("{where}: the tags in {names} differ; name the right one as tag_column")
        raise malformed(message, where=where, names=shortened(list(lists)))
    return named_tags(next(iter(lists), TAGS[0]))


def _require_text(tag: Any, where: str) -> str:
    if isinstance(tag, int):
        message = translate(
            "{where}: the tag {tag} is a number, and nothing here says what it stands for; write the tags as texts,"
            " such as 'B-person'"
        )
        raise malformed(message, where=where, tag=tag)
    return require_kind(tag, translate("a tag"), str, where)
