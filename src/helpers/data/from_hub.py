"""Load a named-entity data set from the Hub."""

import pkgutil
from contextlib import suppress
from functools import partial

import datasets
from datasets import DatasetDict, get_dataset_config_names, load_dataset, packaged_modules
from datasets.exceptions import DatasetsError
from datasets.naming import camelcase_to_snakecase
from huggingface_hub.errors import RevisionNotFoundError

from helpers.data.reading import listed
from helpers.errors import DatasetUnavailableError
from helpers.hub import fetch
from helpers.hub.failures import fetch_failure
from helpers.hub.fetch import DatasetName
from helpers.notebook.language import translate

# What load_dataset takes for a format: it would read files of the current folder, pickles among them.
FORMATS = {module.name for module in pkgutil.iter_modules(packaged_modules.__path__)}
PARQUET_COPY = "refs/convert/parquet"  # where the Hub keeps what it makes of data sets, by running scripts on its side
FAILURES = (*fetch.FAILURES, DatasetsError)


def load_from_hub(name: str) -> DatasetDict:
    """Fetch a data set, or load what an earlier run has fetched where the Hub cannot be reached.

    The name is an id, and after a colon a configuration where it has several. Raises `DatasetUnavailableError` if
    there is no such data set, it cannot be reached, or the name tells none of several configurations.
    """
    repository, configuration = DatasetName.of(name)
    if repository in FORMATS:
        message = translate("{name} is the name of a file format, and not of a data set on the Hub")
        raise DatasetUnavailableError(message, name=repr(repository))
    script = f"{repository.rpartition('/')[2]}.py"
    try:
        found = fetch.look_up("dataset", repository)
        copy = fetch.look_up("dataset", found.name, revision=PARQUET_COPY) if script in found.files else None
    except RevisionNotFoundError as error:
        message = translate(
            "the data set {name} is a loading script, {script}, and no data: scripts are not run, as they could do"
            " anything, and the Hub has made no copy of it as Parquet files. Take another data set, or put its"
            " sentences into a folder of CoNLL files"
        )
        raise DatasetUnavailableError(message, name=repr(repository), script=script) from error
    except fetch.FAILURES as error:
        return _load(name, fetch.name_in_cache("dataset", repository), configuration, unreachable=error)
    if copy is None:
        return _load(name, found.name, configuration)
    folders = {path.partition("/")[0] for path in copy.files if path.endswith(".parquet")}  # one for each configuration
    _require_configuration(name, folders)
    folder = configuration if len(folders) > 1 else None
    return _load(name, found.name, None, revision=PARQUET_COPY, data_dir=folder)


def _load(
    name: str, full_name: str, configuration: str | None, unreachable: Exception | None = None, **place: str | None
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
        if type(error) is ValueError and not place and not unreachable:  # the only sign that a configuration is missing
            with suppress(*FAILURES):  # if what is wrong is something else, the first error tells it
                _require_configuration(name, set(get_dataset_config_names(full_name)))
        what = translate("data set {name}", name=repr(name))
        raise DatasetUnavailableError(fetch_failure(what, unreachable or error)) from error
    finally:
        datasets.config.HF_HUB_OFFLINE = offline
        datasets.logging.set_verbosity(verbosity)


def _require_configuration(name: str, there: set[str]) -> None:
    """Check that the name tells one of several configurations; a single one need not be named."""
    repository, wanted = DatasetName.of(name)
    if there and wanted not in there and (wanted or len(there) > 1):
        message = translate(
            "the data set {name} has {count} configurations. Name one after a colon, as in {example}: {names}"
        )
        names, example = listed(sorted(there)), repr(f"{repository}:{min(there)}")
        raise DatasetUnavailableError(message, name=repr(name), count=len(there), example=example, names=names)
