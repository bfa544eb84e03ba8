"""Find and read a data set's files."""

from collections.abc import Iterator
from pathlib import Path

from helpers.data.forms import SUFFIXES, reader_of
from helpers.data.reading import Choices, Reading
from helpers.data.tagging import Sentence
from helpers.errors import DatasetUnavailableError

SPLIT_STEMS = {"train": ("train",), "validation": ("validation", "valid", "dev"), "test": ("test",)}
ALL = "all"  # what is still to be divided into splits


def find_files(path: Path) -> dict[str, Path]:
    """Find the files of a data set.

    Parameters
    ----------
    path : Path
        A file; or a folder that contains ``train`` and ``test``, and perhaps ``validation`` (or ``valid``, ``dev``),
        or only one file of another name. Each has a suffix of `SUFFIXES`.

    Returns
    -------
    dict of str to Path
        The file of each split that is there, by the split's name; or one file, under `ALL`.

    Raises
    ------
    DatasetUnavailableError
        If the folder cannot be read, ``train`` or ``test`` is missing, two files claim one split, or a file has
        another suffix.
    """
    if path.is_file() or (path.suffix in SUFFIXES and not path.is_dir()):
        if path.suffix not in SUFFIXES:
            raise DatasetUnavailableError(
                f"{path} cannot be read as data: expected a name that ends in {', '.join(SUFFIXES)}"
            )
        return {ALL: path}
    try:
        files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
    except OSError as error:
        raise DatasetUnavailableError(f"the data folder {path} cannot be read: {error.strerror}") from error
    return _split_files(path, files)


def _split_files(folder: Path, files: list[Path]) -> dict[str, Path]:
    found = {}
    for split, stems in SPLIT_STEMS.items():
        candidates = [file for file in files if file.stem in stems]
        if len(candidates) > 1:
            raise DatasetUnavailableError(
                f"{folder} holds several files for the split {split!r}: {', '.join(file.name for file in candidates)};"
                " keep one"
            )
        if candidates:
            found[split] = candidates[0]
    if not found and len(files) == 1:
        return {ALL: files[0]}
    missing = [split for split in ("train", "test") if split not in found]
    if missing:
        others = ", ".join(file.name for file in files) or "no data"
        raise DatasetUnavailableError(
            f"{folder} holds no file for the split {missing[0]!r}; expected {missing[0]}.conll (or with one of"
            f" {', '.join(SUFFIXES[1:])}), found {others}. A single file can be given by its own path"
        )
    return found


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
    for document in reader_of(path)(path, reading):
        reading.notes["rewritten"] += sum(sentence.rewritten for sentence in document)
        yield document
    reading.finish()
    for line in reading.report():
        print(f"{path.name}: {line}")
