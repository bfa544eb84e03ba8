"""Write documents to disk as splits."""

import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from datasets.arrow_writer import ArrowWriter

from helpers.data.missing_splits import complete
from helpers.data.tagging import Sentence, iob2_label_names, split_tag
from helpers.errors import DatasetUnavailableError
from helpers.notebook.language import translate


def common_form(tag: Value | ClassLabel, marks_characters: bool = False) -> Features:
    """Describe the columns of every split, with the tags as texts or as class ids.

    Where the data mark characters, there are also ``text`` and ``spans``: where each begins and ends in the text, and
    its label.
    """
    columns = {"id": Value("string"), "tokens": List(Value("string")), "ner_tags": List(tag)}
    if marks_characters:
        span = {"start": Value("int32"), "end": Value("int32"), "label": Value("string")}
        columns |= {"text": Value("string"), "spans": List(span)}
    return Features(columns)


def write_splits(documents: dict[str, Iterable[list[Sentence]]], name: str, seed: int) -> DatasetDict:
    """Write documents to disk in the common form, and draw the splits that are missing.

    The labels are known only when all has been read, so the tags are first written as texts, and then as class ids.

    Parameters
    ----------
    documents : dict of str to iterable of list of Sentence
        The documents of each split, or all of them, under `missing_splits.ALL`. Drawing keeps documents whole.
    name, seed
        As for `missing_splits.complete`.

    Returns
    -------
    DatasetDict
        The splits, which are read from the disk for as long as this process lives.

    Raises
    ------
    DatasetUnavailableError
        If they cannot be written.
    EmptySplitError
        If there are too few documents to draw from.
    """
    from helpers.data.temporary import temporary_folder  # here, as data from the Hub need none

    entity_types = set()
    try:
        with temporary_folder() as folder:
            texts = {
                split: _as_texts(part, entity_types, folder / f"{split}.text.arrow")
                for split, part in documents.items()
            }
            tag = ClassLabel(names=iob2_label_names(entity_types))
            splits = {}
            for split, part in complete(texts, name, seed).items():
                features = common_form(tag, "spans" in part.features)
                splits[split] = _on_disk(part.select_columns(list(features)), features, folder / f"{split}.arrow")
            for path in folder.glob("*.text.arrow"):
                path.unlink()
            return DatasetDict(splits)
    except OSError as error:
        raise DatasetUnavailableError(
            translate(
                "the data cannot be copied to the folder for temporary files ({folder}): {reason}; make room there, or"
                " name another one in the environment variable TMPDIR"
            ).format(folder=tempfile.tempdir or translate("none can be used"), reason=error)
        ) from error


def _as_texts(documents: Iterable[list[Sentence]], entity_types: set[str], path: Path) -> Dataset:
    """Write one split with its tags as texts, and the number of each row's document; note its types."""
    numbered = ((number, sentence) for number, document in enumerate(documents) for sentence in document)
    first = next(numbered, None)
    marks_characters = first is not None and first[1].text is not None
    features = {**common_form(Value("string"), marks_characters), "document": Value("int64")}

    def rows() -> Iterator[dict]:
        for row, (number, sentence) in enumerate(chain([first] if first else [], numbered)):
            entity_types.update(split_tag(tag)[1] for tag in sentence.tags if tag != "O")
            entity_types.update(span.label for span in sentence.spans)
            values = {"id": str(row), "tokens": sentence.tokens, "ner_tags": sentence.tags, "document": number}
            if marks_characters:
                values |= {"text": sentence.text, "spans": [span._asdict() for span in sentence.spans]}
            yield values

    return _on_disk(rows(), Features(features), path)


def _on_disk(rows: Iterable[dict], features: Features, path: Path) -> Dataset:
    with ArrowWriter(path=str(path), features=features) as writer:
        for row in rows:
            writer.write(row)
        writer.finalize()
    return Dataset.from_file(str(path))
