"""A string in Python source as a message for translators, and back.

The message is the string's text, without escapes; an f-string's placeholders stand in it as in the source.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from syntax import parses

# What str.format fills in, and what build.py does
PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")

GAP = re.compile(r"(?:\s|\\\n|#.*)*")
LITERAL_START = re.compile(r"([A-Za-z]*)('''|\"\"\"|'|\")")
ESCAPE = re.compile(r"\\(?:N\{[^}]*\}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|.)", re.DOTALL)
BRACES = re.compile(r"\{\{|\}\}|\{")
WRITTEN = str.maketrans({"\\": "\\\\", "\r": "\\r", "\t": "\\t", "\0": "\\x00"})
ESCAPE_OR_BRACES = re.compile(f"{ESCAPE.pattern}|{BRACES.pattern}", re.DOTALL)


class _Literal(NamedTuple):
    """One literal of a string expression; start and end are its place there."""

    start: int
    end: int
    prefix: str
    quote: str
    body: str


def string_spans(expression: str) -> list[tuple[int, int]]:
    """Tell which parts of a string expression are one message each, as offsets (start, end).

    Literals that follow on each other are one message together, unless a comment stands between them or their
    quotation marks differ.
    """
    literals = list(_literals(expression))
    gaps = [expression[one.end : other.start] for one, other in pairwise(literals)]
    if len({literal.quote for literal in literals}) > 1 or "#" in "".join(gaps):
        return [(literal.start, literal.end) for literal in literals]
    return [(0, len(expression))]


def translate_string(source: str, lookup: Callable[[str], str]) -> str:
    """Translate a string.

    Parameters
    ----------
    source : str
        A string literal or f-string, or several with the same quotation marks and nothing but space between them.
    lookup : callable
        Gives the translation of a message, or the message itself. Not asked if there is no letter in the string; passed
        over if the translation has other placeholders than the message.

    Returns
    -------
    str
        One literal; or the source as it was, if nothing changes.
    """
    literals = list(_literals(source))
    formatted = any("f" in literal.prefix for literal in literals)
    message = "".join(_message(literal, formatted) for literal in literals)
    texts, placeholders = _split(message, formatted)
    if not any(map(str.isalpha, "".join(texts))):
        return source
    translation = lookup(message)
    if translation == message or Counter(_split(translation, formatted)[1]) != Counter(placeholders):
        return source
    return _write(translation, formatted, literals[0].quote)


def _literals(expression: str) -> Iterator[_Literal]:
    position = 0
    while (start := GAP.match(expression, position).end()) < len(expression):
        opening = LITERAL_START.match(expression, start)
        prefix, quote = opening.groups()
        # The literal ends at the first quotation mark with which it parses.
        candidates = (match.start() + len(quote) for match in re.finditer(f"(?={quote})", expression))
        position = next(end for end in candidates if end > opening.end() and parses(expression[start:end]))
        yield _Literal(start, position, prefix.lower(), quote, expression[opening.end() : position - len(quote)])


def _message(literal: _Literal, formatted: bool) -> str:
    """Give a literal's text, with doubled braces if it is to be part of an f-string."""
    raw = "r" in literal.prefix
    parts = _fields(literal.body, BRACES if raw else ESCAPE_OR_BRACES) if "f" in literal.prefix else [literal.body]
    for index in range(0, len(parts), 2):
        text = _single_braces(parts[index]) if "f" in literal.prefix else parts[index]
        text = text if raw else ESCAPE.sub(lambda escape: ast.literal_eval(f'"{escape[0]}"'), text)
        parts[index] = _double_braces(text) if formatted else text
    return "".join(parts)


def _write(message: str, formatted: bool, quote: str) -> str:
    if not formatted:
        return quote + _with_escapes(message, quote) + quote
    parts = _fields(message, BRACES)
    parts[::2] = [_double_braces(_with_escapes(_single_braces(text), quote)) for text in parts[::2]]
    return "f" + quote + "".join(parts) + quote


def _with_escapes(text: str, quote: str) -> str:
    text = text.translate(WRITTEN)
    if len(quote) == 1:
        return text.replace(quote, f"\\{quote}").replace("\n", "\\n")
    return re.sub(f"{quote[0]}(?={quote[1:]}|\\Z)", rf"\\{quote[0]}", text)


def _split(message: str, formatted: bool) -> tuple[list[str], list[str]]:
    """Take a message apart into its texts and its placeholders."""
    if formatted:
        parts = _fields(message, BRACES)
        return parts[::2], parts[1::2]
    return PLACEHOLDER.split(message), PLACEHOLDER.findall(message)


def _fields(body: str, tokens: re.Pattern) -> list[str]:
    """Split an f-string's body into text, placeholder, text, ..., text; a brace among the tokens may open one."""
    parts, start, position = [], 0, 0
    while match := tokens.search(body, position):
        position = match.end()
        if match[0] == "{" and (field := _field(body[match.start() :])):
            parts += [body[start : match.start()], field]
            start = position = match.start() + len(field)
    return [*parts, body[start:]]


def _field(text: str) -> str | None:
    """Find the placeholder at the beginning of a text: it ends at the first brace with which it parses."""
    fields = (text[: match.end()] for match in re.finditer("}", text))
    return next((field for field in fields if parses(f"f'''{field}'''")), None)


def _single_braces(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


def _double_braces(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
