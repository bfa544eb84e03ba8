"""Download a data set, or take it from the cache."""

from functools import partial

import datasets
from datasets import DatasetDict, get_dataset_config_names, load_dataset
from datasets.exceptions import DatasetsError
from datasets.naming import camelcase_to_snakecase

from helpers.data.split_names import listed
from helpers.errors import DatasetUnavailableError
from helpers.hub import fetch
from helpers.hub.failures import fetch_failure
from helpers.hub.fetch import DatasetName
from helpers.notebook.language import translate


def choose_configuration(name: str, there: set[str]) -> str:
    """Choose the configuration that a name tells, or the only one; `DatasetUnavailableError` if it tells none."""
    repository, wanted = DatasetName.of(name)
    if wanted in there:
        return wanted
    if wanted is None and len(there) == 1:
        return next(iter(there))
    message = (
        translate("the data set {name} has {count} configurations. Name one after a colon, as in {example}: {names}")
        if wanted is None
        else translate("the data set {name} has no such configuration, but {count} others, as in {example}: {names}")
    )
    example = f"{repository}:{min(there, default='')}"
    raise DatasetUnavailableError(
        message.format(name=repr(name), count=len(there), example=repr(example), names=listed(sorted(there)))
    )


def download(name: str, full_name: str, revision: str | None = None, folder: str | None = None) -> DatasetDict:
    """Fetch a data set, unless the cache has all of it.

    Parameters
    ----------
    name : str
        As for `from_hub.load_from_hub`.
    full_name : str
        The repository's, as the Hub has it now.
    revision : str, optional
        Of its files; the newest if None.
    folder : str, optional
        In which the files of a revision lie.

    Raises
    ------
    DatasetUnavailableError
        If that is not possible; with why.
    """
    configuration = None if revision else DatasetName.of(name).configuration
    try:
        return _load(full_name, configuration, revision=revision, data_dir=folder)
    except (*fetch.FAILURES, DatasetsError) as error:
        if type(error) is ValueError and not revision:  # a configuration may be missing; there is no other sign of it
            _require_configuration(name, full_name)
        raise DatasetUnavailableError(
            fetch_failure(translate("data set {name}").format(name=repr(name)), error)
        ) from error


def _require_configuration(name: str, full_name: str) -> None:
    try:
        there = set(get_dataset_config_names(full_name))
    except (*fetch.FAILURES, DatasetsError):
        return  # what is wrong is something else, which the first error tells
    choose_configuration(name, there)


def load_from_cache(name: str, unreachable: Exception) -> DatasetDict:
    """Load what an earlier run has fetched, without asking the Hub, which could take minutes."""
    repository, configuration = DatasetName.of(name)
    before = datasets.config.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = True
    try:
        return _load(fetch.name_in_cache("dataset", repository), configuration)
    except (*fetch.FAILURES, DatasetsError) as error:
        raise DatasetUnavailableError(
            fetch_failure(translate("data set {name}").format(name=repr(name)), unreachable)
        ) from error
    finally:
        datasets.config.HF_HUB_OFFLINE = before


def _load(name: str, configuration: str | None, **place: str | None) -> DatasetDict:
    *user, own_name = name.split("/")
    prepared = datasets.config.HF_DATASETS_CACHE / "___".join([*user, camelcase_to_snakecase(own_name)])
    load = partial(load_dataset, name, configuration, **place)
    verbosity = datasets.logging.get_verbosity()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)  # the errors that it logs, it also raises
    try:
        return fetch.fetch_whole(load, "dataset", name, made_of_files=prepared)
    finally:
        datasets.logging.set_verbosity(verbosity)
