"""Read the words of CoNLL-U files, with their columns."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from helpers.data.lines import read_lines
from helpers.data.reading import Reading
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
NAMES = re.compile(r"#\s*global\.columns\s*=\s*(.*)")
ID = re.compile(r"(?P<word>[0-9]+)|(?P<range>[0-9]+-[0-9]+)|(?P<empty>[0-9]+\.[0-9]+)")
LINES = 200  # by which the form is recognised


class Row(NamedTuple):
    """A row of the file: a word or, with its own columns, the range of words that are written as one."""

    where: str
    columns: dict[str, str]
    is_range: bool


def is_conllu(path: Path) -> bool:
    """Return whether a file begins like CoNLL-U or CoNLL-U Plus.

    That is, with a line that gives the names of the columns; or with a row of ten columns, of which the first is a
    number and the last is empty or has names and values.
    """
    for _, text in islice(read_lines(path), LINES):
        if NAMES.match(text):
            return True
        if text.strip() and not text.startswith("#"):
            columns = text.split("\t")
            last = columns[-1].strip()
            return len(columns) == len(COLUMNS) and bool(ID.fullmatch(columns[0])) and (last == "_" or "=" in last)
    return False


def read_sentences(path: Path, reading: Reading) -> Iterator[list[Row]]:
    """Read the rows between blank lines, without comments and empty nodes.

    Raises
    ------
    DatasetUnavailableError, MalformedDataError
        As for `helpers.data.lines.read_lines`; and if the columns are named a second time, and otherwise. Rows without
        a number, or with other columns than the file's, are added to the reading.
    """
    names, rows = None, []
    for where, text in read_lines(path):
        if found := NAMES.match(text):
            names = _same_names(tuple(found[1].split()), names, where)
        elif not text.strip():
            if rows:
                yield rows
            rows = []
        elif not text.startswith("#"):
            try:
                names = names or COLUMNS
                rows += _row(text.split("\t"), names, where)
            except MalformedDataError as error:
                reading.add(error)
    if rows:
        yield rows


def _same_names(names: tuple[str, ...], before: tuple[str, ...] | None, where: str) -> tuple[str, ...]:
    if before not in (None, names):
        raise MalformedDataError(
            translate(
                "{where}: the columns are named anew, as {names}, where they were {before}; make a file of each part"
            ).format(where=where, names=" ".join(names), before=" ".join(before))
        )
    return names


def _row(values: list[str], names: tuple[str, ...], where: str) -> list[Row]:
    if len(values) != len(names):
        raise MalformedDataError(
            translate("{where}: {count} columns, but CoNLL-U has {width} with tabs between them: {names}").format(
                where=where, count=len(values), width=len(names), names=" ".join(names)
            )
        )
    # Only spaces, as a no-break space may be a word.
    columns = dict(zip(names, (value.strip(" ") for value in values), strict=True))
    kind = ID.fullmatch(columns.get("ID", "1"))
    if not kind:
        raise MalformedDataError(
            translate(
                "{where}: the ID is {id}; expected a number, a range such as 1-2, or an empty node such as 1.1"
            ).format(where=where, id=repr(columns["ID"]))
        )
    if not columns.get("FORM"):
        raise MalformedDataError(translate("{where}: the word in column FORM is empty").format(where=where))
    return [] if kind["empty"] else [Row(where, columns, bool(kind["range"]))]
