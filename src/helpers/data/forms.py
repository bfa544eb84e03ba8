"""Recognise which form a file of labelled text has."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from helpers.data.json_records import read_records, shortened
from helpers.data.labelled_texts import LabelledText, sentences_of
from helpers.data.reading import Reading
from helpers.data.split_names import NAMES
from helpers.data.tagging import Sentence
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

CONLL_SUFFIXES = (".conll", ".conllu", ".conllup", ".txt", ".tsv", ".iob", ".iob2", ".bio")
JSON_SUFFIXES = (".json", ".jsonl")
SPAN_SUFFIXES = (".ann", ".spacy")
TABLE_SUFFIXES = (".csv", ".parquet", ".arrow")
SUFFIXES = CONLL_SUFFIXES + JSON_SUFFIXES + SPAN_SUFFIXES + TABLE_SUFFIXES
SPLIT_SUFFIXES = {f".{name}" for names in NAMES.values() for name in names}  # eng.testa

EXAMPLE = '{"text": "In Oslo", "entities": [[3, 7, "place"]]}'

Reader = Callable[[Path, Reading], Iterator[list[Sentence]]]


def reader_of(path: Path) -> Reader:
    """Recognise a file's form by its suffix and by what its first record contains.

    Parameters
    ----------
    path : Path
        Its suffix is one of `SUFFIXES` or `SPLIT_SUFFIXES`, in either case, but not that of Parquet or Arrow; or a
        folder of texts with annotations.

    Returns
    -------
    callable
        Takes the path and a `Reading`; yields the file's documents: the sentences of a labelled text, which stay
        together in one split, or else one sentence. Wrong places are added to the reading.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError
        If the first record is none of the known forms.
    """
    # Readers are imported here, as each file has one form.
    if path.suffix.lower() == ".csv":
        from helpers.data.tables import read_table

        return read_table
    if path.suffix.lower() in {*CONLL_SUFFIXES, *SPLIT_SUFFIXES} and not os.path.isdir(path):
        return _line_reader(path)
    if path.suffix.lower() == ".spacy":
        from helpers.data.labelling_tools import read_spacy

        return partial(_labelled, read_spacy)
    if path.suffix.lower() == ".ann" or os.path.isdir(path):
        from helpers.data.labelling_tools import read_brat

        return partial(_labelled, read_brat)
    return _json_reader(path)


def _line_reader(path: Path) -> Reader:
    from helpers.data.conll import read_conll
    from helpers.data.conllu import is_conllu, read_conllu
    from helpers.data.tables import has_sentence_rows, is_table, read_sentence_rows, read_table

    suffix = path.suffix.lower()
    if suffix in (".tsv", ".txt"):
        if is_table(path):
            return read_table
        if has_sentence_rows(path):
            return read_sentence_rows
    return read_conllu if suffix.startswith(".conllu") or is_conllu(path) else read_conll


def _json_reader(path: Path) -> Reader:
    from helpers.data.labelling_tools import find_form, read_texts
    from helpers.data.tagged_json import WORDS, read_tagged

    # A file without a record goes to the reader of words and tags, which finds what is wrong, or nothing.
    where, first = next(read_records(path, Reading()), (str(path), {"tokens": [], "tags": []}))
    if form := find_form(first):
        return partial(_labelled, partial(read_texts, form))
    if any(name in first for name in WORDS):
        return read_tagged
    raise MalformedDataError(
        translate(
            "{where}: found {names}; expected words and their tags (tokens, tags), a text and its spans (text, and"
            " entities, spans or label), or an export of Label Studio (data, annotations; or annotation_id in"
            " JSON-MIN). docs/data.md lists all forms. Write the data as one of them, such as, in each line, {example}"
        ).format(where=where, names=shortened(list(first)), example=EXAMPLE)
    )


def _labelled(
    read_texts: Callable[[Path, Reading], Iterator[LabelledText]], path: Path, reading: Reading
) -> Iterator[list[Sentence]]:
    return sentences_of(partial(read_texts, path), reading)
