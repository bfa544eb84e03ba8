"""Read CoNLL-U and CoNLL-U Plus files, of which a column or the notes in MISC have the entities' tags."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from helpers.data.columns import MOST_VALUES, TAG_NAMES, chosen_column, columns_named
from helpers.data.reading import Reading, listed, read_lines
from helpers.data.tagged_rows import RowForm, TaggedRow, sentences_of_rows
from helpers.data.tagging import TYPES, Sentence, TagForm
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

LOOKED_AT = 200  # lines by which the form is recognised
USUAL = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
COLUMN_NAMES = re.compile(r"#\s*global\.columns\s*=\s*(.*)")
ID = re.compile(r"[0-9]+(?P<range>-[0-9]+)?(?P<empty>\.[0-9]+)?")
MISC_NAMES = [*TAG_NAMES, "name"]  # NER is what Stanza and CLASSLA write, NE NameTag, name the Norwegian NorNE


class Row(NamedTuple):
    """A word of CoNLL-U or, with its own fields, the range of words that are written as one."""

    where: str
    form: str
    range: str  # such as 1-2; empty for a word
    fields: dict[str, str]  # the columns besides the ten usual ones, and what the column MISC names


def is_conllu(path: Path) -> bool:
    """Return whether a file names its columns, or begins with ten of which the last is empty or has names."""
    for _, text in islice(read_lines(path), LOOKED_AT):
        if COLUMN_NAMES.match(text):
            return True
        if text.strip() and not text.startswith("#"):
            columns = text.split("\t")
            last = columns[-1].strip()
            return len(columns) == len(USUAL) and bool(ID.fullmatch(columns[0])) and (last == "_" or "=" in last)
    return False


def read_conllu(path: Path, reading: Reading) -> Iterator[list[Sentence]]:
    """Read a UTF-8 file a sentence at a time; first the whole of it is searched for the entities' tags.

    Words are the syntactic ones, from the column FORM: of a range such as ``1-2`` the words 1 and 2, and no empty
    nodes. Tags are in a column of their own (CoNLL-U Plus), or in MISC, as in ``NER=B-person``. Raises
    `MalformedDataError` or `ParameterError` if there are none; wrong rows are added to the reading.
    """
    name, form = _find_tags(path, reading)
    reading.remark(*form.remarks())

    def rows(reading: Reading) -> Iterator[TaggedRow]:
        for block in _read_conllu_rows(path, reading):
            pairs = []
            for row in block:
                tag = row.fields.get(name, form.outside)
                with reading.collect(row.where):
                    if not row.range:
                        form.split(tag)
                        pairs.append((row.form, tag))
                    elif tag not in (form.outside, "_"):
                        message = translate(
                            "{where}: the range {range} has the tag {tag}, but the words it stands for should have it;"
                            " move it to their rows"
                        )
                        raise MalformedDataError(message, where=row.where, range=row.range, tag=repr(tag))
            if pairs:
                yield TaggedRow(block[0].where, *zip(*pairs, strict=True))

    return sentences_of_rows(rows, reading, RowForm(form, has_pieces=False))


def _read_conllu_rows(path: Path, reading: Reading) -> Iterator[list[Row]]:
    names, rows = (), []
    for where, text in chain(read_lines(path), [("", "")]):
        if found := COLUMN_NAMES.match(text):
            before, names = names, tuple(found[1].split())
            if before not in ((), names):
                message = translate("{where}: the columns are named anew, as {names}; make a file of each part")
                raise MalformedDataError(message, where=where, names=" ".join(names))
        elif text.strip() and not text.startswith("#"):
            names = names or USUAL
            with reading.collect():
                rows += _parse_row(text.split("\t"), names, where)
        elif rows and not text.strip():
            yield rows
            rows = []


def _parse_row(values: list[str], names: tuple[str, ...], where: str) -> list[Row]:
    if len(values) != len(names):
        message = translate("{where}: {count} columns, but CoNLL-U has {width} with tabs between them: {names}")
        raise MalformedDataError(message, where=where, count=len(values), width=len(names), names=" ".join(names))
    # Only spaces, as a no-break space may be a word.
    columns = dict(zip(names, (value.strip(" ") for value in values), strict=True))
    number = ID.fullmatch(columns.get("ID", "1"))
    if not number or not columns.get("FORM"):
        message = translate(
            "{where}: expected a number, a range such as 1-2, or an empty node such as 1.1, and a word; found {columns}"
        )
        raise MalformedDataError(message, where=where, columns=values)
    pairs = (part.partition("=") for part in columns.get("MISC", "").split("|"))
    fields = {name: value for name, value in columns.items() if name not in USUAL}
    fields = {name.strip(): value.strip() for name, equals, value in pairs if equals} | fields
    return [] if number["empty"] else [Row(where, columns["FORM"], number[0] if number["range"] else "", fields)]


def _find_tags(path: Path, reading: Reading) -> tuple[str, TagForm]:
    values, unheard = defaultdict(Counter), Reading()
    for row in (row for rows in _read_conllu_rows(path, unheard) for row in rows if not row.range):
        for name, value in row.fields.items():
            if len(values[name]) < MOST_VALUES or value in values[name]:
                values[name][value] += 1
    names = list(values)
    if reading.choices.tag_column is not None:
        found = [names[chosen_column(reading.choices.tag_column, names, range(len(names)), path)]]
    else:
        forms = [(names[place], _form(values[names[place]])) for place in columns_named(names, MISC_NAMES)]
        found = [
            name
            for name, form in forms
            if not (name.lower().endswith("name") and form.pattern == TYPES.pattern)  # a name, not a type
            and 2 * sum(n for value, n in values[name].items() if form.fits(value)) >= values[name].total()
        ]
    if not found:
        unheard.finish()  # the tags may be in rows that cannot be read
        message = translate(
            "{path}: CoNLL-U without entities. Looked for tags such as B-person in a column or, with =, in MISC under"
            " one of the names {names}, in small or capital letters; there are, besides the usual columns: {there}."
            " Entity=(person-1), in brackets, marks coreference and is not read. Add the tags to MISC: NER=B-person"
        )
        there = listed(sorted(names)) or "-"
        raise MalformedDataError(message, path=path, names=", ".join(MISC_NAMES), there=there)
    if found[1:]:
        reading.remark(
            translate(
                "Tags are read from {place}; other places with tags: {others}. tag_column chooses one.",
                place=found[0],
                others=", ".join(found[1:]),
            )
        )
    return found[0], _form(values[found[0]])


def _form(values: Counter[str]) -> TagForm:
    # Words without the name in MISC are outside of entities.
    return TagForm.likely({*values, "O"} if values.keys().isdisjoint("-_*") else values)
