"""Divide CoNLL text into blocks of lines, and comments from rows."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from helpers.data.lines import read_lines

MARKS = ("#", ";", "$")  # at the beginning of comments
DOCUMENT = re.compile(r" *-docstart-(?![^\t (])", re.IGNORECASE)
KEY_AND_VALUE = re.compile(r"#\s+[\w.:-]+\s*=")  # as in "# sent_id = 1"
TAGGED = re.compile(r"O|[BIESLUM][-_].+")


class Line(NamedTuple):
    """A line that is not blank: file and number as an error gives them, the whole of it, and its columns."""

    where: str
    text: str
    columns: list[str]

    def is_plain_row(self) -> bool:
        """Return whether its last column is certainly a tag, or it begins with a word and a tab."""
        if len(self.columns) < 2:
            return False
        return bool(TAGGED.fullmatch(self.columns[-1])) or ("\t" in self.text and " " not in self.columns[0])


def read_blocks(path: Path) -> Iterator[list[Line]]:
    """Read the lines between blank lines and ``-DOCSTART-`` lines, block by block.

    Raises
    ------
    DatasetUnavailableError, MalformedDataError
        As for `helpers.data.lines.read_lines`.
    """
    block = []
    for where, text in read_lines(path):
        if text.strip() and not DOCUMENT.match(text):
            block.append(Line(where, text, split_columns(text)))
        elif block:
            yield block
            block = []
    if block:
        yield block


def split_columns(text: str) -> list[str]:
    """Split a line at its tabs or, if it has none, at spaces; spaces around a column are left out.

    A column of nothing but spaces is one space, which some data have as a row of its own.
    """
    if "\t" in text:
        return [column.strip(" ") or column[:1] for column in text.split("\t")]
    # Not str.split without an argument: it would also split at a no-break space, and lose a word that is one.
    return re.split(" +", text.strip(" "))


def part_comments(block: list[Line], is_row: Callable[[Line], bool]) -> tuple[list[Line], list[Line]]:
    """Part a block into comments and rows.

    Comments stand before a sentence's first row and begin with ``#``, ``;`` or ``$``; or they begin with ``#`` and a
    space, and have no tab while rows have them.

    Parameters
    ----------
    block : list of Line
    is_row : callable
        Says of a line that begins like a comment whether it is a row: the word may be ``#``.
    """
    if not any(line.text.startswith(MARKS) for line in block):
        return [], block
    comments, rows = [], []
    has_tabs = any("\t" in line.text for line in block)
    for line in block:
        leads = not rows and _is_comment(line, bool(comments), is_row)
        inside = has_tabs and line.text.startswith(("# ", "## ")) and "\t" not in line.text
        (comments if leads or inside else rows).append(line)
    return comments, rows


def _is_comment(line: Line, follows_comment: bool, is_row: Callable[[Line], bool]) -> bool:
    text = line.text
    if not text.startswith(MARKS):
        return False
    if KEY_AND_VALUE.match(text) and "\t" not in text:
        return True
    if is_row(line):
        return False
    return len(line.columns) > 1 or follows_comment or text.startswith("##")
