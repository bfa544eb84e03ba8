"""Load a named-entity data set from the Hub."""

import pkgutil
from functools import partial

import datasets
from datasets import DatasetDict, get_dataset_config_names, load_dataset, packaged_modules
from datasets.exceptions import DatasetsError
from datasets.naming import camelcase_to_snakecase
from huggingface_hub.errors import RevisionNotFoundError

from helpers.data.split_names import listed
from helpers.errors import DatasetUnavailableError
from helpers.hub import fetch
from helpers.hub.failures import fetch_failure
from helpers.hub.names import DatasetName
from helpers.notebook.language import translate

# What load_dataset takes for a format: it would read files of the current folder, pickles among them.
FORMATS = {module.name for module in pkgutil.iter_modules(packaged_modules.__path__)}
PARQUET_COPY = "refs/convert/parquet"  # where the Hub keeps what it makes of data sets, by running scripts on its side
FAILURES = (*fetch.FAILURES, DatasetsError)


def load_from_hub(name: str) -> DatasetDict:
    """Fetch a data set, or load what an earlier run has fetched where the Hub cannot be reached.

    Parameters
    ----------
    name : str
        The id of a data set, and after a colon one of its configurations where it has several.

    Returns
    -------
    DatasetDict
        With the splits and columns that it has there.

    Raises
    ------
    DatasetUnavailableError
        If there is no such data set, it cannot be reached, or it has several configurations and the name tells none of
        them.
    """
    repository, configuration = DatasetName.of(name)
    if repository in FORMATS:
        message = translate("{name} is the name of a file format, and not of a data set on the Hub")
        raise DatasetUnavailableError(message.format(name=repr(repository)))
    try:
        full_name, files = _find_data(repository)
    except fetch.FAILURES as error:
        return _load(name, fetch.name_in_cache("dataset", repository), configuration, unreachable=error)
    if files is None:
        return _load(name, full_name, configuration)
    folders = {path.partition("/")[0] for path in files if path.endswith(".parquet")}  # one for each configuration
    folder = _choose_configuration(name, folders)
    return _load(name, full_name, revision=PARQUET_COPY, data_dir=folder if len(folders) > 1 else None)


def _find_data(name: str) -> tuple[str, set[str] | None]:
    """Find a data set's full name, and, where it is a script, the files of the copy that takes its place."""
    repository = fetch.look_up("dataset", name)
    script = f"{name.rpartition('/')[2]}.py"
    if script not in repository.files:
        return repository.name, None
    try:
        return repository.name, fetch.look_up("dataset", repository.name, revision=PARQUET_COPY).files
    except RevisionNotFoundError as error:
        message = translate(
            "the data set {name} is a loading script, {script}, and no data: scripts are not run, as they could do"
            " anything, and the Hub has made no copy of it as Parquet files. Take another data set, or put its"
            " sentences into a folder of CoNLL files"
        )
        raise DatasetUnavailableError(message.format(name=repr(name), script=script)) from error


def _load(
    name: str,
    full_name: str,
    configuration: str | None = None,
    unreachable: Exception | None = None,
    **place: str | None,
) -> DatasetDict:
    """Fetch a data set, unless the cache has all of it; after `unreachable`, without asking the Hub for minutes."""
    *user, own_name = full_name.split("/")
    prepared = datasets.config.HF_DATASETS_CACHE / "___".join([*user, camelcase_to_snakecase(own_name)])
    load = partial(load_dataset, full_name, configuration, **place)
    offline, verbosity = datasets.config.HF_HUB_OFFLINE, datasets.logging.get_verbosity()
    datasets.config.HF_HUB_OFFLINE = offline or unreachable is not None
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)  # the errors that it logs, it also raises
    try:
        return fetch.fetch_whole(load, "dataset", full_name, made_of_files=prepared)
    except FAILURES as error:
        # There is no other sign of a configuration that is missing.
        if type(error) is ValueError and not place and not unreachable:
            _require_configuration(name, full_name)
        what = translate("data set {name}").format(name=repr(name))
        raise DatasetUnavailableError(fetch_failure(what, unreachable or error)) from error
    finally:
        datasets.config.HF_HUB_OFFLINE = offline
        datasets.logging.set_verbosity(verbosity)


def _require_configuration(name: str, full_name: str) -> None:
    try:
        there = set(get_dataset_config_names(full_name))
    except FAILURES:
        return  # what is wrong is something else, which the first error tells
    _choose_configuration(name, there)


def _choose_configuration(name: str, there: set[str]) -> str:
    """Choose the configuration that a name tells, or the only one."""
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
    example = repr(f"{repository}:{min(there, default='')}")
    names = listed(sorted(there))
    raise DatasetUnavailableError(message.format(name=repr(name), count=len(there), example=example, names=names))
