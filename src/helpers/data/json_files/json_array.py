"""Read a JSON array."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.data.json_files.json_stream import BYTE_ORDER_MARK, WHITE_SPACE, JsonStream
from helpers.data.lines import read_lines
from helpers.errors import DatasetUnavailableError, MalformedDataError
from helpers.files import require_file
from helpers.notebook.language import translate


def is_array(path: Path) -> bool:
    """Return whether ``[`` comes first in a file, after white space and byte order marks.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    """
    try:
        require_file(path)
        with path.open("rb") as file:
            while (byte := file.read(1)) and byte in (WHITE_SPACE + BYTE_ORDER_MARK).encode():
                pass
    except OSError as error:
        raise _unreadable(path, error) from error
    return byte == b"["


def read_array(path: Path) -> Iterator[tuple[str, Any]]:
    """Read an array an item at a time, so that a large one takes no more memory than a small one.

    Parameters
    ----------
    path : Path
        A UTF-8 file that begins with ``[``.

    Yields
    ------
    (str, value)
        File and number of an item, as an error would give them, and the item.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError
        If it is not JSON, or not UTF-8; with file and record or line.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for number, item in enumerate(_items(JsonStream(file), path), 1):
                yield _where(path, number), item
    except OSError as error:
        raise _unreadable(path, error) from error
    except UnicodeDecodeError:
        for _ in read_lines(path):  # it says which line that is on
            pass
        raise


def not_json(error: Exception) -> str:
    """Say why a text could not be decoded as JSON."""
    if isinstance(error, json.JSONDecodeError):
        return translate("not JSON: {problem}").format(problem=error.msg)
    if isinstance(error, RecursionError):
        return translate("nested too deeply")
    return translate("it has a number with too many digits")


def _items(stream: JsonStream, path: Path) -> Iterator[Any]:
    ending = stream.take()  # the "["
    if stream.peek() == "]":
        ending = stream.take()
    number = 0
    while ending in "[,":
        number += 1
        try:
            item = stream.value()
        except (ValueError, RecursionError) as error:
            raise MalformedDataError(f"{_where(path, number)}: {not_json(error)}") from error
        yield item
        ending = stream.take()
        if not ending:
            raise MalformedDataError(
                translate("{path}, after record {number}: expected ',' or ']', the file ends: it was cut off").format(
                    path=path, number=number
                )
            )
        if ending not in ",]":
            raise MalformedDataError(
                translate("{path}, after record {number}: expected ',' or ']', found {found}").format(
                    path=path, number=number, found=repr(ending)
                )
            )
    if stream.peek():
        raise MalformedDataError(
            translate("{path}: {found} after the end of the array; nothing may be there").format(
                path=path, found=repr(stream.peek())
            )
        )


def _where(path: Path, number: int) -> str:
    return translate("{path}, record {number}").format(path=path, number=number)


def _unreadable(path: Path, error: OSError) -> DatasetUnavailableError:
    return DatasetUnavailableError(
        translate("{path} cannot be read: {reason}").format(path=path, reason=error.strerror)
    )
