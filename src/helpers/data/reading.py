"""Read UTF-8 files line by line, and collect what reading a file has to say."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from helpers.data.tagging import Sentence
from helpers.disk.files import require_file
from helpers.errors import DatasetUnavailableError, MalformedDataError, ParameterError, UnknownTagError
from helpers.notebook.language import translate

OVERLAPS = ("refuse", "longest")
LISTED = 10  # names or wrong places that an error lists
SAMPLE = 2**16  # bytes by which an encoding is guessed
ENCODINGS = {"utf-16-be": "UTF-16", "utf-16": "UTF-16", "cp949": "CP949 (EUC-KR)", "cp1252": "Windows-1252 (Latin-1)"}


class Choices(NamedTuple):
    """What a caller may choose about how files are read."""

    tag_column: str | int | None = None  # which column has the tags, where there are several: its name, or its number
    overlaps: str = "refuse"  # what becomes of spans that overlap: an error, or the "longest" is kept (or the first)


class Reading:
    """One file while it is read: what was changed or left out, and which places are wrong; raises `ParameterError`."""

    def __init__(self, choices: Choices = Choices()):  # noqa: B008 - it cannot change
        if choices.overlaps not in OVERLAPS:
            message = translate("overlaps={value}: expected one of {values}")
            raise ParameterError(message, value=repr(choices.overlaps), values=", ".join(map(repr, OVERLAPS)))
        self.choices = choices
        self.notes = Counter()
        self.remarks: dict[str, None] = {}  # sentences that are said once, in order
        self._wrong: list[MalformedDataError | UnknownTagError] = []
        self._count = 0

    def add(self, error: MalformedDataError | UnknownTagError) -> None:
        """Remember a wrong place, so that the next ones are found too; `finish` raises it."""
        self._count += 1
        if len(self._wrong) < LISTED:
            self._wrong.append(error)

    @contextmanager
    def collect(self, where: str = "") -> Iterator[None]:
        """Remember what the body of a ``with`` statement finds wrong; errors about tags don't say where themselves."""
        try:
            yield
        except MalformedDataError as error:
            self.add(error)
        except UnknownTagError as error:
            self.add(UnknownTagError(f"{where}: {error}"))

    def remark(self, *sentences: str) -> None:
        """Say something about the file as a whole, each sentence once."""
        self.remarks.update(dict.fromkeys(sentences))

    def finish(self) -> None:
        """Raise what was found wrong, if anything was: up to ten places, and how many more there are."""
        if self._count == 1:
            raise self._wrong[0]
        lines = [str(error) for error in self._wrong]
        if self._count > len(lines):
            lines.append(translate("... and {count} more places", count=self._count - len(lines)))
        if lines:
            kinds = {type(error) for error in self._wrong}
            raise (kinds.pop() if len(kinds) == 1 else MalformedDataError)("\n".join(lines))

    def until_end(self, documents: Iterable[list[Sentence]]) -> Iterator[list[Sentence]]:
        """Yield documents, counting the tags that were rewritten; at their end, raise what `finish` does."""
        for document in documents:
            self.notes["rewritten"] += sum(sentence.rewritten for sentence in document)
            yield document
        self.finish()

    def report(self, name: str) -> None:
        """Print a sentence about each thing that was changed, left out or chosen."""
        counted = {said: self.notes[key] for key, said in _sentences().items() if self.notes[key]}
        for said in [*self.remarks, *(said.format(count=n, spans=self.notes["spans"]) for said, n in counted.items())]:
            print(f"{name}: {said}")


def _sentences() -> dict[str, str]:
    return {
        "rewritten": translate("{count} tags rewritten as IOB2."),
        "texts": translate("{count} labelled texts with {spans} spans."),
        "without_span": translate("{count} of the texts have no span: their words are outside of all entities."),
        "inside_words": translate("{count} spans begin or end inside of a word."),
        "dropped": translate("{count} spans are left out: a longer one overlaps with each."),
        "unlabelled": translate("{count} texts are left out: nobody has labelled them, or they were skipped."),
        "disagreeing": translate(
            "{count} texts were labelled by several people, who differ: what is marked as ground truth is taken,"
            " or what was changed last."
        ),
        "utf16": translate("Spans are counted in UTF-16 units, in which an emoji counts twice."),
        "characters": translate("Spans are counted in characters, in which an emoji counts once."),
        "crlf_once": translate("In the spans, a line end of two characters (CR and LF) counts once."),
        "crlf_twice": translate("In the spans, a line end of two characters (CR and LF) counts twice."),
    }


def listed(names: Iterable[str]) -> str:
    """List up to ten names, and say how many more there are."""
    names = list(names)
    rest = [translate("and {count} more", count=len(names) - LISTED)] if len(names) > LISTED else []
    return ", ".join(names[:LISTED] + rest)


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Read a file a line at a time: what an error calls its place, and the line without its end (LF or CRLF).

    A byte order mark is skipped at each line's beginning, as files may have been put together. Raises
    `DatasetUnavailableError` if the file cannot be read; `MalformedDataError` if a line is not UTF-8, with what it
    probably is, or has a lone carriage return.
    """
    try:
        require_file(path)
        # As bytes: in text, Python would also end a line at a lone carriage return.
        with path.open("rb") as file:
            place = translate("{path}, line {number}", path=path, number="\0")
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
        " Path('new').write_text(Path('old').read_text(encoding='{encoding}'), encoding='utf-8')",
        encoding=encoding,
    )
    message = translate("{where}: byte {byte} is not UTF-8; the file is probably {name}; {advice}")
    return MalformedDataError(message, where=where, byte=f"0x{byte:02x}", name=ENCODINGS[encoding], advice=advice)
