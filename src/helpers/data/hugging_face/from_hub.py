"""Load a named-entity data set from the Hub."""

import pkgutil

from datasets import DatasetDict, packaged_modules
from huggingface_hub.errors import RevisionNotFoundError

from helpers.data.hugging_face.download import choose_configuration, download, load_from_cache
from helpers.data.hugging_face.from_columns import as_common_form
from helpers.data.reading import Choices
from helpers.errors import DatasetUnavailableError
from helpers.hub import fetch
from helpers.hub.fetch import DatasetName
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
        return as_common_form(load_from_cache(name, error), name, seed, choices)
    if files is None:
        return as_common_form(download(name, full_name), name, seed, choices)
    folders = {path.partition("/")[0] for path in files if path.endswith(".parquet")}  # one for each configuration
    folder = choose_configuration(name, folders)
    of_several = folder if len(folders) > 1 else None
    return as_common_form(download(name, full_name, PARQUET_COPY, of_several), name, seed, choices)


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
