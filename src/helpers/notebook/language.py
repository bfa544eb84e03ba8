"""Choose the language in which the helpers speak to the reader, and say their messages in it."""

from functools import cache
from pathlib import Path

import polib

from helpers.errors import ParameterError

LANGUAGES = ("en", "ko")
CATALOGUE = Path(__file__).with_name("ko.po")

_language = "en"


def use_language(language: str) -> None:
    """Choose the language of what the helpers show from now on; raises `ParameterError` if it is none of theirs."""
    global _language
    if language not in LANGUAGES:
        text = translate("there is no language {language}; choose one of {languages}")
        raise ParameterError(text, language=repr(language), languages=", ".join(LANGUAGES))
    _language = language


def current_language() -> str:
    """Tell the language that `use_language` has chosen last; "en" at first."""
    return _language


def translate(message: str, /, **values: object) -> str:
    """Say a message in the chosen language, in English where it has no translation, and fill its placeholders.

    The message is a string literal where this is called, so that it gets into the catalogue. Without values, it stays
    as it is.
    """
    said = message if _language == "en" else _translations().get(message, message)
    return said.format(**values) if values else said


@cache
def _translations() -> dict[str, str]:
    # Fuzzy entries are left out: their English has changed since they were translated.
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(CATALOGUE)).translated_entries()}
