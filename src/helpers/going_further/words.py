"""Say where a chapter reads words, but the lesson doesn't."""

from datasets import DatasetDict

from helpers.alignment import marks_characters
from helpers.notebook.language import translate


def warn_of_marked_characters(dataset: DatasetDict) -> None:
    """Print a sentence where the data mark characters, as the lesson then labels and scores spans, not words."""
    if marks_characters(dataset["train"]):
        print(translate("Your data mark characters; this chapter reads words, so its scores aren't the lesson's."))
