"""Read the bundled sample's bracket format."""

import re
from pathlib import Path

from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

ENTITY = re.compile(r"(?<!\S)\[([^\s\[\]][^\[\]]*)\]\(([a-z-]+)\)(?!\S)")


def read_bracketed(path: Path) -> list[tuple[list[str], list[str]]]:
    """Read a file of one sentence a line, with each entity written as ``[its words](its-type)``.

    Parameters
    ----------
    path : Path
        A UTF-8 file; words are separated by spaces, blank lines are skipped.

    Returns
    -------
    list of (list of str, list of str)
        The words and the IOB2 tags of each sentence.

    Raises
    ------
    MalformedDataError
        If a bracket belongs to no entity; with file and line.
    """
    lines = enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
    return [_parse(line, path, number) for number, line in lines if line.strip()]


def _parse(line: str, path: Path, number: int) -> tuple[list[str], list[str]]:
    tokens, tags = [], []
    # re.split with two groups gives: text, entity, type, text, entity, type, ..., text
    pieces = ENTITY.split(line)
    for position in range(0, len(pieces), 3):
        text = pieces[position].split()
        if any("[" in token or "]" in token for token in text):
            raise MalformedDataError(
                translate("{path}, line {number}: a bracket outside of an [entity](type): {line}").format(
                    path=path, number=number, line=repr(line)
                )
            )
        tokens += text
        tags += ["O"] * len(text)
        if position + 2 < len(pieces):
            words, entity_type = pieces[position + 1].split(), pieces[position + 2]
            tokens += words
            tags += [f"B-{entity_type}"] + [f"I-{entity_type}"] * (len(words) - 1)
    return tokens, tags
