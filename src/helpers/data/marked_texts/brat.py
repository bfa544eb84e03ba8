"""Read brat's standoff files."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from helpers.data.json_files.json_values import shortened
from helpers.data.lines import read_lines
from helpers.data.marked_texts.labelled_text import Annotation, LabelledText
from helpers.data.marked_texts.offsets import Mark
from helpers.data.reading import Reading
from helpers.data.tagging import Span
from helpers.errors import DatasetUnavailableError, MalformedDataError
from helpers.files import require_file
from helpers.notebook.language import translate

SUFFIX = ".ann"
ENTITY = re.compile(r"T\S*\t(\S+) (\d+ \d+(?:;\d+ \d+)*)(?:\t(.*))?")
OTHERS = "ARE#*MN"  # attributes, relations, events, notes, equivalences, modifications, normalizations


def read_texts(path: Path, reading: Reading) -> Iterator[LabelledText]:
    r"""Read pairs of a text (``.txt``) and its annotations (``.ann``), of the same name.

    Parameters
    ----------
    path : Path
        A folder of such pairs, or one ``.ann`` file. Texts without annotations count as unlabelled.
    reading : Reading
        Gets the places that are wrong, and is told how many spans are in several parts: each part becomes a span.

    Raises
    ------
    DatasetUnavailableError
        If the folder or a text cannot be read.
    """
    parts = 0
    for file in _files(path):
        text = _text(file.with_suffix(".txt"), reading)
        if text is None:
            continue
        if not os.path.lexists(file):
            yield LabelledText(str(file), text, [])
            continue
        marks = []
        for span in _entities(file, reading):
            found = _marks(*span, text)
            parts += len(found) > 1
            marks += found
        yield LabelledText(str(file), text, [Annotation(marks)])
    if parts:
        reading.remark(
            translate("{count} spans are in several parts: each part is read as a span of its own.").format(count=parts)
        )


def _files(path: Path) -> list[Path]:
    """List the files of annotations, and where they should be beside texts without them."""
    if not path.is_dir():
        return [path]
    try:
        files = [file for file in path.iterdir() if not file.name.startswith(".")]
    except OSError as error:
        raise _unreadable(path, error) from error
    return sorted({file.with_suffix(SUFFIX) for file in files if file.suffix in (SUFFIX, ".txt")})


def _text(path: Path, reading: Reading) -> str | None:
    try:
        require_file(path)
        content = path.read_bytes().decode()
    except OSError as error:
        raise _unreadable(path, error) from error
    except UnicodeDecodeError:
        try:
            for _ in read_lines(path):  # it says which line that is on
                pass
        except MalformedDataError as error:
            reading.add(error)
        return None
    return f" {content[1:]}" if content[:1] == "\ufeff" else content  # the mark counts in offsets, but is no word


def _entities(file: Path, reading: Reading) -> Iterator[tuple[str, list[tuple[int, int]], str | None]]:
    """Yield the label of each entity, the offsets of its parts, and what it covers."""
    try:
        for where, line in read_lines(file):
            if entity := ENTITY.fullmatch(line):
                label, offsets, covers = entity.groups()
                yield label, [tuple(map(int, part.split())) for part in offsets.split(";")], covers
            elif line.strip() and line[0] not in OTHERS:
                reading.add(
                    MalformedDataError(
                        translate(
                            "{where}: expected an entity, such as 'T1', a tab, 'location 0 4', a tab and what it"
                            " covers; found {line}"
                        ).format(where=where, line=shortened(line))
                    )
                )
    except MalformedDataError as error:  # it is not UTF-8
        reading.add(error)


def _marks(label: str, parts: list[tuple[int, int]], covers: str | None, text: str) -> list[Mark]:
    """List the parts of an entity; only white space between two, such as a line end, makes no two of them."""
    marks, place = [], 0
    for number, (start, end) in enumerate(parts, 1):
        part = None if covers is None else covers[place : place + end - start if number < len(parts) else None]
        place += end - start + 1  # brat writes a space between two parts
        before = marks[-1].span if marks else None
        if before and before.end <= start and text[before.end : start].isspace():
            marks[-1] = Mark(before._replace(end=end), part and f"{marks[-1].covers} {part}")
        else:
            marks.append(Mark(Span(start, end, label), part))
    return marks


def _unreadable(path: Path, error: OSError) -> DatasetUnavailableError:
    return DatasetUnavailableError(
        translate("{path} cannot be read: {reason}").format(path=path, reason=error.strerror)
    )
