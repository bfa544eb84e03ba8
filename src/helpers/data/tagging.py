"""Tag words as IOB2, and recognise how the tags of a data set are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from helpers.errors import UnknownTagError
from helpers.notebook.language import translate

IGNORED = -100  # the label of a subword that every loss and metric here leaves out
STARTS = "BSU"  # S (BIOES) and U (BILOU) mark an entity of one word
ENDS = "ESLU"
OTHER_OUTSIDE = ("-", "_", "*")  # what some data have in place of O
ONLY_TYPE = "entity"  # of data whose tags have no type
ONE_LETTER = re.compile(r"[^\W\d_][-_]")  # as a prefix, or as the E of E-mail
UNCLEAR_TAGS = re.compile("[EL]-.|[ESLUM]$")  # as in the type E-mail, or in the end of the type mail


class Span(NamedTuple):
    """A labelled part of a text or a sentence: characters or words from ``start`` up to, but without, ``end``."""

    start: int
    end: int
    label: str

    def overlaps(self, other: Span) -> bool:
        """Return whether the two share a character or a word."""
        return self.start < other.end and other.start < self.end


class Sentence(NamedTuple):
    """One sentence: its words, their IOB2 tags, and how many tags another scheme had to be rewritten from.

    Where the data mark characters, it also has its text as it was written and the spans in it, which needn't end where
    words end; words and tags are then only a view of these. Where the data give words, ``text`` is None.
    """

    tokens: list[str]
    tags: list[str]
    rewritten: int = 0
    text: str | None = None
    spans: tuple[Span, ...] = ()


class TagForm(NamedTuple):
    """How the tags of a data set are written."""

    example: str  # an entity's tags in this form, as messages show them
    pattern: str  # what a tag looks like, with the groups prefix and type or one of them
    outside: str = "O"  # the tag of words outside of all entities

    @classmethod
    def likely(cls, tags: Iterable[str]) -> TagForm:
        """Find the form that most tags of a file or a data set have; some may be misspelled, as `split` then says."""
        tags = {tag.strip() for tag in tags} - {""}
        others = tags.intersection(OTHER_OUTSIDE)
        outside = others.pop() if "O" not in tags and len(others) == 1 else "O"
        entities = tags - {outside}
        form = _by_prefixes(entities) or _by_pairs(entities)
        bare = {tag for tag in entities if BARE.fits(tag)}
        if not form and ({"B", "I"} <= bare or (bare == entities and bare & {"B", "I"})):
            form = BARE
        if not form and entities and all(UNCLEAR_TAGS.match(tag) for tag in entities):
            form = UNCLEAR
        # Any word at all could be a type, so there has to be an O, and a tag that could be nothing but a type.
        if not form and outside in tags and any(TYPES.fits(tag) and not ONE_LETTER.match(tag) for tag in entities):
            form = TYPES
        return (form or STANDARD)._replace(outside=outside)

    def fits(self, tag: str) -> bool:
        """Return whether a tag is written in this form."""
        return tag.strip() == self.outside or re.fullmatch(self.pattern, tag.strip(), re.DOTALL) is not None

    @lru_cache(maxsize=4096)  # noqa: B019 - forms are few and small
    def split(self, tag: str) -> tuple[str, str | None]:
        """Split a tag into its prefix, as in BIOES or BILOU, and its entity type; raises `UnknownTagError`.

        The type is None for ``O``, and for an ``I`` that only continues what is before it.
        """
        if tag.strip() == self.outside:
            return "O", None
        found = re.fullmatch(self.pattern, tag.strip(), re.DOTALL)
        if found:
            groups = found.groupdict()
            if groups.get("more"):
                return "I", None
            return groups.get("prefix", "I"), groups["type"].strip() if "type" in groups else ONLY_TYPE
        message = translate("tag {tag} is neither {outside} nor of the form that the other tags have: {example}")
        if tag.strip().isdecimal():
            message = translate(
                "tag {tag} is a number, perhaps of a class; nothing here says what it stands for: write the tags as"
                " texts, such as B-person"
            )
        elif self.pattern == UNCLEAR.pattern:
            message = translate(
                "tag {tag} may be an entity type, or mark a word of an entity: no tag that begins an entity tells"
                " which; write B-type at an entity's first word and I-type at its other words"
            )
        raise UnknownTagError(message, tag=repr(tag), outside=self.outside, example=self.example)

    def to_iob2(self, tags: Sequence[str]) -> list[str]:
        """Rewrite one sentence's tags as IOB2; raises `UnknownTagError` where one misfits, or continues no entity.

        An entity starts at a start tag, after ``O``, after an end tag, and where the type changes. That is the rule
        of IOB1, which holds for the other schemes too, so that the scheme need not be known.
        """
        converted = []
        open_type = None  # the type of the entity that the next word could continue
        for number, tag in enumerate(tags, 1):
            prefix, entity_type = self.split(tag)
            if prefix == "O":
                converted.append("O")
                open_type = None
                continue
            entity_type = entity_type or open_type
            if entity_type is None:
                message = translate(
                    "tag {tag} at word {number} of its sentence continues no entity: the word before it is outside;"
                    " give the tag a type"
                )
                raise UnknownTagError(message, tag=repr(tag), number=number)
            starts = prefix in STARTS or entity_type != open_type
            converted.append(f"{'B' if starts else 'I'}-{entity_type}")
            open_type = None if prefix in ENDS else entity_type
        return converted

    def remarks(self) -> list[str]:
        """Say in sentences what is unusual about the form; nothing of `STANDARD`."""
        sentence = translate("Tags are read in the form {example}.", example=self.example)
        if self.pattern == TYPES.pattern:
            sentence = translate(
                "Tags are entity types without prefixes: words of one type that stand side by side are one entity."
            )
        elif self.pattern == BARE.pattern:
            sentence = translate("Tags have no entity type; the type is called {name}.", name=repr(ONLY_TYPE))
        sentences = [] if self.pattern == STANDARD.pattern else [sentence]
        if self.outside != "O":
            sentences.append(
                translate("The tag {outside} is read as O, outside of all entities.", outside=repr(self.outside))
            )
        return sentences


STANDARD = TagForm("B-type, I-type", "(?P<prefix>[BIESLUM])-(?P<type>.+)")
UNDERSCORE = TagForm("B_type, I_type", "(?P<prefix>[BIESLUM])_(?P<type>.+)")
SUFFIXED = (
    TagForm("type-B, type-I", "(?P<type>.+)-(?P<prefix>[BIESLUM])"),
    TagForm("type_B, type_I", "(?P<type>.+)_(?P<prefix>[BIESLUM])"),
)
BARE = TagForm("B, I", "(?P<prefix>[BIESLUM])")
UNCLEAR = TagForm("", "(?!)")
TYPES = TagForm("type", r"(?P<type>(?![BIo]$)[^\W\d_]\S*)")


def as_sentence(tokens: Sequence[str], tags: Sequence[str], form: TagForm = STANDARD) -> Sentence:
    """Make a sentence of words and their tags, by default with a hyphen; raises `UnknownTagError`."""
    iob2_tags = form.to_iob2(tags)
    rewritten = sum(before != after for before, after in zip(tags, iob2_tags, strict=True))
    return Sentence(list(tokens), iob2_tags, rewritten)


def iob2_label_names(entity_types: set[str]) -> list[str]:
    """List the IOB2 labels for some entity types: ``O`` first, then ``B-`` and ``I-`` of each type in sorted order."""
    return ["O"] + [f"{prefix}-{entity_type}" for entity_type in sorted(entity_types) for prefix in "BI"]


def _by_prefixes(entities: set[str]) -> TagForm | None:
    """Recognise tags such as B-type by one that begins an entity, or is inside of it; the others may be misspelled."""
    for form in STANDARD, UNDERSCORE:
        separator = form.example[1]
        begun = any(re.match(rf"[BI]{separator}.", tag) for tag in entities)
        single = any(re.match(rf"[SU]{separator}.", tag) for tag in entities)  # E- and L- could be types: E-mail
        if begun or (single and all(map(form.fits, entities))):
            return form if "I" not in entities else TagForm(f"B{separator}type, I", f"{form.pattern}|(?P<more>I)")
    return None


def _by_pairs(entities: set[str]) -> TagForm | None:
    """Recognise tags such as type-B by a type that has both letters, or as all tags look like that."""
    for form in SUFFIXED:
        parts = [form.split(tag) for tag in entities if form.fits(tag)]
        begun, continued = ({entity_type for prefix, entity_type in parts if prefix == letter} for letter in "BI")
        if begun & continued or (len(begun) > 1 and len(parts) == len(entities)):  # vitamin-B alone may be a type
            return form
    return None
