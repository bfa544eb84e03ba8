"""Check the values of JSON records."""

from collections.abc import Mapping
from reprlib import Repr
from typing import Any

from helpers.errors import MalformedDataError
from helpers.notebook.language import translate
from helpers.notebook.secrets import redact_tokens


class _Short(Repr):
    """Values as errors quote them: short, and redacted first, as half an access token would not be recognised."""

    def __init__(self):
        super().__init__()
        self.maxlevel, self.maxstring = 2, 60

    def repr_str(self, text: str, level: int) -> str:
        return super().repr_str(redact_tokens(text), level)


shortened = _Short().repr


def member(record: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    """Take a member of a JSON object, if it has the type that it should have; `MalformedDataError` if not."""
    if name not in record:
        raise MalformedDataError(
            translate("{where}: no {name}, only {names}").format(
                where=where, name=repr(name), names=shortened(list(record))
            )
        )
    return require_kind(record[name], repr(name), kind, where)


def require_kind(value: Any, name: str, kind: type, where: str) -> Any:
    """Check that a JSON value has a type, and if it is a text, that UTF-8 can hold it; `MalformedDataError` if not."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise MalformedDataError(
            translate("{where}: {name} is {value}; expected {kind}").format(
                where=where, name=name, value=shortened(value), kind=_kinds()[kind]
            )
        )
    if kind is str and value != value.encode(errors="ignore").decode():
        raise MalformedDataError(
            translate("{where}: {name} is {value}, with half of a character in it").format(
                where=where, name=name, value=ascii(shortened(value))
            )
        )
    return value


def require_text(value: Any, name: str, where: str) -> str:
    """Check that a JSON value is a text that UTF-8 can hold; `MalformedDataError` if not."""
    return require_kind(value, name, str, where)


def _kinds() -> dict[type, str]:
    return {
        dict: translate("an object in {}"),
        list: translate("a list"),
        str: translate("a text"),
        int: translate("a whole number"),
    }
