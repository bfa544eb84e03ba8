"""Read JSON files of records, check their values, and read those of words and tags."""

import json
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from huggingface_hub import metadata_load
from yaml import YAMLError

from helpers.data.reading import Reading, read_lines
from helpers.data.tagged_rows import TaggedRow, require_pairs, sentences_of_rows
from helpers.data.tagging import Sentence
from helpers.disk.files import require_file
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate
from helpers.notebook.secrets import shortened

WHITE_SPACE = " \t\r\n"  # as JSON has it
NOT_DECODED = (ValueError, RecursionError)
WORDS = ("tokens", "words")
TAGS = ("tags", "ner_tags", "labels", "ner")
UNREADABLE = (OSError, YAMLError, *NOT_DECODED)


def read_records(path: Path, reading: Reading) -> Iterator[tuple[str, dict]]:
    """Yield the objects of a JSON file, each with its file and line, or file and number in the array.

    Objects in lines of their own are read a line at a time; an array of objects, or one object over several lines, is
    held in memory. What is not JSON or not UTF-8, and records that are no objects, are added to the reading.
    """
    with reading.collect():  # behind such an error nothing can be read
        for where, value in _read_values(path, reading):
            with reading.collect():
                yield where, require_kind(as_dict(value), translate("a record"), dict, where)


def as_dict(value: Any) -> Any:
    """Make one object of a pair of a text and an object, as spaCy was trained with; leave other values."""
    match value:
        case [str(text), dict(members)]:
            return members | {"text": text}
    return value


def _read_values(path: Path, reading: Reading) -> Iterator[tuple[str, Any]]:
    is_first = True
    for where, line in read_lines(path):
        line = line.strip(WHITE_SPACE)
        if not line:
            continue
        if is_first and line[0] == "[":
            for number, item in enumerate(_decode_whole(path), 1):
                yield translate("{path}, record {number}", path=path, number=number), item
            return
        try:
            yield where, json.loads(line)
        except NOT_DECODED as error:
            if is_first and line[0] == "{" and getattr(error, "pos", -1) == len(line):  # it goes on in the next line
                yield str(path), _decode_whole(path)
                return
            reading.add(_not_json(where, getattr(error, "msg", error)))
        is_first = False


def _decode_whole(path: Path) -> Any:
    try:
        return json.loads("\n".join(line for _, line in read_lines(path)))
    except NOT_DECODED as error:
        raise _not_json(str(path), error) from error


def _not_json(where: str, error: object) -> MalformedDataError:
    message = translate("{where}: {problem}; the file should hold one object, or one array, or an object in each line")
    return MalformedDataError(message, where=where, problem=translate("not JSON: {problem}", problem=error))


def member(record: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    """Take a member of a JSON object; raises `MalformedDataError` if it is missing or has another type."""
    if name not in record:
        message = translate("{where}: no {name}, only {names}")
        raise MalformedDataError(message, where=where, name=repr(name), names=shortened(list(record)))
    return require_kind(record[name], repr(name), kind, where)


def require_kind(value: Any, name: str, kind: type, where: str) -> Any:
    """Check a JSON value's type, and that UTF-8 can hold it if it is a text; raises `MalformedDataError`."""
    if not isinstance(value, kind) or isinstance(value, bool):
        kinds = {dict: translate("an object in {}"), list: translate("a list"), str: translate("a text")}
        expected = kinds.get(kind) or translate("a whole number")
        message = translate("{where}: {name} is {value}; expected {kind}")
        raise MalformedDataError(message, where=where, name=name, value=shortened(value), kind=expected)
    if kind is str and value != value.encode(errors="ignore").decode():
        message = translate("{where}: {name} is {value}, with half of a character in it")
        raise MalformedDataError(message, where=where, name=name, value=ascii(shortened(value)))
    return value


def is_tagged(record: dict) -> bool:
    """Return whether a record has words and tags, not only spans, which may have the same name."""
    words = record.get(_words_name(record))
    lists = [record[name] for name in TAGS if isinstance(record.get(name), list)]
    return isinstance(words, list) and any(isinstance(tags[0], str | int) if tags else not words for tags in lists)


def read_tagged(path: Path, reading: Reading) -> Iterator[list[Sentence]]:
    """Read records of words and tags: ``{"tokens": ["In", "Oslo"], "tags": ["O", "B-location"]}``.

    The tags, under one of the names `TAGS` or the one that was chosen, are texts of any form; or class ids, whose
    names are beside the file.
    """
    return sentences_of_rows(partial(_read_rows, path), reading)


def name_of(tag: Any, names: list[str], where: str) -> str:
    """Return the name of a class id; raises `MalformedDataError` if it has none, which says where."""
    if type(tag) is not int or not 0 <= tag < len(names):
        message = translate("{where}: tag id {tag} is not in 0..{last}")
        raise MalformedDataError(message, where=where, tag=shortened(tag), last=len(names) - 1)
    return names[tag]


def _read_rows(path: Path, reading: Reading) -> Iterator[TaggedRow]:
    find_names = cache(partial(_find_class_names, path))
    for where, record in read_records(path, reading):
        with reading.collect():
            words = member(record, _words_name(record), list, where)
            words = [require_kind(word, translate("a word"), str, where) for word in words]
            names = [name for name in TAGS if isinstance(record.get(name), list)] or [TAGS[0]]
            if (chosen := reading.choices.tag_column) is not None:
                names = [dict(enumerate(record)).get(chosen, str(chosen))]
            lists = [_read_tags(record, name, where, find_names(name)) for name in names]
            if any(tags != lists[0] for tags in lists):
                message = translate("{where}: the tags in {names} differ; name the right one as tag_column")
                raise MalformedDataError(message, where=where, names=shortened(names))
            yield require_pairs(where, words, lists[0])


def _words_name(record: dict) -> str:
    return next((name for name in WORDS if name in record), WORDS[0])


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
        raise MalformedDataError(message, where=where, tag=numbers[0])
    return [require_kind(tag, translate("a tag"), str, where) for tag in tags]


def _find_class_names(path: Path, column: str) -> list[str] | None:
    """Find the names of class ids as repositories of the Hub describe them, in a file's folder and in the one above.

    They are in the card ``README.md`` and, of datasets before 2.10, ``dataset_infos.json``. None if they differ.
    """
    described = (features for folder in path.absolute().parents[:2] for features in _descriptions(folder))
    found = [names for features in described if (names := _names(features, column))]
    return found[0] if found and all(names == found[0] for names in found) else None


def _descriptions(folder: Path) -> Iterator[Any]:
    """Yield what is said of the features of each configuration: a list of them, or an object."""
    for path in (folder / "README.md", folder / "dataset_infos.json"):
        try:
            require_file(path)
            is_card = path.suffix == ".md"
            said = _member(metadata_load(path), "dataset_info") if is_card else json.loads(path.read_text("utf-8"))
        except UNREADABLE:
            continue
        if isinstance(said, dict):
            said = [said] if is_card else list(said.values())
        yield from (_member(each, "features") for each in (said if isinstance(said, list) else []))


def _names(features: Any, column: str) -> list[str] | None:
    if isinstance(features, list):
        feature = next((each for each in features if _member(each, "name") == column), None)
        item = _member(feature, "sequence") or _member(feature, "list")
        names = _member(item, "class_label", "names")
    else:
        names = _member(features, column, "feature", "names")
    if isinstance(names, dict) and [str(key) for key in names] == [str(number) for number in range(len(names))]:
        names = list(names.values())
    # Nothing but texts is looked into: a few lines of YAML can make a list that is endless to look through.
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else None


def _member(described: Any, *path: str) -> Any:
    for name in path:
        described = described.get(name) if isinstance(described, dict) else None
    return described
