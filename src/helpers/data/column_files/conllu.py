"""Read CoNLL-U and CoNLL-U Plus files."""

from collections.abc import Iterator
from pathlib import Path

from helpers.data.column_files.conllu_entities import Entities, find_entities
from helpers.data.column_files.conllu_lines import Row, read_sentences
from helpers.data.reading import Reading
from helpers.data.tagging import Sentence, as_sentence, require_tag
from helpers.errors import MalformedDataError, UnknownTagError
from helpers.notebook.language import translate


def read_conllu(path: Path, reading: Reading) -> Iterator[Sentence]:
    """Read a CoNLL-U file a sentence at a time; first the whole of it is searched for the entities' tags.

    Words are the syntactic ones, from the column FORM: of a range such as ``1-2`` the words 1 and 2, and no empty
    nodes. Tags are in a column of their own (CoNLL-U Plus), or in MISC, as in ``NER=B-person``.

    Parameters
    ----------
    path : Path
        A UTF-8 file.
    reading : Reading
        Gets the places that are wrong, and says what was chosen.

    Yields
    ------
    Sentence
        In the order of the file, tags as IOB2.

    Raises
    ------
    DatasetUnavailableError, MalformedDataError, ParameterError
        As for `helpers.data.column_files.conllu_lines.read_sentences` and `conllu_entities.find_entities`. What is
        wrong with a row is added to the reading.
    """
    first_time = Reading()
    try:
        entities = find_entities(read_sentences(path, first_time), reading, str(path))
    except MalformedDataError:
        first_time.finish()  # the tags may be in rows that cannot be read
        raise
    for rows in read_sentences(path, reading):
        errors = [error for row in rows if (error := _wrong(row, entities))]
        for error in errors:
            reading.add(error)
        words = [row for row in rows if not row.is_range]
        if words and not errors:
            yield from _sentence(words, entities, reading)


def _sentence(words: list[Row], entities: Entities, reading: Reading) -> Iterator[Sentence]:
    tags = [entities.tag(row) for row in words]
    try:
        yield as_sentence([row.columns["FORM"] for row in words], tags, entities.form)
    except UnknownTagError as error:
        reading.add(UnknownTagError(translate("{where}: {error}").format(where=words[0].where, error=error)))


def _wrong(row: Row, entities: Entities) -> MalformedDataError | UnknownTagError | None:
    tag = entities.tag(row)
    if not row.is_range:
        try:
            require_tag(tag, row.where, entities.form)
        except UnknownTagError as error:
            return error
    elif tag not in (entities.form.outside, "_"):
        return MalformedDataError(
            translate(
                "{where}: the range {range} has the tag {tag}, but the words it stands for should have it; move it to"
                " their rows"
            ).format(where=row.where, range=row.columns["ID"], tag=repr(tag))
        )
    return None
