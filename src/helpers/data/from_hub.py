"""Load a named-entity data set from the Hub."""

import pkgutil
import tempfile
from functools import partial
from pathlib import Path

import datasets
from datasets import ClassLabel, DatasetDict, load_dataset, packaged_modules
from datasets.exceptions import DatasetsError
from datasets.naming import camelcase_to_snakecase
from huggingface_hub.errors import RevisionNotFoundError

from helpers.data.splits import SPLITS, common_form
from helpers.data.tagging import split_tag
from helpers.errors import DatasetUnavailableError, UnknownTagError
from helpers.files import room_needed
from helpers.hub import fetch
from helpers.hub.failures import fetch_failure

# What load_dataset takes for a format: it would read files of the current folder, pickles among them.
FORMATS = {module.name for module in pkgutil.iter_modules(packaged_modules.__path__)}
PARQUET_COPY = "refs/convert/parquet"  # where the Hub keeps what it makes of data sets, by running scripts on its side


def load_from_hub(name: str) -> DatasetDict:
    """Fetch a data set, or load what an earlier run has fetched where the Hub cannot be reached.

    Parameters
    ----------
    name : str
        The id of a data set with the splits ``train`` and ``test`` and the columns ``tokens`` and ``ner_tags``.

    Returns
    -------
    DatasetDict
        The splits that are there, with the columns ``id``, ``tokens`` and ``ner_tags`` (ClassLabel, IOB2).

    Raises
    ------
    DatasetUnavailableError
        If there is no such data set, it cannot be reached, or it has another form.
    DiskFullError
        If there is no room for what is made of it.
    UnknownTagError
        If its labels are not IOB2 labels.
    """
    if name in FORMATS:
        raise DatasetUnavailableError(f"{name!r} is the name of a file format, and not of a data set on the Hub")
    try:
        full_name, revision = _place_of_data(name)
    except fetch.FAILURES as error:
        return as_common_form(_from_cache(name, error), name)
    return as_common_form(_download(name, full_name, revision), name)


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


def as_common_form(dataset: DatasetDict, name: str) -> DatasetDict:
    """Bring a data set into the form that `load_from_hub` returns, or refuse it as described there."""
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


def folder_of(dataset: DatasetDict) -> Path:
    """Return the folder of a loaded data set, where `datasets` writes what is made of it."""
    stored = dataset["train"].cache_files
    return Path(stored[0]["filename"]).parent if stored else Path(tempfile.gettempdir())


def _is_iob2(label: str) -> bool:
    try:
        return split_tag(label)[0] in "OBI"
    except UnknownTagError:
        return False
