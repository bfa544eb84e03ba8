"""Tag words, as IOB2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from helpers.data.tag_forms import STANDARD, TagForm
from helpers.errors import UnknownTagError

IGNORED = -100  # the label of a subword that every loss and metric here leaves out


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


def as_sentence(tokens: Sequence[str], tags: Sequence[str], form: TagForm = STANDARD) -> Sentence:
    """Make a sentence of words and their tags, by default with a hyphen; raises `UnknownTagError`."""
    iob2_tags = form.to_iob2(tags)
    rewritten = sum(before != after for before, after in zip(tags, iob2_tags, strict=True))
    return Sentence(list(tokens), iob2_tags, rewritten)


def split_tag(tag: str) -> tuple[str, str | None]:
    """Split a tag with a hyphen into its prefix and its entity type (None for ``O``); raises `UnknownTagError`."""
    return STANDARD.split(tag)


def require_tag(tag: str, where: str, form: TagForm = STANDARD) -> None:
    """Check that a tag has a known form; raises `UnknownTagError`, which says where it has not."""
    try:
        form.split(tag)
    except UnknownTagError as error:
        raise UnknownTagError(f"{where}: {error}") from error


def iob2_label_names(entity_types: set[str]) -> list[str]:
    """List the IOB2 labels for some entity types: ``O`` first, then ``B-`` and ``I-`` of each type in sorted order."""
    return ["O"] + [f"{prefix}-{entity_type}" for entity_type in sorted(entity_types) for prefix in "BI"]
