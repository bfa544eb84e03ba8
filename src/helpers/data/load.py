"""Load a named-entity data set by name."""

from __future__ import annotations

import hashlib
import json
import re
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from datasets import DatasetDict

from helpers.data.tagging import Sentence, Span
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

if TYPE_CHECKING:  # what not all need who open the lesson is imported where it is needed
    from helpers.data.reading import Choices

SAMPLES = ("sample", "sample_ko")  # the bundled data, which are folders here
ENGLISH = ("sample", "wnut_17")
ENTITY = re.compile(r"\[([^\s\[\]](?:[^\[\]]*[^\s\[\]])?)\]\(([a-z-]+)\)")


def load_ner_dataset(
    name: str,
    seed: int = 42,
    max_train_examples: int = 0,
    tag_column: str | int | None = None,
    overlaps: str = "refuse",
) -> DatasetDict:
    """Load a named-entity data set: from the Hub, the bundled sample, or files of your own, all in one form.

    Parameters
    ----------
    name : str
        ``"sample"`` for the bundled corpus, ``"sample_ko"`` for the Korean one; a file or folder that
        `helpers.data.files.find_files` understands; else the id of a data set on the Hub, with a configuration after a
        colon where it has several: ``"klue/klue:ner"``.
    seed : int
        Draws a tenth of the training split as validation split where the data set has none, or where that must be the
        test split; and a tenth of all for validation and for the test each where it is not divided. That is printed.
    max_train_examples : int
        Keep only so many sentences of the training split, drawn by the seed; 0 means all.
    tag_column, overlaps
        As for `helpers.data.reading.Choices`; raises `ParameterError` for others.

    Returns the splits ``train``, ``validation`` and ``test``, as `helpers.data.splits.common_form` describes them.
    Raises `DatasetUnavailableError` or `DiskFullError` if the data cannot be found, reached or read, or have no room;
    `MalformedDataError` or `UnknownTagError`, with where, if they break their format;
    `EmptySplitError` if a split is empty, or the training split has no entity.
    """
    from helpers.data.reading import Choices

    dataset = _load_sample(name, seed) if name in SAMPLES else _load(name, seed, Choices(tag_column, overlaps))
    if max_train_examples:
        kept = range(min(max_train_examples, len(dataset["train"])))
        dataset["train"] = dataset["train"].shuffle(seed=seed, keep_in_memory=True).select(kept)
    return dataset


def label_names(dataset: DatasetDict) -> list[str]:
    """Return the label names of a loaded data set, by class ids."""
    return dataset["train"].features["ner_tags"].feature.names


def dataset_digest(dataset: DatasetDict) -> str:
    """Compute a SHA-256 (hexadecimal) over the words, tags, texts, spans and label names of all splits, in order."""
    digest = hashlib.sha256(json.dumps(label_names(dataset)).encode())
    for split in ("train", "validation", "test"):
        names = [name for name in ("tokens", "ner_tags", "text", "spans") if name in dataset[split].features]
        for values in zip(*(dataset[split][name] for name in names), strict=True):
            digest.update(json.dumps([split, *values]).encode())
    return digest.hexdigest()


def language_of(name: str, dataset: DatasetDict) -> str | None:
    """Return the code of a data set's language, for the model's card: Korean by its letters; None where unsure."""
    words = chain.from_iterable(dataset["train"]["tokens"][:100])
    letters = [char for char in "".join(words) if char.isalpha()]
    if 2 * sum("\uac00" <= char <= "\ud7a3" for char in letters) > len(letters):
        return "ko"
    return "en" if name in ENGLISH else None


def read_bracketed(path: Path) -> list[tuple[str, list[Span]]]:
    """Read the text of each line of a UTF-8 file, and the entities in it, which are written ``[Oslo](location)``.

    Blank lines are skipped. Raises `MalformedDataError` if a bracket belongs to no entity.
    """
    marked = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        text, spans = "", []
        # Of two groups, re.split gives: text, entity, type, text, entity, type, ..., text
        pieces = iter([*ENTITY.split(line.strip()), "", ""])
        for outside, entity, entity_type in zip(pieces, pieces, pieces, strict=True):
            if "[" in outside or "]" in outside:
                message = translate("{path}, line {number}: a bracket outside of an [entity](type): {line}")
                raise MalformedDataError(message, path=path, number=number, line=repr(line))
            text += outside + entity
            if entity:
                spans.append(Span(len(text) - len(entity), len(text), entity_type))
        if text:
            marked.append((text, spans))
    return marked


def _load_sample(name: str, seed: int) -> DatasetDict:
    from helpers.data.span_tags import tag_text, word_tags
    from helpers.data.splits import SPLITS, write_splits

    def as_sentences(text: str, spans: list[Span]) -> list[Sentence]:
        if name == "sample_ko":  # entities end inside of words: the spans stay
            return tag_text(text, spans)
        words = [word.span() for word in re.finditer(r"\S+", text)]
        return [Sentence(text.split(), word_tags(words, spans))]

    folder = files("helpers.data") / name
    documents = {split: (as_sentences(*one) for one in read_bracketed(folder / f"{split}.txt")) for split in SPLITS}
    return write_splits(documents, name, seed)


def _load(name: str, seed: int, choices: Choices) -> DatasetDict:
    from helpers.checkpoints.find import is_folder_name
    from helpers.data.dataset_columns import as_common_form, load_columns
    from helpers.data.files import find_files, is_data, read_documents
    from helpers.data.splits import write_splits
    from helpers.disk.files import expanded

    if not is_folder_name(name) and not is_data(Path(name)):
        from helpers.data.from_hub import load_from_hub  # here, as local data need no Hub

        return as_common_form(load_from_hub(name), name, seed, choices)
    paths = find_files(Path(expanded(name)))
    if columns := load_columns(paths, name):
        return as_common_form(columns, name, seed, choices)
    documents = {
        split: chain.from_iterable(read_documents(path, choices) for path in parts) for split, parts in paths.items()
    }
    return write_splits(documents, name, seed)
