"""Read tables, such as CSV: with a word in each row, or a sentence as lists or as texts with spaces."""

import ast
import csv
import json
import re
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from helpers.data.columns import TAG_NAMES, WORD_NAMES, choose_by_name, chosen_column
from helpers.data.reading import Choices, Reading, read_lines
from helpers.data.tagged_rows import TaggedRow, require_pairs, sentences_of_rows
from helpers.data.tagging import Sentence
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

# Not "id", which may count words, too.
SENTENCE_NAMES = "sentence_# sentence_id sentence_number sentence_no sentence_idx sentence sent_id sent".split()
LOOKED_AT = 20  # rows by which the form is recognised
# Not what Python reads as a list: it would join the texts of ['a' 'b'], which NumPy prints without commas.
ITEM = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?:\s*,\s*|\s+|$)"""


class Columns(NamedTuple):
    """Where the words, their tags and the numbers of sentences are, and whether each row has a whole sentence."""

    words: int
    tags: int
    sentence: int | None
    has_sentences: bool


def is_table(path: Path) -> bool:
    """Return whether a file has a header as tables have it, with a number for sentences or whole sentences in rows."""
    columns = _find_columns(path, Choices())
    return columns is not None and (columns.sentence is not None or columns.has_sentences)


def read_table(path: Path, reading: Reading) -> Iterator[list[Sentence]]:
    """Read a table whose header names the columns of words and tags; a comma, semicolon or tab parts them.

    Where a row has a word, the next sentence begins where the number of the sentence changes, which may stand in its
    first row only, or behind an empty row. Wrong rows are added to the reading. Raises `MalformedDataError` if the
    header does not name the columns; `ParameterError` if there is none as chosen.
    """
    columns = _find_columns(path, reading.choices)
    if columns is None:
        message = translate(
            "{path}: the first row should name the columns, such as word and tag, or tokens and ner_tags. Put such"
            " a row before the others"
        )
        raise MalformedDataError(message, path=path)
    return sentences_of_rows(partial(_sentences if columns.has_sentences else _words, path, columns), reading)


def has_sentence_rows(path: Path) -> bool:
    """Return whether most of the first lines have two columns, of several words and as many tags."""
    lines = list(islice((line.split("\t") for _, line in read_lines(path) if line.strip()), LOOKED_AT))
    counts = [tuple(len(_split(column)) for column in columns) for columns in lines if len(columns) == 2]
    return 2 * sum(words == tags > 1 for words, tags in counts) > len(lines)


def read_sentence_rows(path: Path, reading: Reading) -> Iterator[list[Sentence]]:
    """Read lines such as ``In Oslo<tab>O B-place``, with one tag for each word; spaces separate both."""

    def rows(reading: Reading) -> Iterator[TaggedRow]:
        for where, line in read_lines(path):
            words, _, tags = line.partition("\t")
            with reading.collect():
                yield require_pairs(where, _split(words), _split(tags))

    return sentences_of_rows(rows, reading)


def read_list(text: str) -> list[str] | None:
    """Read a list of texts as Python, JSON or NumPy print it, such as ``['a' 'b']``; None if it is none."""
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        inner = text[1:-1].strip()
        if not re.fullmatch(f"(?:{ITEM})*", inner, re.DOTALL):
            return None
        try:
            values = [ast.literal_eval(item) for item in re.findall(ITEM, inner, re.DOTALL)]
        except (ValueError, SyntaxError):  # such as an escape that is cut off
            return None
    return values if all(isinstance(value, str) for value in values) else None


def _find_columns(path: Path, choices: Choices) -> Columns | None:
    rows = _read_rows(path, Reading())
    _, names = next(rows, ("", []))
    words, tags = choose_by_name(names, [*WORD_NAMES, "sentence"]), choose_by_name(names, TAG_NAMES)
    if words is not None and choices.tag_column is not None:
        tags = chosen_column(choices.tag_column, names, [place for place in range(len(names)) if place != words], path)
    if words is None or tags is None:
        return None
    sentence = choose_by_name(["" if place == words else name for place, name in enumerate(names)], SENTENCE_NAMES)
    pairs = [(cells[words], cells[tags]) for _, cells in islice(rows, LOOKED_AT) if cells]
    has_sentences = any(
        read_list(tags) is not None or len(_items(words)) == len(_items(tags)) > 1 for words, tags in pairs
    )
    return Columns(words, tags, sentence, has_sentences)


def _read_rows(path: Path, reading: Reading) -> Iterator[tuple[str, list[str]]]:
    header = next((line for _, line in read_lines(path) if line.strip()), "")
    rows = csv.reader(
        (f"{line}\n" for _, line in read_lines(path)), delimiter=max(",;\t", key=header.count), strict=True
    )
    width, number, place = 0, 1, translate("{path}, line {number}")
    try:
        for cells in rows:
            where, number = place.format(path=path, number=number), rows.line_num + 1
            is_empty = not any(map(str.strip, cells))
            width = width or (0 if is_empty else len(cells))
            if is_empty and width:
                yield where, []
            elif len(cells) == width:
                yield where, cells
            elif not is_empty:
                message = translate("{where}: {count} cells, but the header has {width}")
                reading.add(MalformedDataError(message, where=where, count=len(cells), width=width))
    except csv.Error as error:
        reading.add(MalformedDataError(f"{place.format(path=path, number=number)}: {error}"))


def _split(text: str) -> list[str]:
    return [item for item in text.split(" ") if item]  # at a no-break space, str.split alone would, too


def _items(cell: str) -> list[str]:
    items = read_list(cell)
    return _split(cell) if items is None else items


def _sentences(path: Path, columns: Columns, reading: Reading) -> Iterator[TaggedRow]:
    for where, cells in islice(_read_rows(path, reading), 1, None):
        if cells:
            with reading.collect():
                yield require_pairs(where, _items(cells[columns.words]), _items(cells[columns.tags]))


def _words(path: Path, columns: Columns, reading: Reading) -> Iterator[TaggedRow]:
    number, numbers, pairs, begun, are_parted = "", set(), [], "", columns.sentence is not None
    for where, cells in chain(islice(_read_rows(path, reading), 1, None), [("", [])]):  # at the end, an empty one
        given = cells[columns.sentence].strip() if cells and columns.sentence is not None else ""
        begins = given not in ("", number)
        if pairs and (begins or not cells):
            yield TaggedRow(begun, *zip(*pairs, strict=True))
            pairs, are_parted = [], are_parted or bool(where)
        if not cells:
            continue
        with reading.collect():
            number, is_again = given or number, begins and given in numbers
            numbers.add(number)
            if is_again:
                message = translate("{where}: the sentence {number} has ended before. Put all of its rows side by side")
                raise MalformedDataError(message, where=where, number=repr(number))
            word, tag = cells[columns.words], cells[columns.tags]
            if not word.strip() or not tag.strip():
                raise MalformedDataError(translate("{where}: the word or its tag is empty"), where=where)
            begun = begun if pairs else where
            pairs.append((word, tag))
    if not are_parted:
        message = translate(
            "{path}: nothing tells where a sentence ends. Add a column sentence_id with a number for each sentence, or"
            " an empty row behind each"
        )
        reading.add(MalformedDataError(message, path=path))
