"""Find and read a data set's files."""

import os
from collections.abc import Iterator
from pathlib import Path

from helpers.data.folders import ALL, find_splits, is_data
from helpers.data.forms import SUFFIXES, reader_of
from helpers.data.reading import Choices, Reading
from helpers.data.tagging import Sentence
from helpers.errors import DatasetUnavailableError
from helpers.notebook.language import translate


def find_files(path: Path) -> dict[str, list[Path]]:
    """Find the files of a data set, and print which data in its folder are not used.

    Parameters
    ----------
    path : Path
        A file, with a suffix of `SUFFIXES`; or a folder of files, or of folders, whose names tell their splits, as
        `helpers.data.split_names` recognises them; or a folder with one file of another name, or with a corpus that is
        a folder: texts with ``.ann`` files, or a data set that was written with ``save_to_disk``.

    Returns
    -------
    dict of str to list of Path
        The parts of each split that is there, in order: files, or a folder that is a corpus. One file that is to be
        divided into splits is under `ALL`.

    Raises
    ------
    DatasetUnavailableError
        If the folder cannot be read or has nothing for the training split, several files claim one split or a file
        claims several, a shard of a split is missing, or a file has another suffix.
    """
    if os.path.isfile(path) or (is_data(path) and not os.path.isdir(path)):  # pathlib raises for some names
        if not is_data(path):
            raise DatasetUnavailableError(
                translate("{path} cannot be read as data: expected a name that ends in {suffixes}").format(
                    path=path, suffixes=", ".join(SUFFIXES)
                )
            )
        return {ALL: [path]}
    try:
        return find_splits(path)
    except (OSError, ValueError) as error:  # the second for what can be no name
        raise DatasetUnavailableError(
            translate("the data folder {path} cannot be read: {reason}").format(
                path=path, reason=getattr(error, "strerror", None) or error
            )
        ) from error


def read_documents(path: Path, choices: Choices = Choices()) -> Iterator[list[Sentence]]:  # noqa: B008
    """Read a file of any form a document at a time, and print at its end what happened to its content.

    Parameters
    ----------
    path : Path
        Of a form that `helpers.data.forms.reader_of` recognises.
    choices : Choices
        How to read it, where there is a choice.

    Yields
    ------
    list of Sentence
        What should stay together in one split: the sentences of a labelled text, or else one sentence.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError, UnknownTagError
        If it breaks its form, when all of it has been read: up to ten places, each with its line or record.
    """
    reading = Reading(choices)
    yield from reading.until_end(reader_of(path)(path, reading))
    for line in reading.report():
        print(f"{path.name}: {line}")
