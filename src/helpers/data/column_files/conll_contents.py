"""Count what the columns of a CoNLL file hold."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from helpers.data.column_files.conll_columns import MOST_VALUES, named_columns
from helpers.data.column_files.conll_counting import FirstColumn
from helpers.data.column_files.conll_lines import Line, part_comments, read_blocks, split_columns
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

HEAD = 1000  # blocks by which the number of columns is found
BEFORE_NAMES = re.compile(r"#+\s*((global\.)?columns\s*[:=])?\s*")


class Header(NamedTuple):
    """The line that names the columns, which is no row; and how many columns most rows have."""

    text: str
    names: tuple[str, ...]
    width: int


class Contents:
    """What the columns of a file hold.

    Attributes
    ----------
    values : list of Counter
        How often each value is in a column, up to where there are `MOST_VALUES`.
    spaces : list of int
        In how many rows a column is nothing but a space.
    first : FirstColumn
    rows, empty_rows : int
        How many rows there are, and in how many each column but the tag's is ``_``.
    """

    def __init__(self, path: Path, header: Header):
        self.values = [Counter() for _ in range(header.width)]
        self.spaces = [0] * header.width
        self.first = FirstColumn()
        self.rows = self.empty_rows = 0
        for lines in read_rows(path, header):
            self.first.add([line.columns[0] for line in lines], lines[0].where)
            rows = [trimmed(line.columns, header.width) for line in lines]
            self._add([row for row in rows if len(row) == header.width])

    def _add(self, rows: list[list[str]]) -> None:
        self.rows += len(rows)
        for place, column in enumerate(zip(*rows, strict=True)):
            self.spaces[place] += column.count(" ")
            if len(self.values[place]) < MOST_VALUES:
                self.values[place].update(column)
        if len(self.values) > 2:
            self.empty_rows += sum(row.count("_") >= len(row) - 1 for row in rows)


def read_rows(path: Path, header: Header) -> Iterator[list[Line]]:
    """Read the lines of each block that are certainly rows."""
    for block in read_blocks(path):
        _, lines = part_comments(block, Line.is_plain_row)
        if rows := [line for line in lines if line.text != header.text]:
            yield rows


def trimmed(columns: list[str], width: int) -> list[str]:
    """Leave out what a tab at the end of a line adds to its columns."""
    return columns[:width] if len(columns) == width + 1 and not columns[-1] else columns


def find_header(path: Path) -> Header:
    """Find the line that names the columns, if there is one, and how many of them there are.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError
        If a header has another number of names than rows have columns.
    """
    widths, header, names = Counter(), None, ()
    for block in islice(read_blocks(path), HEAD):
        comments, rows = part_comments(block, Line.is_plain_row)
        if not widths and not header:
            for line in comments + rows[:1]:
                header, names = (line, found) if (found := _names(line.text)) else (header, names)
        for row in rows:
            if row is not header:
                widths[len(trimmed(row.columns, max(len(row.columns) - 1, 2)))] += 1
    width = widths.most_common(1)[0][0] if widths else len(names)
    if header and len(names) != width:
        raise MalformedDataError(
            translate(
                "{where}: the line names {names} columns, but most rows have {width}; give each column its name"
            ).format(where=header.where, names=len(names), width=width)
        )
    return Header(header.text if header else "", names, max(width, 2))


def _names(text: str) -> tuple[str, ...]:
    found = BEFORE_NAMES.match(text)
    return named_columns(split_columns(text[found.end() :] if found else text))
