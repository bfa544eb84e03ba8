"""Find out how the columns of a CoNLL file are to be read."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from helpers.data.characters import are_pieces
from helpers.data.column_files.conll_columns import (
    WORD_NAMES,
    choose_by_name,
    choose_by_values,
    chosen_column,
    find_candidates,
)
from helpers.data.column_files.conll_contents import Contents, Header, find_header, read_rows
from helpers.data.column_files.conll_lines import Line
from helpers.data.column_files.not_conll import refuse_other_forms
from helpers.data.reading import Reading
from helpers.data.tag_forms import TYPES, TagForm
from helpers.notebook.language import translate

EMPTY_ROWS_AT_LEAST = 0.05  # of the rows, if they are spaces: a "_" may also be a word


class Profile(NamedTuple):
    """How the rows of a file are to be read.

    Parameters
    ----------
    header : Header
    word, tag : int
        Which columns have them.
    form : TagForm
    tags : frozenset of str
        The tags of the file.
    has_spaces : bool
        Whether words are pieces of a text, and rows without a word are the spaces between them.
    """

    header: Header
    word: int
    tag: int
    form: TagForm
    tags: frozenset[str]
    has_spaces: bool

    def is_row(self, line: Line) -> bool:
        """Return whether a line that begins like a comment is a row of the file."""
        if line.is_plain_row():
            return True
        fits = len(line.columns) == self.header.width and self.form.fits(line.columns[self.tag])
        return fits and (self.form.pattern != TYPES.pattern or line.columns[self.tag] in self.tags)

    def is_space(self, columns: list[str]) -> bool:
        """Return whether a row stands for a space."""
        others = columns[: self.tag] + columns[self.tag + 1 :]
        return self.has_spaces and (columns[self.word] == " " or (len(others) > 1 and set(others) == {"_"}))


def find_profile(path: Path, reading: Reading) -> Profile:
    """Find out how the rows of a file are to be read; the whole file is looked at, a block at a time.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError
        If no column has tags, it is unclear whether the first one counts words, or a header has another number of
        names than rows have columns.
    ParameterError
        If there is no such column as the caller has chosen.
    """
    header = find_header(path)
    contents = Contents(path, header)
    word, tag = _choose_columns(path, header, contents, reading)
    tags = contents.values[tag]
    form = TagForm.likely(tags)
    if not _has_tag(tags):
        refuse_other_forms(path)
    for sentence in form.remarks():
        reading.remark(sentence)
    has_spaces = contents.empty_rows > EMPTY_ROWS_AT_LEAST * contents.rows
    if contents.spaces[word]:
        rows = (line.columns for lines in read_rows(path, header) for line in lines)
        has_spaces = are_pieces(columns[word] for columns in rows if len(columns) > word)
    if has_spaces:
        reading.remark(
            translate(
                "Rows that are spaces join the others to texts; entities are spans of characters of these texts, and"
                " words come from the texts."
            )
        )
    return Profile(header, word, tag, form, frozenset(tags), has_spaces)


def _has_tag(values: Iterable[str]) -> bool:
    return any(map(TagForm.likely(values).fits, values))


def _choose_columns(path: Path, header: Header, contents: Contents, reading: Reading) -> tuple[int, int]:
    candidates = find_candidates(contents.values)
    choice = reading.choices.tag_column
    has_tag_first = header.width == 2 and candidates.keys() == {0} and not _has_tag(contents.values[1])
    if has_tag_first and not header.names and choice is None:
        reading.remark(translate("Tags are read from the first column, and words from the second."))
        return 1, 0
    word = choose_by_name(header.names, WORD_NAMES)
    if word is None:
        word = int(contents.first.counts(header.width, str(path)))
        if word:
            reading.remark(translate("The first column counts words, so words are read from the second."))
    others = [place for place in range(header.width) if place != word]
    candidates = {place: each for place, each in candidates.items() if place in others}
    if choice is not None:
        return word, chosen_column(choice, header.names, others, str(path))
    tag = choose_by_name(header.names)
    tag = choose_by_values(candidates) if tag is None else tag
    tag = others[-1] if tag is None else tag
    rank = candidates[tag].rank if tag in candidates else 0
    alike = [place for place, each in candidates.items() if place != tag and each.rank >= rank]
    if alike:
        reading.remark(
            translate(
                "Tags are read from column {tag}, where 0 is the first; columns that look like tags too: {others}."
                " tag_column chooses another one."
            ).format(tag=tag, others=", ".join(map(str, alike)))
        )
    return word, tag
