"""Find and read the columns of a data set that hold its words and tags, or its texts and spans."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from datasets import ClassLabel, Dataset, Features, Value

from helpers.data.hugging_face.class_names import name_of
from helpers.data.labelled_texts import Annotation, LabelledText, read_mark
from helpers.data.reading import Reading
from helpers.data.split_names import listed
from helpers.data.tagged_rows import TaggedRow
from helpers.errors import DatasetUnavailableError, MalformedDataError, ParameterError
from helpers.notebook.language import translate

# The names that such columns have; of several, the first is taken.
WORDS = ("tokens", "words", "token", "word", "text_tokens", "text tokens")
TAGS = ("ner_tags", "tags", "labels", "ner", "ner_labels", "entities", "ner_tag", "label", "tag")
TEXTS = ("text", "sentence", "data", "content")
SPANS = ("spans", "entities", "labels", "label", "annotations", "ner")


class Columns(NamedTuple):
    """The names of two columns: of words and of their tags, or of texts and of the spans in them."""

    content: str
    labels: str
    marks_characters: bool


def find_columns(features: Features, name: str, reading: Reading) -> Columns:
    """Find the columns by the lists of names in this module, or the tags by what the reading's choices name.

    Where several could be, the reading is told. Raises `DatasetUnavailableError`, or `ParameterError` for a choice.
    """
    of_kind: dict[str, list[str]] = defaultdict(list)
    for column, feature in features.items():
        of_kind[_kind(feature)].append(column)
    words, text = _first(WORDS, of_kind["texts"]), _first(TEXTS, of_kind["text"])
    spans = _first(SPANS, of_kind["spans"])
    tags = words and _find_tags(features, words, name, reading)
    if tags in of_kind["numbers"]:
        message = translate(
            "the column {column} of the data set {name} has no label names: its tags are numbers, and nothing says"
            " what they stand for. Write them as texts, such as 'B-person'"
        )
        raise DatasetUnavailableError(message.format(column=repr(tags), name=repr(name)))
    if tags:
        return Columns(words, tags, marks_characters=False)
    if text and spans:
        return Columns(text, spans, marks_characters=True)
    message = translate(
        "the data set {name} has the columns [{columns}]; needed are words and their tags, such as 'tokens' and"
        " 'ner_tags', or texts and their spans, such as 'text' and 'entities'"
    )
    raise DatasetUnavailableError(message.format(name=repr(name), columns=listed(map(repr, sorted(features)))))


def read_rows(rows: Dataset, columns: Columns, where: str, reading: Reading) -> Iterator[TaggedRow]:
    """Read words and tags, with class ids as the names of their labels; the reading gets the rows that are wrong."""
    names = getattr(rows.features[columns.labels].feature, "names", None)  # of class ids
    for place, tokens, tags in _each(rows, columns, where):
        try:
            if tokens is None or tags is None or None in tokens or None in tags:
                raise MalformedDataError(translate("{where}: no tokens or no tags").format(where=place))
            if len(tokens) != len(tags):
                message = translate("{where}: {tokens} tokens but {tags} tags")
                raise MalformedDataError(message.format(where=place, tokens=len(tokens), tags=len(tags)))
            yield TaggedRow(place, tokens, [name_of(tag, names, place) for tag in tags] if names else tags)
        except MalformedDataError as error:
            reading.add(error)


def read_texts(rows: Dataset, columns: Columns, where: str, reading: Reading) -> Iterator[LabelledText]:
    """Read texts and their spans, of the forms that `read_mark` understands, likewise."""
    members = getattr(rows.features[columns.labels], "feature", {})
    names = {member: kind.names for member, kind in members.items() if isinstance(kind, ClassLabel)}
    for place, text, spans in _each(rows, columns, where):
        try:
            if text is None:
                raise MalformedDataError(translate("{where}: no text").format(where=place))
            if isinstance(spans, dict):  # an object of lists
                spans = [dict(zip(spans, values, strict=True)) for values in zip(*spans.values(), strict=True)]
            named = [
                span | {key: name_of(span[key], names[key], place) for key in names if span[key] is not None}
                for span in spans or []
            ]
            yield LabelledText(place, text, [Annotation([read_mark(span, place) for span in named])])
        except MalformedDataError as error:
            reading.add(error)


def _find_tags(features: Features, words: str, name: str, reading: Reading) -> str | None:
    kinds = {column: _kind(feature) for column, feature in features.items() if column != words}
    possible = [column for column, kind in kinds.items() if kind in ("texts", "ids", "numbers")]
    chosen = reading.choices.tag_column
    taken = _first(TAGS, possible) if chosen is None else dict(enumerate(features)).get(chosen, chosen)
    if chosen is not None and taken not in possible:
        message = translate("{name}: tag_column is {choice}; these columns could have tags: {columns}")
        raise ParameterError(message.format(name=name, choice=repr(chosen), columns=listed(map(repr, possible))))
    others = [column for column in possible if column.lower() in TAGS and column != taken]
    if others and chosen is None:
        message = translate("The tags are those of the column {column}; tag_column can name another one: {others}.")
        reading.remark(message.format(column=repr(taken), others=listed(map(repr, others))))
    return taken


def _first(names: tuple[str, ...], columns: list[str]) -> str | None:
    by_name = {column.lower(): column for column in reversed(columns)}
    return next((by_name[name] for name in names if name in by_name), None)


def _kind(feature: Any) -> str:
    """Tell what a column holds, as far as it matters here."""
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


def _each(rows: Dataset, columns: Columns, where: str) -> Iterator[tuple[str, Any, Any]]:
    for number, row in enumerate(rows.select_columns([columns.content, columns.labels])):
        yield translate("{where}, row {row}").format(where=where, row=number), row[columns.content], row[columns.labels]
