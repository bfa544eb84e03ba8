"""Load a named-entity data set by name."""

import hashlib
import json
from collections.abc import Iterator
from importlib.resources import files

from datasets import DatasetDict

from helpers.data.tagging import Sentence, as_sentence

SAMPLE = files("helpers.data") / "sample"


def load_ner_dataset(
    name: str,
    seed: int = 42,
    max_train_examples: int = 0,
    tag_column: str | int | None = None,
    overlaps: str = "refuse",
) -> DatasetDict:
    """Load a named-entity data set: from the Hub, the bundled sample, or files of your own, all in one form.

    Parameters
    ----------
    name : str
        ``"sample"`` for the bundled corpus; a file or folder that `helpers.data.files.find_files` understands; else the
        id of a data set on the Hub, such as ``"klue/klue:ner"``, with a configuration after a colon where it has
        several.
    seed : int
        Draws a tenth of the training split as validation split where the data set has none, or where that must be the
        test split; and a tenth of all for validation and for the test each where it is not divided. That is printed.
    max_train_examples : int
        Keep only so many sentences of the training split, drawn by the seed; 0 means all.
    tag_column, overlaps
        As for `helpers.data.reading.Choices`.

    Returns
    -------
    DatasetDict
        The splits ``train``, ``validation`` and ``test`` with the columns ``id`` (string), ``tokens`` (list of
        string) and ``ner_tags`` (list of ClassLabel, IOB2). Splits whose data mark characters rather than words also
        have ``text`` and ``spans``, as `helpers.data.splits.common_form` describes them.

    Raises
    ------
    DatasetUnavailableError
        If there is no such data set or it cannot be reached or read.
    DiskFullError
        If there is no room for what is made of one from the Hub.
    MalformedDataError, UnknownTagError
        If its content breaks the format; the message says where.
    EmptySplitError
        If a split holds no sentence.
    NoEntityError
        If every word of the training split is tagged ``O``.
    ParameterError
        If a choice is none of those that there are.
    """
    # What not all need who open the lesson is imported where it is needed.
    from helpers.data.missing_splits import SPLITS, complete

    if name == "sample":
        from helpers.data.splits import write_splits

        dataset = write_splits({split: _bundled(split) for split in SPLITS}, name, seed)
    else:
        from helpers.data.by_name import load_by_name
        from helpers.data.reading import Choices

        dataset = load_by_name(name, seed, Choices(tag_column, overlaps))
    from helpers.data.validate import validate

    validate(dataset, name)
    dataset = complete(dataset, name, seed)
    if max_train_examples:
        kept = range(min(max_train_examples, len(dataset["train"])))
        dataset["train"] = dataset["train"].shuffle(seed=seed, keep_in_memory=True).select(kept)
    return DatasetDict({split: dataset[split] for split in SPLITS})


def label_names(dataset: DatasetDict) -> list[str]:
    """Return the label names of a loaded data set, in the order of their class ids."""
    return dataset["train"].features["ner_tags"].feature.names


def dataset_digest(dataset: DatasetDict) -> str:
    """Compute a SHA-256 (hexadecimal) over the words, tags, texts, spans and label names of all splits, in order."""
    from helpers.data.missing_splits import SPLITS

    digest = hashlib.sha256(json.dumps(label_names(dataset)).encode())
    for split in SPLITS:
        names = [name for name in ("tokens", "ner_tags", "text", "spans") if name in dataset[split].features]
        for values in zip(*(dataset[split][name] for name in names), strict=True):
            digest.update(json.dumps([split, *values]).encode())
    return digest.hexdigest()


def _bundled(split: str) -> Iterator[list[Sentence]]:
    from helpers.data.bracketed import read_bracketed

    return ([as_sentence(*row)] for row in read_bracketed(SAMPLE / f"{split}.txt"))
