"""Find the columns of a data set that hold its words and tags, or its texts and spans."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from datasets import ClassLabel, Features, Value

from helpers.data.reading import Reading
from helpers.data.split_names import listed
from helpers.errors import DatasetUnavailableError, ParameterError
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

    Parameters
    ----------
    features : Features
    name : str
        What errors call the data set.
    reading : Reading
        Is told which column was taken where several could be.

    Raises
    ------
    DatasetUnavailableError
        If there are no such columns, or the tags are numbers without names.
    ParameterError
        If there is no such column of tags as the choices name.
    """
    words = _first(WORDS, [column for column in features if _kind(features[column]) == "texts"])
    if words:
        tags = _tag_column(features, words, name, reading)
        if tags:
            _require_names(features, tags, name)
            return Columns(words, tags, marks_characters=False)
    text = _first(TEXTS, [column for column in features if _kind(features[column]) == "text"])
    spans = _first(SPANS, [column for column in features if _kind(features[column]) == "spans"])
    if text and spans:
        return Columns(text, spans, marks_characters=True)
    raise DatasetUnavailableError(
        translate(
            "the data set {name} has the columns [{columns}]; needed are words and their tags, such as 'tokens' and"
            " 'ner_tags', or texts and their spans, such as 'text' and 'entities'"
        ).format(name=repr(name), columns=listed(map(repr, sorted(features))))
    )


def class_names(tags: Any) -> list[str] | None:
    """Return the label names of a column of tags; None if it has none, as its tags are texts or bare numbers."""
    return tags.feature.names if isinstance(tags.feature, ClassLabel) else None


def _tag_column(features: Features, words: str, name: str, reading: Reading) -> str | None:
    possible = [column for column in features if column != words and _kind(features[column]) in ("texts", "numbers")]
    chosen = reading.choices.tag_column
    if chosen is not None:
        return _chosen(chosen, list(features), possible, name)
    taken = _first(TAGS, possible)
    others = [column for column in possible if column.lower() in TAGS and column != taken]
    if others:
        reading.remark(
            translate("The tags are those of the column {column}; tag_column can name another one: {others}.").format(
                column=repr(taken), others=listed(map(repr, others))
            )
        )
    return taken


def _require_names(features: Features, tags: str, name: str) -> None:
    if class_names(features[tags]) is None and not _is_text(features[tags].feature):
        raise DatasetUnavailableError(
            translate(
                "the column {column} of the data set {name} has no label names: its tags are numbers, and nothing says"
                " what they stand for. Write them as texts, such as 'B-person'"
            ).format(column=repr(tags), name=repr(name))
        )


def _chosen(chosen: str | int, columns: list[str], possible: list[str], name: str) -> str:
    column = columns[chosen] if isinstance(chosen, int) and 0 <= chosen < len(columns) else chosen
    if column not in possible:
        raise ParameterError(
            translate("{name}: tag_column is {choice}; these columns could have tags: {columns}").format(
                name=name, choice=repr(chosen), columns=listed(map(repr, possible))
            )
        )
    return column


def _first(names: Iterable[str], columns: list[str]) -> str | None:
    by_name = {column.lower(): column for column in reversed(columns)}
    return next((by_name[name] for name in names if name in by_name), None)


def _kind(feature: Any) -> str | None:
    """Tell what a column holds, as far as it matters here."""
    item = getattr(feature, "feature", None)  # of a list
    if _is_text(feature):
        return "text"
    if _is_text(item):
        return "texts"
    if isinstance(item, ClassLabel) or (isinstance(item, Value) and item.dtype.startswith(("int", "uint"))):
        return "numbers"
    # Lists of objects; in older releases of datasets, objects of lists.
    return "spans" if isinstance(item, dict) or isinstance(feature, dict) else None


def _is_text(feature: Any) -> bool:
    return isinstance(feature, Value) and feature.dtype in ("string", "large_string")
