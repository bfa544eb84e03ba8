"""Read UTF-8 files line by line."""

from collections.abc import Iterator
from pathlib import Path

from helpers.errors import DatasetUnavailableError, MalformedDataError


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    r"""Read a file a line at a time, so that a large one takes no more memory than a small one.

    Parameters
    ----------
    path : Path
        A UTF-8 file. Lines end in LF or CRLF; a byte order mark is skipped.

    Yields
    ------
    (str, str)
        File and number of a line, as an error would give them, and the line without its end.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError
        If a line has bytes that are not UTF-8, or a lone carriage return; with file and line.
    """
    try:
        # As bytes: in text, Python would also end a line at a lone carriage return.
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                where = f"{path}, line {number}"
                yield where, _text(line, "utf-8" if number > 1 else "utf-8-sig", where)
    except OSError as error:
        raise DatasetUnavailableError(f"{path} cannot be read: {error.strerror}") from error


def _text(line: bytes, encoding: str, where: str) -> str:
    try:
        text = line.decode(encoding).removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        # error.object, since utf-8-sig counts positions after the byte order mark
        raise MalformedDataError(
            f"{where}: byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8"
        ) from error
    if "\r" in text:
        raise MalformedDataError(f"{where}: a lone carriage return; save it with LF or CRLF")
    return text
