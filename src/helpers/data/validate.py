"""Check that data can be learnt from."""

from datasets import DatasetDict

from helpers.data.reading import Reading
from helpers.errors import EmptySplitError, MalformedDataError, NoEntityError
from helpers.notebook.language import translate


def validate(dataset: DatasetDict, name: str) -> None:
    """Check that each split holds sentences, that each word has a tag, and that each tag id has a name.

    Raises
    ------
    EmptySplitError
        If a split is empty.
    MalformedDataError
        If tokens and tags differ in number, or a tag id is out of range; with split and row, up to ten of them.
    NoEntityError
        If every word of the training split is tagged ``O``.
    """
    used = {split: set() for split in dataset}  # class ids
    reading = Reading()
    for split, rows in dataset.items():
        if not rows:
            raise EmptySplitError(
                translate("the split {split} of the data set {name} holds no sentence").format(
                    split=repr(split), name=repr(name)
                )
            )
        count = len(rows.features["ner_tags"].feature.names)
        for row, (tokens, tags) in enumerate(zip(rows["tokens"], rows["ner_tags"], strict=True)):
            problem = _problem(tokens, tags, count)
            if problem:
                reading.add(
                    MalformedDataError(
                        translate("data set {name}, split {split}, row {row}: {problem}").format(
                            name=repr(name), split=repr(split), row=row, problem=problem
                        )
                    )
                )
            else:
                used[split].update(tags)
    reading.finish()
    names = dataset["train"].features["ner_tags"].feature.names
    if {names[tag] for tag in used["train"]} <= {"O"}:
        raise NoEntityError(
            translate("every word in the training split of the data set {name} is tagged O: nothing to learn").format(
                name=repr(name)
            )
        )


def _problem(tokens: list[str | None] | None, tags: list[int | None] | None, count: int) -> str | None:
    """Say what is wrong with a row, if anything is."""
    if tokens is None or tags is None or None in tokens:
        return translate("no tokens or no tags")
    if len(tokens) != len(tags):
        return translate("{tokens} tokens but {tags} tags").format(tokens=len(tokens), tags=len(tags))
    outside = [tag for tag in tags if tag is None or not 0 <= tag < count]
    if outside:
        return translate("tag id {tag} is not in 0..{last}").format(tag=outside[0], last=count - 1)
    return None
