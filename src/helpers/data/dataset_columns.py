"""Bring a data set of columns, from the Hub or the disk, into the common form."""

import glob
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from datasets import ClassLabel, Dataset, DatasetDict, Features, Value, load_dataset

from helpers.data.columns import TAG_NAMES, WORD_NAMES, chosen_column, columns_named
from helpers.data.json_records import name_of
from helpers.data.labelled_texts import SPANS, TEXTS, Annotation, LabelledText, read_mark, sentences_of
from helpers.data.reading import Choices, Reading, listed
from helpers.data.splits import ALL, SPLITS, by_split, splits_of, write_splits
from helpers.data.tagged_rows import TaggedRow, find_form, require_pairs, sentences_of_rows
from helpers.disk.files import require_file, room_needed
from helpers.disk.temporary import temporary_folder
from helpers.errors import DatasetUnavailableError, MalformedDataError, TutorialError
from helpers.notebook.language import translate

FORMATS = {".parquet": "parquet", ".arrow": "arrow"}  # and what `datasets` calls them
OF_TAGS = ("texts", "ids", "numbers")  # kinds of columns that may have tags


def load_columns(files: Mapping[str, list[Path]], name: str) -> dict[str, Dataset] | None:
    """Load the files of each split, if they are of a form that has columns; what is one file becomes the split train.

    Raises `DatasetUnavailableError` if only some have columns, or one is missing or broken; and `DiskFullError`.
    """
    paths = [path for parts in files.values() for path in parts]
    formats = {FORMATS.get(path.suffix.lower()) for path in paths}
    if formats == {None}:
        return None
    if None in formats:
        message = translate("the files of {name} are of different kinds: {names}; make them one kind")
        raise DatasetUnavailableError(message, name=repr(name), names=listed(path.name for path in paths))
    return {"train" if split == ALL else split: _load(parts) for split, parts in files.items()}


def as_common_form(
    dataset: Mapping[str, Dataset],
    name: str,
    seed: int,
    choices: Choices = Choices(),  # noqa: B008
) -> DatasetDict:
    """Bring a data set into the form that `helpers.data.load.load_ner_dataset` returns, and print what was changed.

    IOB2 labels keep their class ids. Raises `DatasetUnavailableError` if there is no training split, or there are no
    columns that are understood, the same in all splits; otherwise as `load_ner_dataset` does.
    """
    parts, reading = _find_splits(dataset, name), Reading(choices)
    found = {_find_columns(part.features, name, reading) for part in parts.values()}
    if len(found) > 1:
        message = translate("the splits of the data set {name} have different columns; make them the same")
        raise DatasetUnavailableError(message, name=repr(name))
    ((content, labelled, marks_characters),) = found
    place, labels = translate("data set {name}, split {split}"), None
    rows = {
        split: partial(_read_rows, part, content, labelled, place.format(name=repr(name), split=repr(split)))
        for split, part in parts.items()
    }
    if marks_characters:
        documents = {split: sentences_of(texts, reading) for split, texts in rows.items()}
    else:
        form = find_form(lambda unheard: chain.from_iterable(each(unheard) for each in rows.values()), reading)
        documents = {split: sentences_of_rows(each, reading, form) for split, each in rows.items()}
        labels = None if form.has_pieces else getattr(parts["train"].features[labelled].feature, "names", None)
    until_end = {split: reading.until_end(each) for split, each in documents.items()}
    unified = write_splits(until_end, name, seed, labels)
    reading.report(name)
    return unified


def _find_splits(dataset: Mapping[str, Dataset], name: str) -> dict[str, Dataset]:
    # Nobody can take a split away on the Hub, so its plain name is enough, whatever others there are.
    plain = set(SPLITS) & set(dataset)
    names = [split for split in dataset if split in plain or not plain & set(splits_of(split))]
    found, _ = by_split(names, translate("the data set {name}", name=repr(name)))
    if "train" not in found:
        message = translate("the data set {name} has no split {split}; it has: {splits}")
        splits = listed(map(repr, dataset))
        raise DatasetUnavailableError(message, name=repr(name), split=repr("train"), splits=splits)
    unused = [split for split in dataset if split not in found.values()]
    if unused:
        print(translate("{name}: these splits are not used: {splits}.", name=name, splits=listed(unused)))
    return {split: dataset[own] for split, own in found.items()}


def _find_columns(features: Features, name: str, reading: Reading) -> tuple[str, str, bool]:
    """Find the columns of words and of their tags, or else of texts and of the spans in them; and whether it is these.

    Raises `ParameterError` if the reading's choices name a column that cannot have tags.
    """
    columns, kinds, choice = list(features), list(map(_kind, features.values())), reading.choices.tag_column
    words, texts, spans = (
        [place for place in columns_named(columns, known) if kinds[place] == kind]
        for known, kind in ((WORD_NAMES, "texts"), (TEXTS, "text"), (SPANS, "spans"))
    )
    possible = [place for place, kind in enumerate(kinds) if kind in OF_TAGS and place not in words[:1]]
    tags = [place for place in columns_named(columns, TAG_NAMES) if words and place in possible]
    if words and choice is not None:
        tags = [chosen_column(choice, columns, possible, name)]
    if tags[1:]:
        message = translate("The tags are those of the column {column}; tag_column can name another one: {others}.")
        others = listed(repr(columns[place]) for place in sorted(tags[1:]))
        reading.remark(message.format(column=repr(columns[tags[0]]), others=others))
    if tags and kinds[tags[0]] == "numbers":
        message = translate(
            "the column {column} of the data set {name} has no label names: its tags are numbers, and nothing says"
            " what they stand for. Write them as texts, such as 'B-person'"
        )
        raise DatasetUnavailableError(message, column=repr(columns[tags[0]]), name=repr(name))
    if tags:
        return columns[words[0]], columns[tags[0]], False
    if texts and spans:
        return columns[texts[0]], columns[spans[0]], True
    message = translate(
        "the data set {name} has the columns [{columns}]; needed are words and their tags, such as 'tokens' and"
        " 'ner_tags', or texts and their spans, such as 'text' and 'entities'"
    )
    raise DatasetUnavailableError(message, name=repr(name), columns=listed(map(repr, sorted(features))))


def _kind(feature: Any) -> str:
    item = getattr(feature, "feature", None)  # of a list
    if isinstance(item, ClassLabel):
        return "ids"
    if isinstance(item, dict) or isinstance(feature, dict):
        return "spans"  # lists of objects; in older releases of datasets, objects of lists
    value = feature if item is None else item
    dtype = value.dtype if isinstance(value, Value) else ""
    if dtype in ("string", "large_string"):
        return "text" if item is None else "texts"
    return "numbers" if item is not None and dtype.startswith(("int", "uint")) else "other"


def _read_rows(
    rows: Dataset, content: str, labelled: str, where: str, reading: Reading
) -> Iterator[TaggedRow | LabelledText]:
    parse = _parse_text if _kind(rows.features[content]) == "text" else _parse_tagged
    for number, row in enumerate(rows.select_columns([content, labelled])):
        place = translate("{where}, row {row}", where=where, row=number)
        with reading.collect():
            yield parse(place, row[content], _with_names(row[labelled], rows.features[labelled], place))


def _parse_tagged(where: str, tokens: list | None, tags: list | None) -> TaggedRow:
    if None in (tokens, tags) or None in (*tokens, *tags):
        raise MalformedDataError(translate("{where}: no tokens or no tags"), where=where)
    return require_pairs(where, tokens, tags, may_be_empty=True)


def _parse_text(where: str, text: str | None, spans: list | dict | None) -> LabelledText:
    if text is None:
        raise MalformedDataError(translate("{where}: no text"), where=where)
    if isinstance(spans, dict):  # an object of lists
        spans = [dict(zip(spans, values, strict=True)) for values in zip(*spans.values(), strict=True)]
    return LabelledText(where, text, [Annotation([read_mark(span, where) for span in spans or []])])


def _with_names(value: Any, feature: Any, where: str) -> Any:
    """Replace class ids by their names, in lists and objects too."""
    if isinstance(value, list):
        return [_with_names(item, feature.feature, where) for item in value]
    if isinstance(value, dict):
        return {key: _with_names(item, feature[key], where) for key, item in value.items()}
    return name_of(value, feature.names, where) if isinstance(feature, ClassLabel) and value is not None else value


def _load(paths: list[Path]) -> Dataset:
    # Brackets and stars in the names of files and folders would be taken for patterns.
    names = [glob.escape(str(path.absolute())) for path in paths]
    form = FORMATS[paths[0].suffix.lower()]
    try:
        for path in paths:
            require_file(path)
        with temporary_folder() as cache, room_needed(cache):
            return load_dataset(form, data_files={"train": names}, split="train", cache_dir=str(cache))
    except TutorialError:
        raise
    except Exception as error:  # a broken file can break its reader in any way
        said = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
        message = translate("{path} cannot be read: {reason}. Write it anew")
        raise DatasetUnavailableError(message, path=paths[0], reason=said.splitlines()[0].rstrip(".")) from error
