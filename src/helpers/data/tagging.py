"""Rewrite tag schemes as IOB2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from helpers.errors import UnknownTagError

STARTS = "BSU"  # S (BIOES) and U (BILOU) mark an entity of one word
ENDS = "ESLU"


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


def as_sentence(tokens: Sequence[str], tags: Sequence[str]) -> Sentence:
    """Make a sentence of words and their tags, of any scheme; raises `UnknownTagError`."""
    iob2_tags = to_iob2(tags)
    rewritten = sum(before != after for before, after in zip(tags, iob2_tags, strict=True))
    return Sentence(list(tokens), iob2_tags, rewritten)


def to_iob2(tags: Sequence[str]) -> list[str]:
    """Rewrite one sentence's IOB1, IOB2, BIOES or BILOU tags as IOB2.

    An entity starts at a start tag, after ``O``, after an end tag, and where the type changes. That is the rule
    of IOB1, which holds for the other schemes too, so that the scheme need not be known.

    Parameters
    ----------
    tags : sequence of str
        ``O``, or a prefix, a hyphen and an entity type (``B-creative-work``), one for each word.

    Returns
    -------
    list of str
        As many tags, with only the prefixes ``B`` and ``I``.

    Raises
    ------
    UnknownTagError
        If a tag has no such form.
    """
    converted = []
    open_type = None  # the type of the entity that the next word could continue
    for tag in tags:
        prefix, entity_type = split_tag(tag)
        if prefix == "O":
            converted.append("O")
            open_type = None
            continue
        starts = prefix in STARTS or entity_type != open_type
        converted.append(f"{'B' if starts else 'I'}-{entity_type}")
        open_type = None if prefix in ENDS else entity_type
    return converted


def split_tag(tag: str) -> tuple[str, str | None]:
    """Split a tag into its prefix and its entity type (None for ``O``); raises `UnknownTagError`."""
    prefix, hyphen, entity_type = tag.partition("-")
    if tag == "O":
        return "O", None
    if prefix not in ("B", "I", "E", "S", "L", "U") or not hyphen or not entity_type:
        raise UnknownTagError(f"tag {tag!r} is neither O nor one of B-, I-, E-, S-, L-, U- before an entity type")
    return prefix, entity_type


def require_tag(tag: str, where: str) -> None:
    """Check that a tag has a known form; raises `UnknownTagError`, which says where it has not."""
    try:
        split_tag(tag)
    except UnknownTagError as error:
        raise UnknownTagError(f"{where}: {error}") from error


def iob2_label_names(entity_types: set[str]) -> list[str]:
    """List the IOB2 labels for some entity types: ``O`` first, then ``B-`` and ``I-`` of each type in sorted order."""
    return ["O"] + [f"{prefix}-{entity_type}" for entity_type in sorted(entity_types) for prefix in "BI"]
