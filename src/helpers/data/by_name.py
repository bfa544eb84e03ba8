"""Load the data that a name leads to: files, a folder, or a data set on the Hub."""

from itertools import chain
from pathlib import Path

from datasets import DatasetDict

from helpers.checkpoints.find import is_folder_name
from helpers.data.files import find_files, read_documents
from helpers.data.folders import is_data
from helpers.data.hugging_face import on_disk
from helpers.data.reading import Choices
from helpers.data.splits import write_splits
from helpers.files import expanded


def load_by_name(name: str, seed: int, choices: Choices) -> DatasetDict:
    """Load files or a folder, where the name is that of such, or else a data set from the Hub.

    Parameters
    ----------
    name, seed
        As for `helpers.data.load.load_ner_dataset`.
    choices : Choices

    Returns
    -------
    DatasetDict
        The splits that are there; of files, also those that were drawn.

    Raises
    ------
    DatasetUnavailableError, MalformedDataError, UnknownTagError, EmptySplitError, DiskFullError
        As there.
    """
    if not is_folder_name(name) and not is_data(Path(name)):
        from helpers.data.hugging_face.from_hub import load_from_hub  # here, as local data need no Hub

        return load_from_hub(name, seed, choices)
    files = find_files(Path(expanded(name)))
    if on_disk.have_columns(files, name):
        from helpers.data.hugging_face.from_columns import as_common_form  # here, as other files need less

        return as_common_form(on_disk.load_columns(files), name, seed, choices)
    documents = {
        split: chain.from_iterable(read_documents(path, choices) for path in paths) for split, paths in files.items()
    }
    return write_splits(documents, name, seed)
