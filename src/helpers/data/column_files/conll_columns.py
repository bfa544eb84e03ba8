"""Choose the column of a CoNLL file that has the tags."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from helpers.data.tag_forms import TYPES, TagForm
from helpers.errors import ParameterError
from helpers.notebook.language import translate

WORD_NAMES = (
    "word words token tokens form text char chars character characters morph morpheme 단어 어절 형태소 음절 글자"
).split()
TAG_NAMES = (
    "ner ner_tag ner_tags nertag ner_label ner_labels ne ne_tag ne_tags netag named_entity named_entities entity"
    " entities entity_type label labels tag tags bio iob iob2 개체명 태그"
).split()  # the likeliest first
MOST_VALUES = 1000  # a column with more different ones has no tags


class Candidate(NamedTuple):
    """A column whose values are tags, perhaps with a few that are misspelled."""

    rank: int  # prefixes are surer signs of tags than types alone, and O is than another mark
    types: frozenset[str]


def find_candidates(values: Sequence[Counter[str]]) -> dict[int, Candidate]:
    """Find the columns that look like tags, by how often each value stands in them; with their places."""
    judged = {place: _candidate(counter) for place, counter in enumerate(values)}
    return {place: each for place, each in judged.items() if each}


def choose_by_values(candidates: dict[int, Candidate]) -> int | None:
    """Choose the last column of tags or, of those that have entity types in common with it, the first.

    So the named entities are taken and not the chunks before them; and of entities within entities, the outer ones.
    """
    best = max((each.rank for each in candidates.values()), default=None)
    places = [place for place, each in candidates.items() if each.rank == best]
    return next((place for place in places if candidates[place].types & candidates[places[-1]].types), None)


def choose_by_name(names: Sequence[str], known: Sequence[str] = TAG_NAMES) -> int | None:
    """Choose the column whose name stands first among those that are known."""
    plain = [plain_name(name) for name in names]
    return next((plain.index(name) for name in known if name in plain), None)


def named_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the names that a row gives to the columns; none if it is an ordinary row."""
    both = choose_by_name(columns, WORD_NAMES), choose_by_name(columns, TAG_NAMES)
    return () if None in both else tuple(columns)


def plain_name(name: str) -> str:
    """Return a column's name in the way that `WORD_NAMES` and `TAG_NAMES` are written."""
    return name.strip().lower().rpartition(":")[2].replace(" ", "_").replace("-", "_")


def chosen_column(choice: str | int, names: Sequence[str], others: Sequence[int], path: str) -> int:
    """Find the column that a caller has chosen, by its name or its number.

    Parameters
    ----------
    choice : str or int
    names : sequence of str
        Of all columns, or none.
    others : sequence of int
        The columns besides that of the words.
    path : str
        What an error calls the file.

    Raises
    ------
    ParameterError
        If it is none of the others.
    """
    named = {name: place for place, name in enumerate(names)} | {str(place): place for place in others}
    if named.get(str(choice)) in others:
        return named[str(choice)]
    shown = [f"{place} ({names[place]})" if names else str(place) for place in others]
    raise ParameterError(
        translate(
            "{path}: tag_column is {choice}; there are these columns besides that of the words: {columns}"
        ).format(path=path, choice=repr(choice), columns=", ".join(shown))
    )


def _candidate(values: Counter[str]) -> Candidate | None:
    form = TagForm.likely(values)
    fitting = {value: count for value, count in values.items() if form.fits(value)}
    types = frozenset(form.split(value)[1] or "" for value in fitting if form.split(value)[0] != "O")
    if len(values) >= MOST_VALUES or not types or 2 * sum(fitting.values()) < values.total():
        return None
    if form.pattern != TYPES.pattern:
        return Candidate(2, types)
    # Most words are outside of entities; of parts of speech or lemmas, none is so frequent.
    return Candidate(int(form.outside == "O"), types) if values[form.outside] == max(values.values()) else None
