"""A string literal of Python source as a message for translators, and back."""

import ast
import re
from collections import Counter
from collections.abc import Callable

# One literal, in double quotes, as the formatter writes it. Two that follow on each other do not match.
LITERAL = re.compile(r'(f?)("""|")((?:(?!\2)[^\\]|\\.)*)\2', re.DOTALL)


def translate_literal(source: str, lookup: Callable[[str], str]) -> str:
    """Translate a string literal; its message is what stands between the quotation marks, escapes and all.

    Parameters
    ----------
    source : str
        A string literal or f-string.
    lookup : callable
        Gives the translation of a message, or the message itself. Not asked if there is no letter in the string.

    Returns
    -------
    str
        A literal with the same prefix and quotation marks.

    Raises
    ------
    ValueError
        If the source is written in another form, such as several literals in a row; or if the translation cannot stand
        between the quotation marks, or has other placeholders than the message.
    """
    texts, placeholders = _parts(source)
    if not any(map(str.isalpha, texts)):
        return source
    if not (literal := LITERAL.fullmatch(source)):
        raise ValueError(f"write this as one string in double quotes, so that it can be translated: {source}")
    prefix, quote, message = literal.groups()
    translated = prefix + quote + lookup(message) + quote
    try:
        kept = _parts(translated)[1] == placeholders
    except SyntaxError:
        kept = False
    if not kept:
        raise ValueError(f"the translation of {source} has other placeholders or is no string: {translated}")
    return translated


def _parts(literal: str) -> tuple[str, Counter]:
    """Take a literal apart into its text and its placeholders."""
    node = ast.parse(f"({literal})", mode="eval").body
    values = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [value.value for value in values if isinstance(value, ast.Constant)]
    return "".join(texts), Counter(ast.dump(value) for value in values if not isinstance(value, ast.Constant))
