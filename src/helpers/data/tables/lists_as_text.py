"""Read lists of texts that a table's cell holds as Python, JSON or NumPy print them."""

import ast
import json
import re

# Not what Python reads as one: it would join the texts of ['a' 'b'], which NumPy prints without commas.
ITEM = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
BETWEEN = re.compile(r"\s*,?\s*")


def read_list(text: str) -> list[str] | None:
    """Read a list of texts.

    Parameters
    ----------
    text : str
        Such as ``['a', "b"]``, ``["a", "b"]`` or ``['a' 'b']``. Nothing in it is evaluated but texts.

    Returns
    -------
    list of str or None
        None if it is no such list.
    """
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = _python_list(text[1:-1].strip())
    return values if values is not None and all(isinstance(value, str) for value in values) else None


def _python_list(inner: str) -> list[str] | None:
    values, place = [], 0
    while place < len(inner):
        item = ITEM.match(inner, place)
        if not item:
            return None
        try:
            values.append(ast.literal_eval(item[0]))
        except (ValueError, SyntaxError):  # such as an escape that is cut off
            return None
        place = BETWEEN.match(inner, item.end()).end()
        if place == item.end() < len(inner):
            return None
    return values
