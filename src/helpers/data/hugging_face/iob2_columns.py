"""Recognise and select columns that have the common form already: words, and class ids of IOB2 labels."""

from collections.abc import Mapping

import pyarrow.compute as pc
from datasets import ClassLabel, Dataset, Value

from helpers.data.characters import are_pieces
from helpers.data.hugging_face.columns import Columns, class_names
from helpers.data.splits import common_form
from helpers.data.tagging import split_tag
from helpers.errors import UnknownTagError
from helpers.notebook.language import translate


def have_iob2_ids(parts: Mapping[str, Dataset], columns: Columns, name: str) -> bool:
    """Return whether all splits have words, and class ids of the same IOB2 labels.

    Raises
    ------
    UnknownTagError
        If the labels have no ``O``; the message calls the data set `name`.
    """
    if columns.marks_characters:
        return False
    tags = [part.features[columns.labels] for part in parts.values()]
    names = class_names(tags[0])
    if names is None or any(other != tags[0] for other in tags) or not all(map(_is_iob2, names)):
        return False
    if "O" not in names:
        raise UnknownTagError(
            translate("the data set {name} has no label 'O', for words outside of all entities").format(name=repr(name))
        )
    return not any(_has_pieces(part, columns.content) for part in parts.values())


def with_common_columns(rows: Dataset, columns: Columns) -> Dataset:
    """Select the columns of `helpers.data.splits.common_form`, under these names; class ids stay what they are."""
    features = common_form(ClassLabel(names=class_names(rows.features[columns.labels])))
    own = ["id"] if isinstance(rows.features.get("id"), Value) else []
    rows = rows.select_columns([*own, columns.content, columns.labels])
    rows = rows.rename_columns({columns.content: "tokens", columns.labels: "ner_tags"})
    if not own:
        rows = rows.add_column("id", [str(row) for row in range(len(rows))])
    return rows.select_columns(list(features)).cast(features)


def _is_iob2(label: str) -> bool:
    try:
        return split_tag(label)[0] in "OBI"
    except UnknownTagError:
        return False


def _has_pieces(rows: Dataset, column: str) -> bool:
    flat = pc.list_flatten(rows.data.column(column))
    if not pc.any(pc.equal(flat, " ")).as_py():  # nearly all data sets, and this is quickly seen
        return False
    return are_pieces(word for chunk in flat.chunks for word in chunk.to_pylist() if word is not None)
