"""Say what a file without columns of tags looks like."""

import json
import re
from itertools import islice
from pathlib import Path

from helpers.data.lines import read_lines
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate

LINES = 100  # that are looked at
BRACKETS = re.compile(r"\[[^\[\]]+\]\([\w-]+\)")
MARKED = re.compile(r"<[^<>]+:[A-Z_]+>|</?[A-Za-z][^<>]*>")
SLASH = re.compile(r"\S/(O|[BI]-\w+)(\s|$)")


def refuse_other_forms(path: Path) -> None:
    """Refuse a file without tags in columns, if it can be seen what it is.

    Raises
    ------
    DatasetUnavailableError
        If it cannot be read.
    MalformedDataError
        With what it looks like, and how to convert it.
    """
    lines = list(islice(((where, text) for where, text in read_lines(path) if text.strip()), LINES))
    found = _marked_text(lines) or _other_form(lines)
    if found:
        raise MalformedDataError(translate("{where}: {sentence}").format(where=found[0], sentence=found[1]))


def _marked_text(lines: list[tuple[str, str]]) -> tuple[str, str] | None:
    """Recognise text in which something is written around entities."""
    advice = translate("Write each word on a line of its own, then a tab and its tag, such as B-person or O")
    signs = {
        BRACKETS: translate(
            "this looks like text with entities in brackets, [Oslo](location), which"
            " helpers.data.bracketed.read_bracketed reads. {advice}"
        ),
        SLASH: translate("this looks like words with tags behind slashes, Oslo/B-location. {advice}"),
        MARKED: translate("this looks like text with entities in angle brackets. {advice}"),
    }
    for pattern, sentence in signs.items():
        for where, text in lines:
            if pattern.search(text):
                return where, sentence.format(advice=advice)
    return None


def _other_form(lines: list[tuple[str, str]]) -> tuple[str, str] | None:
    if not lines:
        return None
    (where, first), texts = lines[0], [text for _, text in lines]
    if _begins_json(first):
        return where, translate("this looks like JSON. Give the file a name that ends in .json or .jsonl")
    if any("\t" in text for text in texts):
        return None
    for mark in ",;":
        counts = {text.count(mark) for text in texts}
        if len(texts) > 1 and len(counts) == 1 and counts != {0}:
            return where, translate(
                "this looks like a table with {mark} between its columns. Give the file a name that ends in .csv"
            ).format(mark=repr(mark))
    if len({len(text.split()) for text in texts}) > 1 or len(first.split()) > 4:
        return where, translate(
            "this looks like text without tags. Write each word on a line of its own, then a tab and its tag, such as"
            " B-person or O; tools such as Label Studio and doccano help to label text"
        )
    return None


def _begins_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return re.fullmatch(r"\s*[\[{]\s*([\[{\"].*)?", text) is not None
    return True
