"""Load a named-entity data set from the Hub."""

import pkgutil
from functools import partial

import datasets
from datasets import DatasetDict, get_dataset_config_names, load_dataset, packaged_modules
from datasets.exceptions import DatasetsError
from datasets.naming import camelcase_to_snakecase
from huggingface_hub.errors import RevisionNotFoundError

from helpers.data.hugging_face.from_columns import as_common_form
from helpers.data.reading import Choices
from helpers.data.split_names import listed
from helpers.errors import DatasetUnavailableError
from helpers.hub import fetch
from helpers.hub.failures import fetch_failure
from helpers.hub.names import DatasetName
from helpers.notebook.language import translate

# What load_dataset takes for a format: it would read files of the current folder, pickles among them.
FORMATS = {module.name for module in pkgutil.iter_modules(packaged_modules.__path__)}
PARQUET_COPY = "refs/convert/parquet"  # where the Hub keeps what it makes of data sets, by running scripts on its side


def load_from_hub(name: str, seed: int, choices: Choices) -> DatasetDict:
    """Fetch a data set, or load what an earlier run has fetched where the Hub cannot be reached.

    Parameters
    ----------
    name : str
        The id of a data set, and after a colon one of its configurations where it has several; of a form that
        `helpers.data.hugging_face.from_columns.as_common_form` understands.
    seed, choices
        As there.

    Returns
    -------
    DatasetDict
        As there.

    Raises
    ------
    DatasetUnavailableError
        If there is no such data set, it cannot be reached, it has another form, or it has several configurations and
        the name tells none of them.
    DiskFullError
        If there is no room for what is made of it.
    MalformedDataError, UnknownTagError
        If its content breaks the form.
    """
    repository = DatasetName.of(name).repository
    if repository in FORMATS:
        raise DatasetUnavailableError(
            translate("{name} is the name of a file format, and not of a data set on the Hub").format(
                name=repr(repository)
            )
        )
    try:
        full_name, files = _place_of_data(repository)
    except fetch.FAILURES as error:
        return as_common_form(_from_cache(name, error), name, seed, choices)
    if files is None:
        return as_common_form(_download(name, full_name), name, seed, choices)
    folders = {path.partition("/")[0] for path in files if path.endswith(".parquet")}  # one for each configuration
    folder = _configuration(name, folders)
    of_several = folder if len(folders) > 1 else None
    return as_common_form(_download(name, full_name, PARQUET_COPY, of_several), name, seed, choices)


def _place_of_data(name: str) -> tuple[str, set[str] | None]:
    """Find a data set's full name, and, where it is a script, the files of the copy that takes its place."""
    repository = fetch.look_up("dataset", name)
    script = f"{name.rpartition('/')[2]}.py"
    if script not in repository.files:
        return repository.name, None
    try:
        return repository.name, fetch.look_up("dataset", repository.name, revision=PARQUET_COPY).files
    except RevisionNotFoundError as error:
        raise DatasetUnavailableError(
            translate(
                "the data set {name} is a loading script, {script}, and no data: scripts are not run, as they could do"
                " anything, and the Hub has made no copy of it as Parquet files. Take another data set, or put its"
                " sentences into a folder of CoNLL files"
            ).format(name=repr(name), script=script)
        ) from error


def _configuration(name: str, there: set[str]) -> str:
    """Choose the configuration that a name tells, or the only one that is there."""
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


def _download(name: str, full_name: str, revision: str | None = None, folder: str | None = None) -> DatasetDict:
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
    _configuration(name, there)


def _from_cache(name: str, unreachable: Exception) -> DatasetDict:
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
