"""Read tables of words and tags, with a word or a sentence in each row."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from helpers.data.reading import Reading
from helpers.data.tables.csv_rows import read_rows
from helpers.data.tables.table_columns import TableColumns, find_columns, items_of
from helpers.data.tagged_rows import TaggedRow, require_pairs, sentences_of_rows
from helpers.data.tagging import Sentence
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate


def read_table(path: Path, reading: Reading) -> Iterator[list[Sentence]]:
    """Read a table, whose header names the columns of words and tags.

    Either a row has a word and its tag; the next sentence begins where the number of the sentence changes, which may
    stand in its first row only, or behind an empty row. Or a row has a sentence: its words and tags as lists, or as
    texts with spaces between them.

    Parameters
    ----------
    path : Path
        As for `helpers.data.tables.csv_rows.read_rows`.
    reading : Reading
        Gets the places that are wrong. Its choices may name the column of tags.

    Yields
    ------
    list of Sentence
        As `helpers.data.tagged_rows.sentences_of_rows` makes them.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError
        If the header does not name the columns.
    ParameterError
        If it has no such column as the choices name.
    """
    columns = find_columns(path, reading.choices)
    if columns is None:
        for _ in read_rows(path, reading):  # perhaps it cannot be read at all
            pass
        reading.finish()
        raise MalformedDataError(
            translate(
                "{path}: the first row should name the columns, such as word and tag, or tokens and ner_tags. Put such"
                " a row before the others"
            ).format(path=path)
        )
    return sentences_of_rows(partial(_sentences if columns.has_sentences else _words, path, columns), reading)


def _sentences(path: Path, columns: TableColumns, reading: Reading) -> Iterator[TaggedRow]:
    for row in islice(read_rows(path, reading), 1, None):
        if not row.is_empty:
            try:
                yield require_pairs(row.where, items_of(row.cells[columns.words]), items_of(row.cells[columns.tags]))
            except MalformedDataError as error:
                reading.add(error)


def _words(path: Path, columns: TableColumns, reading: Reading) -> Iterator[TaggedRow]:
    where, words, tags = "", [], []
    number, numbers, are_parted = "", set(), columns.sentence is not None
    for row in islice(read_rows(path, reading), 1, None):
        given = "" if row.is_empty or columns.sentence is None else row.cells[columns.sentence].strip()
        begins = given not in ("", number)
        if words and (row.is_empty or begins):
            are_parted = True
            yield TaggedRow(where, words, tags)
            words, tags = [], []
        if row.is_empty:
            continue
        if begins and given in numbers:
            reading.add(_again(row.where, given))
        number = given or number
        numbers.add(number)
        word, tag = row.cells[columns.words], row.cells[columns.tags]
        if not word.strip() or not tag.strip():
            reading.add(MalformedDataError(translate("{where}: the word or its tag is empty").format(where=row.where)))
            continue
        where = where if words else row.where
        words.append(word)
        tags.append(tag)
    if not are_parted:
        reading.add(
            MalformedDataError(
                translate(
                    "{path}: nothing tells where a sentence ends. Add a column sentence_id with a number for each"
                    " sentence, or an empty row behind each"
                ).format(path=path)
            )
        )
    if words:
        yield TaggedRow(where, words, tags)


def _again(where: str, number: str) -> MalformedDataError:
    return MalformedDataError(
        translate("{where}: the sentence {number} has ended before. Put all of its rows side by side").format(
            where=where, number=repr(number)
        )
    )
