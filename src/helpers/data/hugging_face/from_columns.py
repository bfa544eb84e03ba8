"""Bring a data set of columns, from the Hub or the disk, into the common form."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any

from datasets import ClassLabel, Dataset, DatasetDict

from helpers.data.hugging_face.class_names import name_of
from helpers.data.hugging_face.columns import Columns, class_names, find_columns
from helpers.data.marked_texts.labelled import sentences_of
from helpers.data.marked_texts.labelled_text import Annotation, LabelledText, read_mark
from helpers.data.reading import Choices, Reading
from helpers.data.split_names import SPLITS, by_split, listed, splits_of
from helpers.data.splits import write_splits
from helpers.data.tagged_rows import TaggedRow, find_form, sentences_of_rows
from helpers.errors import DatasetUnavailableError, MalformedDataError
from helpers.notebook.language import translate


def as_common_form(
    dataset: Mapping[str, Dataset],
    name: str,
    seed: int,
    choices: Choices = Choices(),  # noqa: B008
) -> DatasetDict:
    """Bring a data set into the form that `helpers.data.load.load_ner_dataset` returns, and print what was changed.

    Class ids of IOB2 labels stay what they are.

    Parameters
    ----------
    dataset : mapping of str to Dataset
        Splits, under names that `helpers.data.split_names` recognises, with columns that `columns` finds.
    name : str
        What messages call it.
    seed : int
        As for `helpers.data.splits.write_splits`, which also raises what is wrong with the splits.
    choices : Choices

    Raises
    ------
    DatasetUnavailableError
        If there is no training split, or no columns of words and tags or of texts and spans, or the tags are numbers
        without names.
    MalformedDataError, UnknownTagError
        If the content breaks the form; the message says in which row.
    """
    parts = _find_splits(dataset, name)
    reading = Reading(choices)
    found = {find_columns(part.features, name, reading) for part in parts.values()}
    if len(found) > 1:
        message = translate("the splits of the data set {name} have different columns; make them the same")
        raise DatasetUnavailableError(message.format(name=repr(name)))
    (columns,) = found
    read = _read_texts if columns.marks_characters else _read_rows
    place = translate("data set {name}, split {split}")
    rows = {
        split: partial(read, part, columns, place.format(name=repr(name), split=repr(split)))
        for split, part in parts.items()
    }
    labels = None
    if columns.marks_characters:
        documents = {split: sentences_of(texts, reading) for split, texts in rows.items()}
    else:
        form = find_form(lambda unheard: chain.from_iterable(each(unheard) for each in rows.values()), reading)
        documents = {split: sentences_of_rows(each, reading, form) for split, each in rows.items()}
        labels = None if form.has_pieces else class_names(parts["train"].features[columns.labels])
    until_end = {split: reading.until_end(each) for split, each in documents.items()}
    unified = write_splits(until_end, name, seed, labels)
    for line in reading.report():
        print(f"{name}: {line}")
    return unified


def _find_splits(dataset: Mapping[str, Dataset], name: str) -> dict[str, Dataset]:
    # Nobody can take a split away on the Hub, so its plain name is enough, whatever others there are.
    plain = set(SPLITS) & set(dataset)
    names = [split for split in dataset if split in plain or not plain & set(splits_of(split))]
    found, _ = by_split(names, translate("the data set {name}").format(name=repr(name)))
    if "train" not in found:
        message = translate("the data set {name} has no split {split}; it has: {splits}")
        splits = listed(map(repr, dataset))
        raise DatasetUnavailableError(message.format(name=repr(name), split=repr("train"), splits=splits))
    unused = [split for split in dataset if split not in found.values()]
    if unused:
        print(translate("{name}: these splits are not used: {splits}.").format(name=name, splits=listed(unused)))
    return {split: dataset[own] for split, own in found.items()}


def _read_rows(rows: Dataset, columns: Columns, where: str, reading: Reading) -> Iterator[TaggedRow]:
    """Read words and tags, with class ids as the names of their labels; the reading gets the rows that are wrong."""
    names = class_names(rows.features[columns.labels])
    for place, tokens, tags in _each(rows, columns, where):
        try:
            if tokens is None or tags is None or None in tokens or None in tags:
                raise MalformedDataError(translate("{where}: no tokens or no tags").format(where=place))
            if len(tokens) != len(tags):
                message = translate("{where}: {tokens} tokens but {tags} tags")
                raise MalformedDataError(message.format(where=place, tokens=len(tokens), tags=len(tags)))
            yield TaggedRow(place, tokens, tags if names is None else [name_of(tag, names, place) for tag in tags])
        except MalformedDataError as error:
            reading.add(error)


def _read_texts(rows: Dataset, columns: Columns, where: str, reading: Reading) -> Iterator[LabelledText]:
    """Read texts and their spans, of the forms that `read_mark` understands, likewise."""
    members = getattr(rows.features[columns.labels], "feature", {})
    names = {member: kind.names for member, kind in members.items() if isinstance(kind, ClassLabel)}
    for place, text, spans in _each(rows, columns, where):
        try:
            if text is None:
                raise MalformedDataError(translate("{where}: no text").format(where=place))
            if isinstance(spans, dict):  # an object of lists
                spans = [dict(zip(spans, values, strict=True)) for values in zip(*spans.values(), strict=True)]
            marks = [read_mark(_with_names(span, names, place), place) for span in spans or []]
            yield LabelledText(place, text, [Annotation(marks)])
        except MalformedDataError as error:
            reading.add(error)


def _with_names(span: dict, names: dict[str, list[str]], where: str) -> dict:
    return span | {member: name_of(span[member], names[member], where) for member in names if span[member] is not None}


def _each(rows: Dataset, columns: Columns, where: str) -> Iterator[tuple[str, Any, Any]]:
    for number, row in enumerate(rows.select_columns([columns.content, columns.labels])):
        yield translate("{where}, row {row}").format(where=where, row=number), row[columns.content], row[columns.labels]
