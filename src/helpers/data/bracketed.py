"""Read the bundled sample's bracket format."""

import re
from pathlib import Path

from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

ENTITY = re.compile(r"(?<!\S)\[([^\s\[\]][^\[\]]*)\]\(([a-z-]+)\)(?!\S)")


def read_bracketed(path: Path) -> list[tuple[list[str], list[str]]]:
    """Read the words and IOB2 tags of each line of a UTF-8 file, in which entities are ``[its words](its-type)``.

    Spaces separate words; blank lines are skipped. Raises `MalformedDataError` if a bracket belongs to no entity.
    """
    lines = enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
    return [_parse(line, path, number) for number, line in lines if line.strip()]


def _parse(line: str, path: Path, number: int) -> tuple[list[str], list[str]]:
    tokens, tags = [], []
    # Of two groups, re.split gives: text, entity, type, text, entity, type, ..., text
    pieces = iter([*ENTITY.split(line), "", ""])
    for text, entity, entity_type in zip(pieces, pieces, pieces, strict=True):
        outside, inside = text.split(), entity.split()
        if "[" in text or "]" in text:
            message = translate("{path}, line {number}: a bracket outside of an [entity](type): {line}")
            raise MalformedDataError(message, path=path, number=number, line=repr(line))
        tokens += outside + inside
        tags += ["O"] * len(outside) + [f"{'I' if place else 'B'}-{entity_type}" for place in range(len(inside))]
    return tokens, tags
