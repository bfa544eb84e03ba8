"""Find and read a data set's files."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from helpers.data.tagging import Sentence
from helpers.errors import DatasetUnavailableError
from helpers.notebook.language import translate

SPLIT_STEMS = {"train": ("train",), "validation": ("validation", "valid", "dev"), "test": ("test",)}
CONLL_SUFFIXES = (".conll", ".txt", ".tsv", ".iob", ".iob2", ".bio")
JSON_SUFFIXES = (".json", ".jsonl")
SUFFIXES = CONLL_SUFFIXES + JSON_SUFFIXES
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


def read_documents(path: Path) -> Iterator[list[Sentence]]:
    """Read a file of any format a document at a time, and print at its end what happened to its content.

    Parameters
    ----------
    path : Path
        CoNLL text (`conll.read_conll`), JSON records of words and tags (`json_records.read_tagged`), or a labelling
        tool's export (`labelling_tools.read_labelled`).

    Yields
    ------
    list of Sentence
        What should stay together in one split: the sentences of a labelled text, or else one sentence.

    Raises
    ------
    DatasetUnavailableError, MalformedDataError, UnknownTagError
        If the file cannot be read or breaks its format; with file and line or record.
    """
    notes = Counter()
    for document in _documents(path, notes):
        notes["rewritten"] += sum(sentence.rewritten for sentence in document)
        yield document
    for line in _reported(notes):
        print(f"{path.name}: {line}")


def _documents(path: Path, notes: Counter) -> Iterator[list[Sentence]]:
    # Imported here, as each file has one format.
    if path.suffix in CONLL_SUFFIXES:
        from helpers.data.conll import read_conll

        return ([sentence] for sentence in read_conll(path))
    from helpers.data.json_records import read_records, read_tagged

    _, first = next(read_records(path), ("", {"tokens": []}))
    if "tokens" in first:
        return ([sentence] for sentence in read_tagged(path))
    from helpers.data.labelling_tools import read_labelled

    return read_labelled(path, notes)


def _reported(notes: Counter) -> Iterator[str]:
    """Report what was counted, if it was."""
    sentences = {
        "rewritten": translate("{count} tags rewritten as IOB2."),
        "texts": translate("{count} labelled texts with {spans} spans."),
        "without_span": translate("{count} of the texts have no span: their words are outside of all entities."),
        "inside_words": translate("{count} spans begin or end inside of a word, which is split there."),
        "unlabelled": translate("{count} texts are left out: nobody has labelled them, or they were skipped."),
        "disagreeing": translate(
            "{count} texts were labelled by several people, who differ: what is marked as ground truth is taken,"
            " or what was changed last."
        ),
        "utf16": translate("Spans are counted in UTF-16 units, in which an emoji counts twice."),
        "characters": translate("Spans are counted in characters, in which an emoji counts once."),
    }
    for name, sentence in sentences.items():
        if notes[name]:
            yield sentence.format(count=notes[name], spans=notes["spans"])
