"""Read JSON records of words and class ids, whose names are beside the file."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from helpers.data.hugging_face.class_names import find_class_names, name_of
from helpers.data.hugging_face.columns import TAGS
from helpers.data.json_files.json_records import read_records
from helpers.data.json_files.json_values import member, require_text
from helpers.data.json_files.tagged_json import has_words, words_name
from helpers.data.reading import Reading
from helpers.data.tagged_rows import TaggedRow, require_pairs, sentences_of_rows
from helpers.data.tagging import Sentence
from helpers.errors import MalformedDataError, ParameterError
from helpers.notebook.language import translate


def has_names(path: Path, record: dict) -> bool:
    """Return whether a file's first record has words and class ids, and the names of these are beside the file."""
    return has_words(record) and _named_column(path, record, None) is not None


def read_class_ids(path: Path, reading: Reading) -> Iterator[list[Sentence]]:
    """Read records such as ``{"tokens": ["In", "Oslo"], "ner_tags": [0, 1]}``.

    Parameters
    ----------
    path : Path
        As for `helpers.data.json_files.json_records.read_records`; for its first record, `has_names` is true.
    reading : Reading
        Gets the places that are wrong. Its choices may name the column of tags.

    Yields
    ------
    list of Sentence
        As `helpers.data.tagged_rows.sentences_of_rows` makes them.

    Raises
    ------
    ParameterError
        If there are no names for the column that the choices name.
    """
    where, first = next(read_records(path, Reading()))
    found = _named_column(path, first, reading.choices.tag_column)
    if found is None:
        raise ParameterError(
            translate("{where}: tag_column is {choice}, which is no column of class ids that have names").format(
                where=where, choice=repr(reading.choices.tag_column)
            )
        )
    return sentences_of_rows(partial(_rows, path, *found), reading)


def _named_column(path: Path, record: dict, chosen: str | int | None) -> tuple[str, list[str]] | None:
    for column in TAGS if chosen is None else [str(chosen)]:
        values = record.get(column)
        if isinstance(values, list) and all(type(value) is int for value in values):
            names = find_class_names(path, column)
            if names:
                return column, names
    return None


def _rows(path: Path, column: str, names: list[str], reading: Reading) -> Iterator[TaggedRow]:
    for where, record in read_records(path, reading):
        try:
            words = member(record, words_name(record), list, where)
            words = [require_text(word, translate("a word"), where) for word in words]
            tags = [name_of(tag, names, where) for tag in member(record, column, list, where)]
            yield require_pairs(where, words, tags)
        except MalformedDataError as error:
            reading.add(error)
