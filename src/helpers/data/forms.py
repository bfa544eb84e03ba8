"""Recognise which form a file of labelled text has."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from helpers.data.json_files.json_records import read_records
from helpers.data.json_files.json_values import shortened
from helpers.data.marked_texts.labelled_text import LabelledText
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
        from helpers.data.marked_texts.spacy_docs import read_texts as read_docs

        return partial(_labelled, read_docs)
    if path.suffix.lower() == ".ann" or os.path.isdir(path):
        from helpers.data.marked_texts.brat import read_texts as read_standoff

        return partial(_labelled, read_standoff)
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
    from helpers.data.json_files import class_ids, tagged_json
    from helpers.data.marked_texts import label_studio, label_studio_min, ner_annotator, nikl, spans_json

    # A file without a record goes to the reader of words and tags, which finds what is wrong, or nothing.
    where, first = next(read_records(path, Reading()), (str(path), {"tokens": [], "tags": []}))
    forms = (
        (label_studio.is_task, partial(_labelled, label_studio.read_tasks)),
        (label_studio_min.is_row, partial(_labelled, label_studio_min.read_tasks)),
        (ner_annotator.is_export, partial(_labelled, ner_annotator.read_texts)),
        (nikl.is_corpus, partial(_labelled, nikl.read_texts)),
        (partial(class_ids.has_names, path), class_ids.read_class_ids),
        (tagged_json.is_tagged, tagged_json.read_tagged),
        (spans_json.is_text, partial(_labelled, spans_json.read_texts)),
        (tagged_json.has_words, tagged_json.read_tagged),
    )
    for is_form, reader in forms:
        if is_form(first):
            return reader
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
    from helpers.data.marked_texts.labelled import sentences_of

    return sentences_of(partial(read_texts, path), reading)
