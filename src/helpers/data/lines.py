"""Read UTF-8 files line by line."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path

from helpers.errors import DatasetUnavailableError, MalformedDataError
from helpers.files import require_file
from helpers.notebook.language import translate

SAMPLE = 2**16  # bytes by which an encoding is guessed
NAMES = {"utf-16": "UTF-16", "cp949": "CP949 (EUC-KR)", "cp1252": "Windows-1252 (Latin-1)"}


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    r"""Read a file a line at a time, so that a large one takes no more memory than a small one.

    Parameters
    ----------
    path : Path
        A UTF-8 file. Lines end in LF or CRLF; a byte order mark at the beginning of a line is skipped: where files
        were put together, they may stand inside of the file.

    Yields
    ------
    (str, str)
        File and number of a line, as an error would give them, and the line without its end.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError
        If a line has bytes that are not UTF-8, or a lone carriage return; with file and line, and what the encoding
        probably is.
    """
    try:
        require_file(path)
        # As bytes: in text, Python would also end a line at a lone carriage return.
        with path.open("rb") as file:
            _refuse_utf16(file.peek(SAMPLE)[:SAMPLE], path)
            before, after = _place(path, "\0").split("\0")  # as millions of lines are too many to format
            for number, line in enumerate(file, 1):
                where = f"{before}{number}{after}"
                try:
                    text = line.decode().removeprefix("\ufeff").removesuffix("\n").removesuffix("\r")
                except UnicodeDecodeError as error:
                    raise _not_utf8(where, line[error.start], line + file.read(SAMPLE)) from error
                if "\r" in text:
                    raise MalformedDataError(
                        translate("{where}: a lone carriage return; save it with LF or CRLF").format(where=where)
                    )
                yield where, text
    except OSError as error:
        raise DatasetUnavailableError(
            translate("{path} cannot be read: {reason}").format(path=path, reason=error.strerror)
        ) from error


def _refuse_utf16(head: bytes, path: Path) -> None:
    # Without a mark, English text in UTF-16 is UTF-8 too, in which each second character is a zero.
    zeros = sorted(half.count(0) for half in (head[::2], head[1::2]))
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or (zeros[0] == 0 and zeros[1] > len(head) / 3):
        encoding = "utf-16-be" if head[:1] == b"\0" else "utf-16"
        raise MalformedDataError(
            translate("{where}: the file is UTF-16 and not UTF-8; {advice}").format(
                where=_place(path, 1), advice=_advice(encoding)
            )
        )


def _place(path: Path, number: int | str) -> str:
    return translate("{path}, line {number}").format(path=path, number=number)


def _not_utf8(where: str, byte: int, sample: bytes) -> MalformedDataError:
    encoding = _likely_encoding(sample)
    return MalformedDataError(
        translate("{where}: byte {byte} is not UTF-8; the file is probably {name}; {advice}").format(
            where=where, byte=f"0x{byte:02x}", name=NAMES[encoding], advice=_advice(encoding)
        )
    )


def _advice(encoding: str) -> str:
    return translate(
        "save the file as UTF-8 in an editor, or with Python:"
        " Path('new').write_text(Path('old').read_text(encoding='{encoding}'), encoding='utf-8')"
    ).format(encoding=encoding)


def _likely_encoding(sample: bytes) -> str:
    if sample.count(0) > len(sample) / 50:
        return "utf-16"
    beyond_ascii = [char for char in sample.decode("cp949", errors="replace") if char > "\x7f"]
    hangul = sum("가" <= char <= "힣" for char in beyond_ascii)
    return "cp949" if hangul > len(beyond_ascii) / 2 else "cp1252"
