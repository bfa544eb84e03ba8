"""Load a named-entity data set by name."""

import hashlib
import json
import os
import pkgutil
import tempfile
from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from pathlib import Path

import datasets
import numpy as np
from datasets import ClassLabel, DatasetDict, load_dataset, packaged_modules
from datasets.exceptions import DatasetsError
from datasets.naming import camelcase_to_snakecase
from huggingface_hub.errors import RevisionNotFoundError

from helpers.checkpoints.find import is_folder_name
from helpers.data.bracketed import read_bracketed
from helpers.data.files import SUFFIXES, find_files, read_documents
from helpers.data.splits import common_form, draw_validation, write_splits
from helpers.data.tagging import Sentence, as_sentence, split_tag
from helpers.errors import (
    DatasetUnavailableError,
    EmptySplitError,
    MalformedDataError,
    NoEntityError,
    UnknownTagError,
)
from helpers.files import room_needed
from helpers.hub import fetch
from helpers.hub.failures import fetch_failure

SAMPLE = files("helpers.data") / "sample"
SPLITS = ("train", "validation", "test")
# What load_dataset takes for a format: it would read files of the current folder, pickles among them.
FORMATS = {module.name for module in pkgutil.iter_modules(packaged_modules.__path__)}
PARQUET_COPY = "refs/convert/parquet"  # where the Hub keeps what it makes of data sets, by running scripts on its side


def load_ner_dataset(name: str, seed: int = 42, max_train_examples: int = 0) -> DatasetDict:
    """Load a named-entity data set: from the Hub, the bundled sample, or files of your own, all in one form.

    Parameters
    ----------
    name : str
        ``"sample"`` for the bundled corpus; a file or folder that `helpers.data.files.find_files` understands; else the
        id of a data set on the Hub with the columns ``tokens`` and ``ner_tags``.
    seed : int
        Draws a tenth of the training split as validation split where the data set has none, and a tenth of all for
        validation and for the test each where it is one file; that is printed.
    max_train_examples : int
        Keep only so many sentences of the training split, drawn by the seed; 0 means all.

    Returns
    -------
    DatasetDict
        The splits ``train``, ``validation`` and ``test`` with the columns ``id`` (string), ``tokens`` (list of
        string) and ``ner_tags`` (list of ClassLabel, IOB2).

    Raises
    ------
    DatasetUnavailableError
        If there is no such data set or it cannot be reached or read.
    DiskFullError
        If there is no room for what is made of one from the Hub.
    MalformedDataError, UnknownTagError
        If its content breaks the format; the message says where.
    EmptySplitError
        If a split holds no sentence.
    NoEntityError
        If every word of the training split is tagged ``O``.
    """
    if name == "sample":
        dataset = write_splits({split: _bundled(split) for split in SPLITS}, name, seed)
    elif is_folder_name(name) or name.endswith(SUFFIXES):
        paths = find_files(Path(os.path.expanduser(name)))
        dataset = write_splits({split: read_documents(path) for split, path in paths.items()}, name, seed)
    else:
        dataset = _from_hub(name)
    validate(dataset, name)
    if "validation" not in dataset:
        dataset |= draw_validation(dataset["train"], np.arange(len(dataset["train"])), name, seed)
    if max_train_examples:
        kept = range(min(max_train_examples, len(dataset["train"])))
        dataset["train"] = dataset["train"].shuffle(seed=seed, keep_in_memory=True).select(kept)
    return DatasetDict({split: dataset[split] for split in SPLITS})


def label_names(dataset: DatasetDict) -> list[str]:
    """Return the label names of a loaded data set, in the order of their class ids."""
    return dataset["train"].features["ner_tags"].feature.names


def folder_of(dataset: DatasetDict) -> Path:
    """Return the folder of a loaded data set, where `datasets` writes what is made of it."""
    stored = dataset["train"].cache_files
    return Path(stored[0]["filename"]).parent if stored else Path(tempfile.gettempdir())


def dataset_digest(dataset: DatasetDict) -> str:
    """Compute a SHA-256 (hexadecimal) over the words, tags and label names of all splits, in their order."""
    digest = hashlib.sha256(json.dumps(label_names(dataset)).encode())
    for split in SPLITS:
        for tokens, tags in zip(dataset[split]["tokens"], dataset[split]["ner_tags"], strict=True):
            digest.update(json.dumps([split, tokens, tags]).encode())
    return digest.hexdigest()


def validate(dataset: DatasetDict, name: str) -> None:
    """Check that each split holds sentences, that each word has a tag, and that each tag id has a name.

    Raises
    ------
    EmptySplitError
        If a split is empty.
    MalformedDataError
        If tokens and tags differ in number, or a tag id is out of range; with split and row.
    NoEntityError
        If every word of the training split is tagged ``O``.
    """
    used = {split: set() for split in dataset}  # class ids
    for split, rows in dataset.items():
        if not rows:
            raise EmptySplitError(f"the split {split!r} of the data set {name!r} holds no sentence")
        count = len(rows.features["ner_tags"].feature.names)
        for row, (tokens, tags) in enumerate(zip(rows["tokens"], rows["ner_tags"], strict=True)):
            if tokens is None or tags is None or None in tokens:
                raise MalformedDataError(f"data set {name!r}, split {split!r}, row {row}: no tokens or no tags")
            if len(tokens) != len(tags):
                raise MalformedDataError(
                    f"data set {name!r}, split {split!r}, row {row}: {len(tokens)} tokens but {len(tags)} tags"
                )
            outside = [tag for tag in tags if tag is None or not 0 <= tag < count]
            if outside:
                raise MalformedDataError(
                    f"data set {name!r}, split {split!r}, row {row}: tag id {outside[0]} is not in 0..{count - 1}"
                )
            used[split].update(tags)
    names = label_names(dataset)
    if {names[tag] for tag in used["train"]} <= {"O"}:
        raise NoEntityError(f"every word in the training split of the data set {name!r} is tagged O: nothing to learn")


def _bundled(split: str) -> Iterator[list[Sentence]]:
    return ([as_sentence(*row)] for row in read_bracketed(SAMPLE / f"{split}.txt"))


def _from_hub(name: str) -> DatasetDict:
    if name in FORMATS:
        raise DatasetUnavailableError(f"{name!r} is the name of a file format, and not of a data set on the Hub")
    try:
        full_name, revision = _place_of_data(name)
    except fetch.FAILURES as error:
        return _as_common_form(_from_cache(name, error), name)
    return _as_common_form(_download(name, full_name, revision), name)


def _place_of_data(name: str) -> tuple[str, str | None]:
    """Find a data set's full name, and where its files are: on its main revision (None) or, for a script, in a copy."""
    repository = fetch.look_up("dataset", name)
    script = f"{name.rpartition('/')[2]}.py"
    if script not in repository.files:
        return repository.name, None
    try:
        fetch.look_up("dataset", repository.name, revision=PARQUET_COPY)
    except RevisionNotFoundError as error:
        raise DatasetUnavailableError(
            f"the data set {name!r} is a loading script, {script}, and no data: scripts are not run, as they could do"
            " anything, and the Hub has made no copy of it as Parquet files. Take another data set, or put its"
            " sentences into a folder of CoNLL files"
        ) from error
    return repository.name, PARQUET_COPY


def _download(name: str, full_name: str, revision: str | None) -> DatasetDict:
    try:
        return _load(full_name, revision)
    except (*fetch.FAILURES, DatasetsError) as error:
        raise DatasetUnavailableError(fetch_failure(f"data set {name!r}", error)) from error


def _from_cache(name: str, unreachable: Exception) -> DatasetDict:
    """Load what an earlier run has fetched, without asking the Hub, which could take minutes."""
    before = datasets.config.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = True
    try:
        return _load(fetch.name_in_cache("dataset", name), None)
    except (*fetch.FAILURES, DatasetsError) as error:
        raise DatasetUnavailableError(fetch_failure(f"data set {name!r}", unreachable)) from error
    finally:
        datasets.config.HF_HUB_OFFLINE = before


def _load(name: str, revision: str | None) -> DatasetDict:
    *user, own_name = name.split("/")
    prepared = datasets.config.HF_DATASETS_CACHE / "___".join([*user, camelcase_to_snakecase(own_name)])
    load = partial(load_dataset, name, revision=revision)
    verbosity = datasets.logging.get_verbosity()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)  # the errors that it logs, it also raises
    try:
        return fetch.fetch_whole(load, "dataset", name, made_of_files=prepared)
    finally:
        datasets.logging.set_verbosity(verbosity)


def _as_common_form(dataset: DatasetDict, name: str) -> DatasetDict:
    columns = dataset["train"].features if "train" in dataset else {}
    if "tokens" not in columns or "ner_tags" not in columns or "test" not in dataset:
        raise DatasetUnavailableError(
            f"the data set {name!r} has the splits {sorted(dataset)} and the columns {sorted(columns)};"
            " needed are the splits 'train' and 'test' and the columns 'tokens' and 'ner_tags'"
        )
    tag_feature = getattr(columns["ner_tags"], "feature", None)
    if not isinstance(tag_feature, ClassLabel):
        raise DatasetUnavailableError(f"the column 'ner_tags' of the data set {name!r} has no label names")
    if "O" not in tag_feature.names:
        raise UnknownTagError(f"the data set {name!r} has no label 'O', for words outside of all entities")
    for label in tag_feature.names:
        if not _is_iob2(label):
            raise UnknownTagError(f"the data set {name!r} has the label {label!r}, which is not an IOB2 label")
    features = common_form(ClassLabel(names=tag_feature.names))
    unified = DatasetDict()
    with room_needed(folder_of(dataset)):
        for split in SPLITS:
            if split in dataset:
                rows = dataset[split]
                if "id" not in rows.column_names:
                    rows = rows.add_column("id", [str(row) for row in range(len(rows))])
                unified[split] = rows.select_columns(list(features)).cast(features)
    return unified


def _is_iob2(label: str) -> bool:
    try:
        return split_tag(label)[0] in "OBI"
    except UnknownTagError:
        return False
