"""Read JSON files of records."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.data.json_files.json_array import is_array, not_json, read_array
from helpers.data.json_files.json_stream import WHITE_SPACE
from helpers.data.json_files.json_values import require_kind
from helpers.data.lines import read_lines
from helpers.data.reading import Reading
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate


def read_records(path: Path, reading: Reading) -> Iterator[tuple[str, dict]]:
    """Read a JSON file a record at a time, so that a large one takes no more memory than a small one.

    Parameters
    ----------
    path : Path
        A UTF-8 file: JSON lines, an object a line; or one array of objects; or one object, over several lines, which is
        held in memory. A pair of a text and an object, as spaCy was trained with, is read as one object, whose member
        ``text`` is the text. Empty lines and byte order marks are skipped.
    reading : Reading
        Gets the places that are wrong: what is not JSON or not UTF-8, and records that are no objects.

    Yields
    ------
    (str, dict)
        File and line of a record, or file and number of it in the array, as an error would give them, and the record.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    """
    try:
        for where, value in read_array(path) if is_array(path) else _from_lines(path, reading):
            try:
                record = require_kind(as_object(value), translate("a record"), dict, where)
            except MalformedDataError as error:
                reading.add(error)
                continue
            yield where, record
    except MalformedDataError as error:  # behind which nothing can be read
        reading.add(error)


def as_object(value: Any) -> Any:
    """Make one object of a pair of a text and an object; leave other values as they are."""
    match value:
        case [str(text), dict(members)]:
            return members | {"text": text}
    return value


def _from_lines(path: Path, reading: Reading) -> Iterator[tuple[str, Any]]:
    is_first = True
    for where, line in read_lines(path):
        line = line.strip(WHITE_SPACE)
        if not line:
            continue
        try:
            yield where, json.loads(line)
        except (ValueError, RecursionError) as error:
            if is_first and line[0] == "{" and getattr(error, "pos", -1) == len(line):  # it goes on in the next line
                yield str(path), _whole(path)
                return
            problem = not_json(error)
            reading.add(
                MalformedDataError(
                    translate("{where}: {problem}; each line should hold one object").format(
                        where=where, problem=problem
                    )
                )
            )
        is_first = False


def _whole(path: Path) -> Any:
    text = "\n".join(line for _, line in read_lines(path))
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = str(path)
        if isinstance(error, json.JSONDecodeError):
            where = translate("{path}, line {number}").format(path=path, number=error.lineno)
        raise MalformedDataError(
            translate(
                "{where}: {problem}; the file should hold one object, or one array, or an object in each line"
            ).format(where=where, problem=not_json(error))
        ) from error
