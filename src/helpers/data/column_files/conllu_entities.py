"""Find the tags of entities in CoNLL-U."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from helpers.data.column_files.conll_columns import MOST_VALUES, plain_name
from helpers.data.column_files.conllu_lines import COLUMNS, Row
from helpers.data.reading import Reading
from helpers.data.tag_forms import TYPES, TagForm
from helpers.errors import MalformedDataError, ParameterError, TutorialError
from helpers.notebook.language import translate

# The likeliest first. NER is what Stanza and CLASSLA write, NE NameTag, name the Norwegian NorNE.
NAMES = "ner ner_tag ne ne_tag name named_entity named_entities entity entities bio iob iob2".split()
SHOWN = 20  # names in an error


class Place(NamedTuple):
    """A column, or a name in the column MISC."""

    in_misc: bool
    name: str


class Entities(NamedTuple):
    """Where the tags are, and their form."""

    place: Place
    form: TagForm

    def tag(self, row: Row) -> str:
        """Return a row's tag; where MISC does not have the name, the row is outside of all entities."""
        name = self.place.name
        return misc(row).get(name, self.form.outside) if self.place.in_misc else row.columns[name]


def misc(row: Row) -> dict[str, str]:
    """Return the names and values in a row's column MISC."""
    pairs = (part.partition("=") for part in row.columns.get("MISC", "_").split("|"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def find_entities(sentences: Iterable[list[Row]], reading: Reading, path: str) -> Entities:
    """Find where a file has the tags of its entities.

    Parameters
    ----------
    sentences : iterable of list of Row
        The whole file.
    reading : Reading
        Its choice of a tag column is a column's name or a name in MISC.
    path : str
        What errors call the file.

    Raises
    ------
    MalformedDataError
        If there are none; with what was looked for.
    ParameterError
        If the file does not have what the caller has chosen.
    """
    values, words = _values(sentences)
    choice = reading.choices.tag_column
    found = [place for place in values if place.name == choice] if choice is not None else _likely_places(values)
    if not found:
        raise _nothing_found(values, choice, path)
    place = found[0]
    tags = set(values[place])
    if values[place].total() < words:
        tags.add("O")
        reading.remark(translate("Words without {name}= in the column MISC are outside.").format(name=place.name))
    sentence = translate("Tags are read from {place}; other places with tags: {others}. tag_column chooses one.")
    if found[1:]:
        reading.remark(sentence.format(place=place.name, others=", ".join(other.name for other in found[1:])))
    form = TagForm.likely(tags)
    for remark in form.remarks():
        reading.remark(remark)
    return Entities(place, form)


def _values(sentences: Iterable[list[Row]]) -> tuple[dict[Place, Counter[str]], int]:
    """Count the values of each column, and of each name in MISC; and the words."""
    values, words = defaultdict(Counter), 0
    for rows in sentences:
        for row in rows:
            if row.is_range:
                continue
            words += 1
            columns = ((Place(False, name), value) for name, value in row.columns.items() if name not in COLUMNS)
            for place, value in chain(columns, ((Place(True, name), value) for name, value in misc(row).items())):
                if len(values[place]) < MOST_VALUES or value in values[place]:
                    values[place][value] += 1
    return values, words


def _likely_places(values: dict[Place, Counter[str]]) -> list[Place]:
    named = [place for place in values if plain_name(place.name) in NAMES]
    tagged = [place for place in named if _are_tags(values[place], plain_name(place.name))]
    return sorted(tagged, key=lambda place: (place.in_misc, NAMES.index(plain_name(place.name))))


def _are_tags(values: Counter[str], name: str) -> bool:
    form = TagForm.likely({*values, "O"} if values.keys().isdisjoint("-_*") else values)
    if name == "name" and form.pattern == TYPES.pattern:  # a name, not a type
        return False
    return 2 * sum(count for value, count in values.items() if form.fits(value)) >= values.total()


def _nothing_found(values: dict[Place, Counter[str]], choice: str | int | None, path: str) -> TutorialError:
    there = ", ".join(sorted({place.name for place in values})[:SHOWN]) or "-"
    if choice is not None:
        return ParameterError(
            translate("{path}: tag_column is {choice}; there are these columns, and names in MISC: {there}").format(
                path=path, choice=repr(choice), there=there
            )
        )
    return MalformedDataError(
        translate(
            "{path}: CoNLL-U without entities. Looked for tags such as B-person in a column or, with =, in MISC under"
            " one of the names {names}, in small or capital letters; there are, besides the usual columns: {there}."
            " Entity=(person-1), in brackets, marks coreference and is not read. Add the tags to MISC: NER=B-person"
        ).format(path=path, names=", ".join(NAMES), there=there)
    )
