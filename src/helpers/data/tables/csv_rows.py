"""Read the rows of CSV files."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from helpers.data.lines import read_lines
from helpers.data.reading import Reading
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

DELIMITERS = ",;\t"


class Row(NamedTuple):
    """The cells of a row, and what errors call the line where it begins."""

    where: str
    cells: list[str]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in any cell."""
        return not any(cell.strip() for cell in self.cells)


def read_rows(path: Path, reading: Reading) -> Iterator[Row]:
    """Read a file a row at a time: first its header, then rows of as many cells, and empty ones.

    Parameters
    ----------
    path : Path
        A UTF-8 file. Of comma, semicolon and tab, that is the delimiter which parts the header into most cells.
    reading : Reading
        Gets the places that are wrong: rows of another length than the header, and what breaks the rules for quotes,
        behind which nothing is read.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    """
    delimiter = _delimiter(path)
    width = None
    rows = csv.reader((f"{line}\n" for _, line in read_lines(path)), delimiter=delimiter, strict=True)
    while True:
        where = translate("{path}, line {number}").format(path=path, number=rows.line_num + 1)
        try:
            row = Row(where, next(rows))
        except StopIteration:
            return
        except csv.Error as error:
            reading.add(MalformedDataError(translate("{where}: {problem}").format(where=where, problem=error)))
            return
        except MalformedDataError as error:  # the line is not UTF-8
            reading.add(error)
            return
        if width is None and row.is_empty:
            continue
        width = width or len(row.cells)
        if not row.is_empty and len(row.cells) != width:
            reading.add(
                MalformedDataError(
                    translate("{where}: {count} cells, but the header has {width}").format(
                        where=where, count=len(row.cells), width=width
                    )
                )
            )
            continue
        yield row


def _delimiter(path: Path) -> str:
    try:
        header = next((line for _, line in read_lines(path) if line.strip()), "")
        return max(DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter))))
    except (MalformedDataError, csv.Error):
        return DELIMITERS[0]  # reading the rows will say what is wrong
