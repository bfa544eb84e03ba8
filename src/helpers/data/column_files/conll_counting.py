"""Recognise a first column that counts words."""

from collections.abc import Sequence
from itertools import pairwise

from helpers.errors import MalformedDataError
from helpers.notebook.language import translate


class FirstColumn:
    """What the first column of a file holds, sentence by sentence.

    It counts if each sentence begins with 0 or 1, or where the last one ended, and each next number is the same (of
    the same eojeol) or one more.
    """

    def __init__(self):
        self._last = 0
        self._counting = self._several_words = 0  # sentences
        self._first_other = ""

    def add(self, values: Sequence[str], where: str) -> None:
        """Look at the first column of a sentence, which begins at ``where``."""
        numbers = [int(value) for value in values if value.isascii() and value.isdecimal() and len(value) < 10]
        self._several_words += len(values) > 1
        if len(numbers) < len(values) or not self._follow(numbers):
            self._first_other = self._first_other or where
            return
        self._counting += numbers[0] < numbers[-1]
        self._last = numbers[-1]

    def _follow(self, numbers: list[int]) -> bool:
        begins = numbers[0] in (0, 1, self._last + 1)
        return begins and all(after - before in (0, 1) for before, after in pairwise(numbers))

    def counts(self, width: int, path: str) -> bool:
        """Return whether the column counts, and the words are in the second one.

        Parameters
        ----------
        width : int
            How many columns there are.
        path : str
            What an error calls the file.

        Raises
        ------
        MalformedDataError
            If only a part of the sentences counts, but more than half of them; or if there are no columns for both
            words and tags besides.
        """
        if 2 * self._counting <= self._several_words:
            return False
        advice = translate(
            "If the numbers are words, say so in a first line with the columns' names, such as word and tag with a tab"
            " between them"
        )
        if self._first_other:
            raise MalformedDataError(
                translate(
                    "{where}: the first column counts words in {count} sentences, but not in this one. Number all"
                    " sentences from 1 on, or take the column out. {advice}"
                ).format(where=self._first_other, count=self._counting, advice=advice)
            )
        if width < 3:
            raise MalformedDataError(
                translate(
                    "{path}: the first column counts words, and there is only one other, so either words or tags are"
                    " missing. Write number, word and tag in three columns, or word and tag in two. {advice}"
                ).format(path=path, advice=advice)
            )
        return True
