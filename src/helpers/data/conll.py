"""Read CoNLL files, with a word and its tag in each line and a blank line after each sentence."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import NamedTuple

from helpers.data.columns import MOST_VALUES, TAG_NAMES, WORD_NAMES, choose_by_name, chosen_column
from helpers.data.reading import Reading, read_lines
from helpers.data.tagged_rows import SPACE, RowForm, TaggedRow, are_pieces, sentences_of_rows
from helpers.data.tagging import TYPES, Sentence, TagForm
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

MARKS = ("#", ";", "$")  # at the beginning of comments
DOCUMENT = re.compile(r" *-docstart-(?![^\t (])", re.IGNORECASE)
KEY_AND_VALUE = re.compile(r"#\s+[\w.:-]+\s*=[^\t]*")  # as in "# sent_id = 1"
TAGGED = re.compile(r"O|[BIESLUM][-_].+")
BEFORE_NAMES = re.compile(r"#+\s*((global\.)?columns\s*[:=])?\s*")
HEAD = 1000  # blocks by which the number of columns is found
EMPTY_ROWS_AT_LEAST = 0.05  # of the rows, if they are spaces: a "_" may also be a word
LOOKED_AT = 200  # lines by which another form is recognised
BEGINS_JSON = re.compile(r"\s*[\[{]\s*([\[{\"].*)?")


class Line(NamedTuple):
    """A line that is not blank: file and number as an error gives them, the whole of it, and its columns."""

    where: str
    text: str
    columns: list[str]

    def is_comment(self) -> bool:
        """Return whether it is a comment if it stands before a sentence's first row; its word may also be ``#``."""
        if not self.text.startswith(MARKS) or KEY_AND_VALUE.fullmatch(self.text):
            return self.text.startswith(MARKS)
        has_tag = TAGGED.fullmatch(self.columns[-1]) or ("\t" in self.text and " " not in self.columns[0])
        return len(self.columns) < 2 or not has_tag

    def trimmed(self, width: int) -> list[str]:
        """Return the columns without the empty one that a tab at the end of the line adds to so many."""
        has_more = len(self.columns) == width + 1 and not self.columns[-1]
        return self.columns[:width] if has_more else self.columns


class Layout(NamedTuple):
    """How the rows of a file are to be read; the header is the line that names the columns, or empty."""

    header: str
    width: int  # how many columns most rows have
    word: int
    tag: int
    form: TagForm
    has_spaces: bool  # whether words are pieces of a text, and rows without a word are the spaces between them


def read_conll(path: Path, reading: Reading) -> Iterator[list[Sentence]]:
    """Read a UTF-8 file a sentence at a time, after it was read once to find out how it is laid out.

    Wrong rows are added to the reading. Raises `MalformedDataError` if there are no tags, it is unclear whether the
    first column counts words, or a header has another number of names; `ParameterError` if a chosen column is missing.
    """
    layout = _find_layout(path, reading)

    def rows(reading: Reading) -> Iterator[TaggedRow]:
        count = 0
        for comments, lines in _read_blocks(path, layout.header):
            count += len(comments)
            pairs = []
            for line in lines:
                with reading.collect(line.where):
                    pairs.append(_word_and_tag(line, layout))
            if pairs:
                yield TaggedRow(lines[0].where, *zip(*pairs, strict=True))
        if count:
            reading.remark(translate("{count} comment lines are left out; they begin with #, ; or $.", count=count))

    return sentences_of_rows(rows, reading, RowForm(layout.form, layout.has_spaces))


def _word_and_tag(line: Line, layout: Layout) -> tuple[str, str]:
    columns = line.trimmed(layout.width)
    if len(columns) != layout.width:
        message = translate("{where}: {count} columns, but most rows have {width}")
        raise MalformedDataError(message, where=line.where, count=len(columns), width=layout.width)
    word, tag = columns[layout.word], columns[layout.tag]
    if not tag.strip():
        raise MalformedDataError(translate("{where}: the tag is empty: {columns}"), where=line.where, columns=columns)
    layout.form.split(tag)
    others = columns[: layout.tag] + columns[layout.tag + 1 :]
    if layout.has_spaces and (word == SPACE or (len(others) > 1 and set(others) == {"_"})):
        return SPACE, tag
    if not word.strip(SPACE):
        raise MalformedDataError(translate("{where}: the word is empty: {columns}"), where=line.where, columns=columns)
    return word, tag


def _refuse_other_forms(path: Path) -> None:
    texts = [text for _, text in islice(read_lines(path), LOOKED_AT) if text.strip() and not DOCUMENT.match(text)]
    if not texts or any("\t" in text for text in texts):
        return
    widths = {len(text.split()) for text in texts}
    mark = next((mark for mark in ",;" if mark in texts[0] and len({text.count(mark) for text in texts}) == 1), "")
    if BEGINS_JSON.fullmatch(texts[0]):
        message = translate("this looks like JSON. Give the file a name that ends in .json or .jsonl")
    elif mark and len(texts) > 1:
        message = translate(
            "this looks like a table with {mark} between its columns. Give the file a name that ends in .csv"
        )
    elif len(widths) > 1 or max(widths) > 4:
        message = translate(
            "this looks like text without tags. Write each word on a line of its own, then a tab and its tag, such as"
            " B-person or O; tools such as Label Studio and doccano help to label text"
        )
    else:
        return
    raise MalformedDataError(translate("{where}: {sentence}"), where=path, sentence=message.format(mark=repr(mark)))


def _find_layout(path: Path, reading: Reading) -> Layout:
    """Look at the whole file, a block at a time, and choose its columns as docs/data.md says."""
    header, names, width = _find_header(path)
    values, has_spaces = _count_values(path, header, width)
    word, tag = _choose_columns(path, header, names, values, reading)
    form = TagForm.likely(values[tag])
    if not any(map(form.fits, values[tag])):
        _refuse_other_forms(path)
    reading.remark(*form.remarks())
    if values[word][SPACE]:
        rows = (row.columns for _, rows in _read_blocks(path, header) for row in rows)
        has_spaces = are_pieces(columns[word] for columns in rows if len(columns) > word)
    return Layout(header, width, word, tag, form, has_spaces)


def _read_blocks(path: Path, header: str = "") -> Iterator[tuple[list[Line], list[Line]]]:
    """Read the comments and the rows between blank lines and ``-DOCSTART-`` lines, without the header.

    Comments stand before the first row and begin with ``#``, ``;`` or ``$``; or they begin with ``#`` and a space, and
    have no tab while rows have them.
    """
    block = []
    for where, text in chain(read_lines(path), [("", "")]):
        if text.strip() and not DOCUMENT.match(text):
            if text != header:
                block.append(Line(where, text, _split_columns(text)))
        elif block:
            comments, rows, has_tabs = [], [], any("\t" in line.text for line in block)
            for line in block:
                is_inside = has_tabs and line.text.startswith(("# ", "## ")) and "\t" not in line.text
                (comments if is_inside or (not rows and line.is_comment()) else rows).append(line)
            yield comments, rows
            block = []


def _split_columns(text: str) -> list[str]:
    """Split a line at its tabs or else at spaces; a column of nothing but spaces is one space, as KLUE has them."""
    if "\t" in text:
        return [column.strip(" ") or column[:1] for column in text.split("\t")]
    # Not str.split without an argument: it would also split at a no-break space, and lose a word that is one.
    return re.split(" +", text.strip(" "))


def _find_header(path: Path) -> tuple[str, list[str], int]:
    widths, header, names = Counter(), None, []
    for comments, rows in islice(_read_blocks(path), HEAD):
        for line in () if widths else comments + rows[:1]:
            columns = _split_columns(BEFORE_NAMES.sub("", line.text, count=1))
            if None not in (choose_by_name(columns, WORD_NAMES), choose_by_name(columns, TAG_NAMES)):
                header, names = line, columns
        widths.update(len(row.trimmed(max(len(row.columns) - 1, 2))) for row in rows if row is not header)
    width = widths.most_common(1)[0][0] if widths else len(names)
    if header and len(names) != width:
        message = translate(
            "{where}: the line names {names} columns, but most rows have {width}; give each column its name"
        )
        raise MalformedDataError(message, where=header.where, names=len(names), width=width)
    return header.text if header else "", names, max(width, 2)


def _count_values(path: Path, header: str, width: int) -> tuple[list[Counter[str]], bool]:
    """Count the values of each column; and tell whether rows stand for spaces, with _ in each column but the tag's."""
    values, count, empty = [Counter() for _ in range(width)], 0, 0
    for _, lines in _read_blocks(path, header):
        rows = [row for line in lines if len(row := line.trimmed(width)) == width]
        count += len(rows)
        empty += sum(width > 2 and row.count("_") >= width - 1 for row in rows)
        for counter, column in zip(values, zip(*rows, strict=True), strict=False):
            counter.update(column if len(counter) < MOST_VALUES else (SPACE for value in column if value == SPACE))
    return values, empty > EMPTY_ROWS_AT_LEAST * count


def _first_counts(path: Path, header: str, values: list[Counter[str]]) -> bool:
    """Return whether the first column counts words in most sentences of several; then it has to in all."""
    counting = several_words = 0
    first_other = ""
    for _, lines in _read_blocks(path, header) if any(map(str.isdecimal, values[0])) else ():
        numbers = [int(line.columns[0]) for line in lines if re.fullmatch("[0-9]{1,9}", line.columns[0])]
        several_words += len(lines) > 1
        # A number may come repeatedly.
        if len(numbers) == len(lines) and all(after - before in (0, 1) for before, after in pairwise(numbers)):
            counting += len(set(numbers)) > 1
        else:
            first_other = first_other or lines[0].where
    counts = 2 * counting > several_words
    if counts and (first_other or len(values) < 3):
        message = translate(
            "{where}: the first column counts words in most sentences, but not in this one, or words or tags are"
            " missing besides. Number all sentences from 1 on, or take the column out. If the numbers are words,"
            " name the columns in a first line, such as word and tag with a tab between them"
        )
        raise MalformedDataError(message, where=first_other or path)
    return counts


def _candidate(values: Counter[str]) -> tuple[int, frozenset[str]] | None:
    """Tell how surely a column has tags, perhaps with a few that are misspelled, and their types; None if it has none.

    Prefixes are surer signs of tags than types alone, and O is than another mark.
    """
    form = TagForm.likely(values)
    fitting = [value for value in values if form.fits(value)]
    types = frozenset(form.split(value)[1] or "" for value in fitting if form.split(value)[0] != "O")
    if len(values) >= MOST_VALUES or not types or 2 * sum(values[value] for value in fitting) < values.total():
        return None
    if form.pattern != TYPES.pattern:
        return 2, types
    # Most words are outside of entities; of parts of speech or lemmas, none is so frequent.
    return (int(form.outside == "O"), types) if values[form.outside] == max(values.values()) else None


def _choose_columns(
    path: Path, header: str, names: list[str], values: list[Counter[str]], reading: Reading
) -> tuple[int, int]:
    choice, width = reading.choices.tag_column, len(values)
    candidates = {place: found for place, column in enumerate(values) if (found := _candidate(column))}
    second_is_tags = any(map(TagForm.likely(values[1]).fits, values[1]))
    if width == 2 and not names and choice is None and candidates.keys() == {0} and not second_is_tags:
        reading.remark(translate("Tags are read from the first column, and words from the second."))
        return 1, 0
    word = choose_by_name(names, WORD_NAMES)
    if word is None and _first_counts(path, header, values):
        word = 1
        reading.remark(translate("The first column counts words, so words are read from the second."))
    word = word or 0
    if choice is not None:
        return word, chosen_column(choice, names, [place for place in range(width) if place != word], path)
    candidates.pop(word, None)
    tag = choose_by_name(names, TAG_NAMES)
    if tag is None:
        # The named entities and not the chunks before them; of entities within entities, the outer ones.
        best = max((rank for rank, _ in candidates.values()), default=None)
        types = {place: types for place, (rank, types) in candidates.items() if rank == best}
        tag = next((place for place in types if types[place] & types[max(types)]), width - 1 - (word == width - 1))
    rank, _ = candidates.get(tag, (0, None))
    alike = [str(place) for place, (other, _) in candidates.items() if place != tag and other >= rank]
    if alike:
        reading.remark(
            translate(
                "Tags are read from column {tag}, where 0 is the first; columns that look like tags too: {others}."
                " tag_column chooses another one.",
                tag=tag,
                others=", ".join(alike),
            )
        )
    return word, tag
