"""Read JSON files of records, and check their values."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from helpers.data.reading import Reading, read_lines, shortened
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

WHITE_SPACE = " \t\r\n"  # as JSON has it
NOT_DECODED = (ValueError, RecursionError)


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
                yield translate("{path}, record {number}").format(path=path, number=number), item
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
    return MalformedDataError(message, where=where, problem=translate("not JSON: {problem}").format(problem=error))


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
