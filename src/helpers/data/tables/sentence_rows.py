"""Read files with a sentence and its tags in each line, which a tab separates."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from helpers.data.lines import read_lines
from helpers.data.reading import Reading
from helpers.data.tagged_rows import TaggedRow, require_pairs, sentences_of_rows
from helpers.data.tagging import Sentence
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

LOOKED_AT = 20  # lines by which the form is recognised


def has_sentence_rows(path: Path) -> bool:
    """Return whether most of the first lines have two columns, of several words and as many tags."""
    try:
        lines = list(islice((line.split("\t") for _, line in read_lines(path) if line.strip()), LOOKED_AT))
    except MalformedDataError:  # bytes that are not UTF-8, which any reader names
        return False
    counts = [tuple(len(_items(column)) for column in columns) for columns in lines if len(columns) == 2]
    return 2 * sum(words == tags > 1 for words, tags in counts) > len(lines)


def read_sentence_rows(path: Path, reading: Reading) -> Iterator[list[Sentence]]:
    """Read lines such as ``In Oslo<tab>O B-place``, with one tag for each word; spaces separate both.

    Parameters
    ----------
    path : Path
        A UTF-8 file.
    reading : Reading
        Gets the places that are wrong.

    Yields
    ------
    list of Sentence
        As `helpers.data.tagged_rows.sentences_of_rows` makes them; empty lines are skipped.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    """
    return sentences_of_rows(partial(_rows, path), reading)


def _rows(path: Path, reading: Reading) -> Iterator[TaggedRow]:
    try:
        for where, line in read_lines(path):
            words, tab, tags = line.partition("\t")
            try:
                if line.strip() and not tab:
                    raise MalformedDataError(
                        translate("{where}: expected a sentence, a tab and its tags").format(where=where)
                    )
                yield require_pairs(where, _items(words), _items(tags))
            except MalformedDataError as error:
                reading.add(error)
    except MalformedDataError as error:  # the line is not UTF-8
        reading.add(error)


def _items(text: str) -> list[str]:
    return [item for item in text.split(" ") if item]
