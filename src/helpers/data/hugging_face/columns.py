"""Find the columns of a data set that hold its words and tags, or its texts and spans."""

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

    The reading is told which column was taken where several could be; errors call the data set `name`.

    Raises
    ------
    DatasetUnavailableError
        If there are no such columns, or the tags are numbers without names.
    ParameterError
        If there is no such column of tags as the choices name.
    """
    of_kind: dict[str | None, list[str]] = {"texts": [], "numbers": [], "text": [], "spans": []}
    for column, feature in features.items():
        of_kind.setdefault(_kind(feature), []).append(column)
    words = _first(WORDS, of_kind["texts"])
    tags = words and _find_tags(features, [*of_kind["texts"], *of_kind["numbers"]], words, name, reading)
    if tags:
        return Columns(words, tags, marks_characters=False)
    text, spans = _first(TEXTS, of_kind["text"]), _first(SPANS, of_kind["spans"])
    if text and spans:
        return Columns(text, spans, marks_characters=True)
    message = translate(
        "the data set {name} has the columns [{columns}]; needed are words and their tags, such as 'tokens' and"
        " 'ner_tags', or texts and their spans, such as 'text' and 'entities'"
    )
    raise DatasetUnavailableError(message.format(name=repr(name), columns=listed(map(repr, sorted(features)))))


def class_names(tags: Any) -> list[str] | None:
    """Return the label names of a column of tags; None if it has none, as its tags are texts or bare numbers."""
    return tags.feature.names if isinstance(tags.feature, ClassLabel) else None


def _find_tags(features: Features, possible: list[str], words: str, name: str, reading: Reading) -> str | None:
    possible = [column for column in features if column in possible and column != words]
    chosen = reading.choices.tag_column
    if chosen is None:
        taken = _first(TAGS, possible)
        others = [column for column in possible if column.lower() in TAGS and column != taken]
        if others:
            message = translate("The tags are those of the column {column}; tag_column can name another one: {others}.")
            reading.remark(message.format(column=repr(taken), others=listed(map(repr, others))))
    else:
        taken = dict(enumerate(features)).get(chosen, chosen)
        if taken not in possible:
            message = translate("{name}: tag_column is {choice}; these columns could have tags: {columns}")
            columns = listed(map(repr, possible))
            raise ParameterError(message.format(name=name, choice=repr(chosen), columns=columns))
    if taken and _kind(features[taken]) == "numbers" and class_names(features[taken]) is None:
        message = translate(
            "the column {column} of the data set {name} has no label names: its tags are numbers, and nothing says"
            " what they stand for. Write them as texts, such as 'B-person'"
        )
        raise DatasetUnavailableError(message.format(column=repr(taken), name=repr(name)))
    return taken


def _first(names: tuple[str, ...], columns: list[str]) -> str | None:
    by_name = {column.lower(): column for column in reversed(columns)}
    return next((by_name[name] for name in names if name in by_name), None)


def _kind(feature: Any) -> str | None:
    """Tell what a column holds, as far as it matters here."""
    item = getattr(feature, "feature", None)  # of a list
    if _is_text(feature) or _is_text(item):
        return "text" if item is None else "texts"
    if isinstance(item, ClassLabel) or (isinstance(item, Value) and item.dtype.startswith(("int", "uint"))):
        return "numbers"
    # Lists of objects; in older releases of datasets, objects of lists.
    return "spans" if isinstance(item, dict) or isinstance(feature, dict) else None


def _is_text(feature: Any) -> bool:
    return isinstance(feature, Value) and feature.dtype in ("string", "large_string")
