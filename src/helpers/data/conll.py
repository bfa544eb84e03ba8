"""Read CoNLL files."""

import re
from collections.abc import Iterator
from pathlib import Path

from helpers.data.lines import read_lines
from helpers.data.reading import Reading
from helpers.data.tagging import Sentence, as_sentence, require_tag
from helpers.errors import MalformedDataError, UnknownTagError


def read_conll(path: Path, reading: Reading) -> Iterator[Sentence]:
    r"""Read a CoNLL file a sentence at a time, so that a large one takes no more memory than a small one.

    The word is in the first column and its tag in the last; columns are separated by tabs or, in a line without a
    tab, by spaces; each row has as many as the first. Lines of only white space and ``-DOCSTART-`` lines separate
    sentences. Lines end in LF or CRLF; a byte order mark is skipped.

    Parameters
    ----------
    path : Path
        A UTF-8 file.
    reading : Reading
        Gets the places that are wrong.

    Yields
    ------
    Sentence
        In the order of the file, tags as IOB2.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError
        If a row has fewer than two columns or another number of them than the first row, an empty word or tag, bytes
        that are not UTF-8, or a lone carriage return; with file and line.
    UnknownTagError
        If a tag belongs to none of the schemes; with file and line.
    """
    rows, width = [], None
    for where, line in read_lines(path):
        columns = _columns(line)
        if columns and columns[0] != "-DOCSTART-":
            width = width or len(columns)
            try:
                rows.append(_word_and_tag(columns, width, where))
            except (MalformedDataError, UnknownTagError) as error:
                reading.add(error)
        elif rows:
            yield as_sentence(*zip(*rows, strict=True))
            rows = []
    if rows:
        yield as_sentence(*zip(*rows, strict=True))


def _columns(line: str) -> list[str]:
    if not line.strip():
        return []
    # Not str.split without an argument: it would also split at a no-break space, and lose a word that is one.
    return line.split("\t") if "\t" in line else re.split(" +", line.rstrip(" "))


def _word_and_tag(columns: list[str], width: int, where: str) -> tuple[str, str]:
    word, tag = columns[0], columns[-1]
    if len(columns) < 2:
        raise MalformedDataError(f"{where}: expected a word and a tag, found {word!r} alone")
    if len(columns) != width:
        raise MalformedDataError(f"{where}: {len(columns)} columns, but the file's first row has {width}")
    if not word or not tag:
        raise MalformedDataError(f"{where}: the {'tag' if word else 'word'} is empty: {columns}")
    require_tag(tag, where)
    return word, tag
