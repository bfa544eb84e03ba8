"""Compute digests of the code that a result depends on."""

import hashlib
import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path

import helpers

HELPERS = Path(helpers.__path__[0])
NOT_IMPORTED = {"run", "__pycache__"}  # by any notebook


@cache
def helpers_digest() -> str:
    """Return the SHA-256 of all helpers that notebooks import, package data included."""
    digest = hashlib.sha256()
    for path in sorted(HELPERS.rglob("*")):
        parts = path.relative_to(HELPERS).parts
        hidden = any(part.startswith(".") for part in parts)  # what a system or an editor puts there
        if path.is_file() and not hidden and not NOT_IMPORTED.intersection(parts):
            digest.update("/".join(parts).encode() + path.read_bytes())
    return digest.hexdigest()


def functions_digest(*functions: Callable) -> str:
    """Return the SHA-256 of the source of functions, and of the notebook's other functions and classes they use."""
    sources, left = {}, list(functions)
    while left:
        function = left.pop()
        if function not in sources:
            sources[function] = inspect.getsource(function)
            used = [*inspect.getclosurevars(function).globals.values()]
            used += [part for kind in filter(inspect.isclass, used) for part in vars(kind).values()]
            left += [part for part in filter(inspect.isfunction, used) if part.__module__ == function.__module__]
    return hashlib.sha256("\n".join(sorted(sources.values())).encode()).hexdigest()
