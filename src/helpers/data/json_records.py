"""Read JSON files of records."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from pathlib import Path
from reprlib import Repr
from typing import Any, TextIO

from helpers.data.lines import read_lines
from helpers.data.reading import Reading
from helpers.data.tagging import Sentence, as_sentence, require_tag
from helpers.errors import DatasetUnavailableError, MalformedDataError, UnknownTagError
from helpers.notebook.secrets import redact_tokens

CHUNK = 2**20  # characters of an array that are read at once
KINDS = {dict: "an object", list: "a list", str: "a text", int: "a whole number"}
TAG_COLUMNS = ("tags", "ner_tags")
WHITE_SPACE = " \t\r\n"  # as JSON has it
NO_VALUE = re.compile(f"[{WHITE_SPACE}]*")
DECODER = json.JSONDecoder()


class _Short(Repr):
    """Values as errors quote them: short, and redacted first, as half an access token would not be recognised."""

    def __init__(self):
        super().__init__()
        self.maxlevel, self.maxstring = 2, 60

    def repr_str(self, text: str, level: int) -> str:
        return super().repr_str(redact_tokens(text), level)


shortened = _Short().repr


def read_records(path: Path) -> Iterator[tuple[str, dict]]:
    """Read a JSON file a record at a time, so that a large one takes no more memory than a small one.

    Parameters
    ----------
    path : Path
        A UTF-8 file: JSON lines, an object a line, or one array of objects. Empty lines and a byte order mark are
        skipped.

    Yields
    ------
    (str, dict)
        File and line of a record, or file and number of it in the array, as an error would give them, and the record.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError
        If it is not JSON, or not UTF-8, or a record is no object; with file and line or record.
    """
    for where, record in _from_array(path) if _is_array(path) else _from_lines(path):
        if not isinstance(record, dict):
            raise MalformedDataError(f"{where}: expected {KINDS[dict]} in {{}}, found {shortened(record)}")
        yield where, record


def read_tagged(path: Path, reading: Reading) -> Iterator[Sentence]:
    """Read JSON records of words and tags: ``{"tokens": ["In", "Oslo"], "tags": ["O", "B-location"]}``.

    Parameters
    ----------
    path : Path
        As for `read_records`. The tags are texts, in a list of the name ``tags`` or ``ner_tags``.
    reading : Reading
        Gets the places that are wrong.

    Yields
    ------
    Sentence
        In the order of the file, tags as IOB2; records without words are skipped, as blank lines are.

    Raises
    ------
    DatasetUnavailableError, MalformedDataError
        As for `read_records`; and if there are not as many tags as words, or one of them is no text or empty.
    UnknownTagError
        If a tag belongs to none of the schemes; with file and line or record.
    """
    for where, record in read_records(path):
        try:
            sentence = _tagged(record, where)
        except (MalformedDataError, UnknownTagError) as error:
            reading.add(error)
            continue
        if sentence.tokens:
            yield sentence


def _tagged(record: dict, where: str) -> Sentence:
    tokens = member(record, "tokens", list, where)
    tags = member(record, next((name for name in TAG_COLUMNS if name in record), TAG_COLUMNS[0]), list, where)
    for word in tokens:
        if not require_text(word, "a word", where):
            raise MalformedDataError(f"{where}: a word is empty: {shortened(tokens)}")
    for tag in tags:
        if isinstance(tag, int):
            raise MalformedDataError(
                f"{where}: the tag {tag} is a number, and nothing here says what it stands for; write the tags as"
                " texts, such as 'B-person'"
            )
        require_tag(require_text(tag, "a tag", where), where)
    if len(tokens) != len(tags):
        raise MalformedDataError(f"{where}: {len(tokens)} tokens but {len(tags)} tags")
    return as_sentence(tokens, tags)


def member(record: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    """Take a member of a JSON object, if it has the type that it should have; `MalformedDataError` if not."""
    if name not in record:
        raise MalformedDataError(f"{where}: no {name!r}, only {shortened(list(record))}")
    value = record[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise MalformedDataError(f"{where}: {name!r} is {shortened(value)}; expected {KINDS[kind]}")
    return require_text(value, repr(name), where) if kind is str else value


def require_text(value: Any, name: str, where: str) -> str:
    """Check that a JSON value is a text that UTF-8 can hold; `MalformedDataError` if not."""
    if not isinstance(value, str):
        raise MalformedDataError(f"{where}: {name} is {shortened(value)}; expected {KINDS[str]}")
    if value != value.encode(errors="ignore").decode():
        raise MalformedDataError(f"{where}: {name} is {shortened(value)!a}, with half of a character in it")
    return value


def _is_array(path: Path) -> bool:
    """Return whether ``[`` comes first in a file, after white space and a byte order mark."""
    try:
        with path.open("rb") as file:
            while (byte := file.read(1)) and byte in WHITE_SPACE.encode() + BOM_UTF8:
                pass
    except OSError as error:
        raise DatasetUnavailableError(f"{path} cannot be read: {error.strerror}") from error
    return byte == b"["


def _from_lines(path: Path) -> Iterator[tuple[str, Any]]:
    for where, line in read_lines(path):
        if line.strip(WHITE_SPACE):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise MalformedDataError(f"{where}: {_not_json(error)}; each line should hold one object") from error
            yield where, record


def _from_array(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, item in enumerate(_items(_Reader(file), path), 1):
                yield f"{path}, record {number}", item
    except OSError as error:
        raise DatasetUnavailableError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        for _ in read_lines(path):  # it says which line that is on
            pass
        raise


def _items(reader: "_Reader", path: Path) -> Iterator[Any]:
    ending = reader.take()  # the "["
    if reader.peek() == "]":
        ending = reader.take()
    number = 0
    while ending in "[,":
        number += 1
        try:
            item = reader.value()
        except (ValueError, RecursionError) as error:
            raise MalformedDataError(f"{path}, record {number}: {_not_json(error)}") from error
        yield item
        ending = reader.take()
        if ending not in (",", "]"):
            found = f"found {ending!r}" if ending else "the file ends: it was cut off"
            raise MalformedDataError(f"{path}, after record {number}: expected ',' or ']', {found}")
    if reader.peek():
        raise MalformedDataError(f"{path}: {reader.peek()!r} after the end of the array; nothing may be there")


class _Reader:
    """A JSON text that is read only as far as the value at hand."""

    def __init__(self, file: TextIO):
        self._file, self._text, self._position = file, "", 0

    def peek(self) -> str:
        """Return the next character that is not white space, or none at the end."""
        while True:
            self._position = NO_VALUE.match(self._text, self._position).end()
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._read_on():
                return ""

    def take(self) -> str:
        character = self.peek()
        self._position += len(character)
        return character

    def value(self) -> Any:
        self.peek()
        while True:
            try:
                value, self._position = DECODER.raw_decode(self._text, self._position)
                return value
            except ValueError:
                if not self._read_on():
                    raise

    def _read_on(self) -> bool:
        # Twice as much each time, or a long value would be begun again too often.
        more = self._file.read(max(CHUNK, len(self._text) - self._position))
        self._text, self._position = self._text[self._position :] + more, 0
        return bool(more)


def _not_json(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg}"
    return "nested too deeply" if isinstance(error, RecursionError) else "it has a number with too many digits"
