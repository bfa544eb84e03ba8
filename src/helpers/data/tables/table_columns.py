"""Find the columns of a table that hold its words and tags."""

from itertools import islice
from pathlib import Path
from typing import NamedTuple

from helpers.data.column_files.conll_columns import TAG_NAMES, WORD_NAMES, choose_by_name, chosen_column
from helpers.data.reading import Choices, Reading
from helpers.data.tables.csv_rows import Row, read_rows
from helpers.data.tables.lists_as_text import read_list

# Not "id", which may count words, too.
SENTENCE_NAMES = "sentence_# sentence_id sentence_number sentence_no sentence_idx sentence sent_id sent".split()
LOOKED_AT = 20  # rows by which the form is recognised


class TableColumns(NamedTuple):
    """Where the words, their tags and the numbers of sentences are, and whether each row has a whole sentence."""

    words: int
    tags: int
    sentence: int | None
    has_sentences: bool


def is_table(path: Path) -> bool:
    """Return whether a file has a header as tables have it, with a number for sentences or whole sentences in rows."""
    columns = find_columns(path, Choices())
    return columns is not None and (columns.sentence is not None or columns.has_sentences)


def find_columns(path: Path, choices: Choices) -> TableColumns | None:
    """Find the columns by their names in the first row; None if they aren't there.

    Raises
    ------
    ParameterError
        If there is no such column of tags as the choices name.
    """
    rows = read_rows(path, Reading())
    names = next(rows, Row("", [])).cells
    words = choose_by_name(names, [*WORD_NAMES, "sentence"])
    if words is None:
        return None
    tags = choose_by_name(names, TAG_NAMES)
    if choices.tag_column is not None:
        others = [place for place in range(len(names)) if place != words]
        tags = chosen_column(choices.tag_column, names, others, str(path))
    if tags is None:
        return None
    sentence = choose_by_name(["" if place == words else name for place, name in enumerate(names)], SENTENCE_NAMES)
    pairs = [(row.cells[words], row.cells[tags]) for row in islice(rows, LOOKED_AT) if not row.is_empty]
    return TableColumns(words, tags, sentence, any(_are_lists(*pair) for pair in pairs))


def _are_lists(words: str, tags: str) -> bool:
    return read_list(tags) is not None or len(items_of(words)) == len(items_of(tags)) > 1


def items_of(cell: str) -> list[str]:
    """Return the words or tags of a cell: a list, or what spaces separate."""
    items = read_list(cell)
    return [item for item in cell.split(" ") if item] if items is None else items
