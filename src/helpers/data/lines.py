"""Read UTF-8 files line by line."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path

from helpers.disk.files import require_file
from helpers.errors import DatasetUnavailableError, MalformedDataError
from helpers.notebook.language import translate

SAMPLE = 2**16  # bytes by which an encoding is guessed
NAMES = {"utf-16-be": "UTF-16", "utf-16": "UTF-16", "cp949": "CP949 (EUC-KR)", "cp1252": "Windows-1252 (Latin-1)"}


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Read a file a line at a time: what an error calls its place, and the line without its end.

    Lines end in LF or CRLF. A byte order mark is skipped at each line's beginning, as files may have been put together.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError
        If a line is not UTF-8, with what it probably is; or if it has a lone carriage return.
    """
    try:
        require_file(path)
        # As bytes: in text, Python would also end a line at a lone carriage return.
        with path.open("rb") as file:
            place = translate("{path}, line {number}").format(path=path, number="\0")
            before, after = place.split("\0")  # as millions of lines are too many to format
            for number, line in enumerate(file, 1):
                where = f"{before}{number}{after}"
                # Without a mark, English text in UTF-16 is UTF-8 too, in which each second character is a zero.
                if number == 1 and 3 * line.count(0) > len(line):
                    raise _not_utf8(where, 0, line)
                try:
                    text = line.decode().removeprefix("\ufeff").removesuffix("\n").removesuffix("\r")
                except UnicodeDecodeError as error:
                    raise _not_utf8(where, line[error.start], line + file.read(SAMPLE)) from error
                if "\r" in text:
                    message = translate("{where}: a lone carriage return; save it with LF or CRLF")
                    raise MalformedDataError(message, where=where)
                yield where, text
    except OSError as error:
        message = translate("{path} cannot be read: {reason}")
        raise DatasetUnavailableError(message, path=path, reason=error.strerror) from error


def _not_utf8(where: str, byte: int, sample: bytes) -> MalformedDataError:
    beyond_ascii = [char for char in sample.decode("cp949", errors="replace") if char > "\x7f"]
    hangul = sum("가" <= char <= "힣" for char in beyond_ascii)
    encoding = "cp949" if 2 * hangul > len(beyond_ascii) else "cp1252"
    if 50 * sample.count(0) > len(sample) or sample.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        encoding = "utf-16-be" if sample.startswith(b"\0") else "utf-16"
    advice = translate(
        "save the file as UTF-8 in an editor, or with Python:"
        " Path('new').write_text(Path('old').read_text(encoding='{encoding}'), encoding='utf-8')"
    ).format(encoding=encoding)
    message = translate("{where}: byte {byte} is not UTF-8; the file is probably {name}; {advice}")
    return MalformedDataError(message, where=where, byte=f"0x{byte:02x}", name=NAMES[encoding], advice=advice)
