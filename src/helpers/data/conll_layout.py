"""Find out how a CoNLL file is laid out: its comments, and which columns have the words and the tags."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

from helpers.data.characters import are_pieces
from helpers.data.columns import MOST_VALUES, TAG_NAMES, WORD_NAMES, choose_by_name, chosen_column
from helpers.data.lines import read_lines
from helpers.data.reading import Reading
from helpers.data.tag_forms import TYPES, TagForm
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

MARKS = ("#", ";", "$")  # at the beginning of comments
DOCUMENT = re.compile(r" *-docstart-(?![^\t (])", re.IGNORECASE)
KEY_AND_VALUE = re.compile(r"#\s+[\w.:-]+\s*=[^\t]*")  # as in "# sent_id = 1"
TAGGED = re.compile(r"O|[BIESLUM][-_].+")
BEFORE_NAMES = re.compile(r"#+\s*((global\.)?columns\s*[:=])?\s*")
HEAD = 1000  # blocks by which the number of columns is found
EMPTY_ROWS_AT_LEAST = 0.05  # of the rows, if they are spaces: a "_" may also be a word


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


class Layout(NamedTuple):
    """How the rows of a file are to be read.

    Parameters
    ----------
    header : str
        The line that names the columns; empty if there is none.
    width : int
        How many columns most rows have.
    word, tag : int
        Which of them have the words and the tags.
    form : TagForm
    tags : frozenset of str
        The tags of the file.
    has_spaces : bool
        Whether words are pieces of a text, and rows without a word are the spaces between them.
    """

    header: str
    width: int
    word: int
    tag: int
    form: TagForm
    tags: frozenset[str]
    has_spaces: bool

    def is_row(self, line: Line) -> bool:
        """Return whether a line that begins like a comment is a row of the file."""
        if line.is_plain_row():
            return True
        fits = len(line.columns) == self.width and self.form.fits(line.columns[self.tag])
        return fits and (self.form.pattern != TYPES.pattern or line.columns[self.tag] in self.tags)


def find_layout(path: Path, reading: Reading) -> Layout:
    """Look at the whole file, a block at a time, and choose its columns as `docs/data.md` says.

    Raises
    ------
    MalformedDataError
        If it is unclear whether the first column counts words, or a header has another number of names than rows have
        columns.
    ParameterError
        If there is no such column as the caller has chosen.
    """
    header, names, width = _find_header(path)
    contents = _Contents(path, header, width)
    word, tag = _choose_columns(path, names, contents, reading)
    form = TagForm.likely(contents.values[tag])
    reading.remark(*form.remarks())
    has_spaces = contents.empty_rows > EMPTY_ROWS_AT_LEAST * contents.rows
    if contents.values[word][" "]:
        rows = (line.columns for block in read_blocks(path, header) for line in part_comments(block)[1])
        has_spaces = are_pieces(columns[word] for columns in rows if len(columns) > word)
    return Layout(header, width, word, tag, form, frozenset(contents.values[tag]), has_spaces)


def read_blocks(path: Path, header: str = "") -> Iterator[list[Line]]:
    """Read the lines between blank lines and ``-DOCSTART-`` lines, without the header."""
    block = []
    for where, text in read_lines(path):
        if text.strip() and not DOCUMENT.match(text):
            if text != header:
                block.append(Line(where, text, _split_columns(text)))
        elif block:
            yield block
            block = []
    if block:
        yield block


def part_comments(
    block: list[Line], is_row: Callable[[Line], bool] = Line.is_plain_row
) -> tuple[list[Line], list[Line]]:
    """Part a block into comments and rows, where ``is_row`` tells whether a line such as ``# O`` has a word.

    Comments stand before a sentence's first row and begin with ``#``, ``;`` or ``$``; or they begin with ``#`` and a
    space, and have no tab while rows have them.
    """
    comments, rows = [], []
    has_tabs = any("\t" in line.text for line in block)
    for line in block:
        leads = not rows and line.text.startswith(MARKS) and (KEY_AND_VALUE.fullmatch(line.text) or not is_row(line))
        inside = has_tabs and line.text.startswith(("# ", "## ")) and "\t" not in line.text
        (comments if leads or inside else rows).append(line)
    return comments, rows


def trimmed(columns: list[str], width: int) -> list[str]:
    """Leave out what a tab at the end of a line adds to its columns."""
    return columns[:width] if len(columns) == width + 1 and not columns[-1] else columns


def _split_columns(text: str) -> list[str]:
    """Split a line at its tabs or else at spaces; a column of nothing but spaces is one space, as KLUE has them."""
    if "\t" in text:
        return [column.strip(" ") or column[:1] for column in text.split("\t")]
    # Not str.split without an argument: it would also split at a no-break space, and lose a word that is one.
    return re.split(" +", text.strip(" "))


def _find_header(path: Path) -> tuple[str, list[str], int]:
    """Find the line that names the columns, the names, and how many columns most rows have."""
    widths, header, names = Counter(), None, []
    for block in islice(read_blocks(path), HEAD):
        comments, rows = part_comments(block)
        for line in () if widths else comments + rows[:1]:
            columns = _split_columns(BEFORE_NAMES.sub("", line.text, count=1) if line in comments else line.text)
            if None not in (choose_by_name(columns, WORD_NAMES), choose_by_name(columns, TAG_NAMES)):
                header, names = line, columns
        widths.update(len(trimmed(row.columns, max(len(row.columns) - 1, 2))) for row in rows if row is not header)
    width = widths.most_common(1)[0][0] if widths else len(names)
    if header and len(names) != width:
        message = translate(
            "{where}: the line names {names} columns, but most rows have {width}; give each column its name"
        )
        raise MalformedDataError(message, where=header.where, names=len(names), width=width)
    return header.text if header else "", names, max(width, 2)


class _Contents:
    """How often each value is in a column, and whether the first column counts words."""

    def __init__(self, path: Path, header: str, width: int):
        self.values = [Counter() for _ in range(width)]
        self.rows = self.empty_rows = 0  # the latter have _ in each column but the tag's
        self._counting = self._several_words = self._last = 0
        self._first_other = ""
        for block in read_blocks(path, header):
            if lines := part_comments(block)[1]:
                self._add_first([line.columns[0] for line in lines], lines[0].where)
                rows = [trimmed(line.columns, width) for line in lines]
                self._add([row for row in rows if len(row) == width])

    def _add(self, rows: list[list[str]]) -> None:
        self.rows += len(rows)
        for counter, column in zip(self.values, zip(*rows, strict=True), strict=False):
            counter.update(column if len(counter) < MOST_VALUES else (value for value in column if value == " "))
        if len(self.values) > 2:
            self.empty_rows += sum(row.count("_") >= len(row) - 1 for row in rows)

    def _add_first(self, values: list[str], where: str) -> None:
        """Look whether a sentence is numbered from 0, 1 or where the last one ended; a number may come repeatedly."""
        numbers = [int(value) for value in values if re.fullmatch("[0-9]{1,9}", value)]
        self._several_words += len(values) > 1
        follows = len(numbers) == len(values) and numbers[0] in (0, 1, self._last + 1)
        if not follows or any(after - before not in (0, 1) for before, after in pairwise(numbers)):
            self._first_other = self._first_other or where
            return
        self._counting += numbers[0] < numbers[-1]
        self._last = numbers[-1]

    def first_counts(self, path: Path) -> bool:
        """Return whether the first column counts words in most sentences of several; then it has to in all."""
        if 2 * self._counting <= self._several_words:
            return False
        advice = translate(
            "If the numbers are words, say so in a first line with the columns' names, such as word and tag with a tab"
            " between them"
        )
        if self._first_other:
            message = translate(
                "{where}: the first column counts words in {count} sentences, but not in this one. Number all"
                " sentences from 1 on, or take the column out. {advice}"
            )
            raise MalformedDataError(message, where=self._first_other, count=self._counting, advice=advice)
        if len(self.values) < 3:
            message = translate(
                "{path}: the first column counts words, and there is only one other, so either words or tags are"
                " missing. Write number, word and tag in three columns, or word and tag in two. {advice}"
            )
            raise MalformedDataError(message, path=path, advice=advice)
        return True


class _Candidate(NamedTuple):
    """A column whose values are tags, perhaps with a few that are misspelled."""

    rank: int  # prefixes are surer signs of tags than types alone, and O is than another mark
    types: frozenset[str]


def _candidate(values: Counter[str]) -> _Candidate | None:
    form = TagForm.likely(values)
    fitting = [value for value in values if form.fits(value)]
    types = frozenset(form.split(value)[1] or "" for value in fitting if form.split(value)[0] != "O")
    if len(values) >= MOST_VALUES or not types or 2 * sum(values[value] for value in fitting) < values.total():
        return None
    if form.pattern != TYPES.pattern:
        return _Candidate(2, types)
    # Most words are outside of entities; of parts of speech or lemmas, none is so frequent.
    return _Candidate(int(form.outside == "O"), types) if values[form.outside] == max(values.values()) else None


def _choose_columns(path: Path, names: list[str], contents: _Contents, reading: Reading) -> tuple[int, int]:
    choice, width = reading.choices.tag_column, len(contents.values)
    candidates = {place: found for place, values in enumerate(contents.values) if (found := _candidate(values))}
    if width == 2 and candidates.keys() == {0} and not names and choice is None:
        values = contents.values[1]
        if not any(map(TagForm.likely(values).fits, values)):
            reading.remark(translate("Tags are read from the first column, and words from the second."))
            return 1, 0
    word = choose_by_name(names, WORD_NAMES)
    if word is None:
        word = int(contents.first_counts(path))
        if word:
            reading.remark(translate("The first column counts words, so words are read from the second."))
    candidates.pop(word, None)
    if choice is not None:
        return word, chosen_column(choice, names, word, width, path)
    tag = choose_by_name(names, TAG_NAMES)
    if tag is None:
        # The named entities and not the chunks before them; of entities within entities, the outer ones.
        best = max((each.rank for each in candidates.values()), default=None)
        places = [place for place, each in candidates.items() if each.rank == best]
        shared = [place for place in places if candidates[place].types & candidates[places[-1]].types]
        tag = shared[0] if shared else width - 1 - (word == width - 1)
    rank = candidates[tag].rank if tag in candidates else 0
    alike = [str(place) for place, each in candidates.items() if place != tag and each.rank >= rank]
    if alike:
        message = translate(
            "Tags are read from column {tag}, where 0 is the first; columns that look like tags too: {others}."
            " tag_column chooses another one."
        )
        reading.remark(message.format(tag=tag, others=", ".join(alike)))
    return word, tag
