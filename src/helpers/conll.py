"""CoNLL text: one word and its tag a line, a blank line between sentences."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from helpers.exceptions import DatasetUnavailableError, MalformedDataError, UnknownTagError
from helpers.tagging import split_tag, to_iob2

SPLIT_STEMS = {"train": ("train",), "validation": ("validation", "valid", "dev"), "test": ("test",)}
SUFFIXES = (".conll", ".txt", ".tsv", ".iob", ".iob2", ".bio")


class Sentence(NamedTuple):
    """One sentence: its words, their IOB2 tags, and how many tags another scheme had to be rewritten from."""

    tokens: list[str]
    tags: list[str]
    rewritten: int


def find_split_files(folder: Path) -> dict[str, Path]:
    """Find the file of each split in a folder.

    Parameters
    ----------
    folder : Path
        Holds ``train`` and ``test``, and may hold ``validation`` (or ``valid``, ``dev``), with a suffix of `SUFFIXES`.

    Returns
    -------
    dict of str to Path
        The file of each split that is there, by the split's name.

    Raises
    ------
    DatasetUnavailableError
        If the folder cannot be read, ``train`` or ``test`` is missing, or two files claim one split.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    except OSError as error:
        raise DatasetUnavailableError(f"the data folder {folder} cannot be read: {error.strerror}") from error
    found = {}
    for split, stems in SPLIT_STEMS.items():
        candidates = [path for path in files if path.stem in stems]
        if len(candidates) > 1:
            raise DatasetUnavailableError(
                f"{folder} holds several files for the split {split!r}: {', '.join(path.name for path in candidates)};"
                " keep one"
            )
        if candidates:
            found[split] = candidates[0]
    missing = [split for split in ("train", "test") if split not in found]
    if missing:
        raise DatasetUnavailableError(
            f"{folder} holds no file for the split {missing[0]!r}; expected {missing[0]}.conll"
            f" (or with one of {', '.join(SUFFIXES[1:])})"
        )
    return found


def read_conll(path: Path) -> Iterator[Sentence]:
    r"""Read a CoNLL file, a sentence at a time, so that a large one takes no more memory than a small one.

    The word stands in the first column and its tag in the last; columns are parted by tabs or, in a line without a
    tab, by spaces; each row has as many as the first. Lines of white space alone and ``-DOCSTART-`` lines part
    sentences. Lines end in LF or CRLF; a byte order mark is passed over.

    Parameters
    ----------
    path : Path
        A UTF-8 file.

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
    for number, line in enumerate(_lines(path), 1):
        columns = _columns(line)
        if columns and columns[0] != "-DOCSTART-":
            width = width or len(columns)
            rows.append(_word_and_tag(columns, width, f"{path}, line {number}"))
        elif rows:
            yield _sentence(rows)
            rows = []
    if rows:
        yield _sentence(rows)


def _lines(path: Path) -> Iterator[str]:
    try:
        # As bytes: in text, Python would also end a line at a lone carriage return.
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield _text(line, "utf-8" if number > 1 else "utf-8-sig", f"{path}, line {number}")
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
    try:
        split_tag(tag)
    except UnknownTagError as error:
        raise UnknownTagError(f"{where}: {error}") from error
    return word, tag


def _sentence(rows: list[tuple[str, str]]) -> Sentence:
    tokens, tags = (list(column) for column in zip(*rows, strict=True))
    iob2_tags = to_iob2(tags)
    rewritten = sum(before != after for before, after in zip(tags, iob2_tags, strict=True))
    return Sentence(tokens, iob2_tags, rewritten)
