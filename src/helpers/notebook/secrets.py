"""Redact the Hub's access tokens."""

import html
import json
import os
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from reprlib import Repr
from urllib.parse import quote, quote_plus

TOKEN = re.compile(r"(hf_|api_org_|\bapi_)([A-Za-z0-9]{20,}|(oauth|jwt)_[\w.-]{20,})")
SHORTEST = 20  # anything shorter is a stand-in, and may be part of any word
# What escapes are made of, as patterns, since they are escaped in turn: JSON in HTML, say, or an address in an address.
PERCENT = "%(?:25)*"
BACKSLASH = rf"(?:\\|{PERCENT}5C)"
PARTS = {
    "%": PERCENT,
    "&": rf"(?:&|{PERCENT}26)(?:amp(?:;|{PERCENT}3B))*",
    "#": rf"(?:\#|{PERCENT}23)",
    ";": rf"(?:;|{PERCENT}3B)",
}


def hugging_face_home() -> str:
    """Name the folder of Hugging Face's libraries as they do; ``~`` and variables in it are still to be expanded."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return os.environ.get("HF_HOME", os.path.join(cache, "huggingface"))


def redact_tokens(text: str) -> str:
    """Shorten what looks like a token to its beginning, and the one in use whatever it looks like, however escaped."""
    in_use = _token_in_use()
    if len(in_use) >= SHORTEST:
        begins, plain, written = _forms(in_use)
        if plain in text:
            text = written.sub(f"{begins}...", text)
    return TOKEN.sub(r"\1...", text)


@cache
def _forms(token: str) -> tuple[str, str, re.Pattern]:
    """Give what a token may be shortened to, a part of it that nothing escapes, and a pattern for all ways to write it.

    That takes the backslashes before the token too, since half of an escape would break the JSON around it. There are
    no possessive quantifiers, as those of Python 3.11.0 to 3.11.4 miss matches (its issue 106052).
    """
    letters = max(re.findall("[A-Za-z0-9]+", token), key=len, default="")
    once = re.sub(r"\\+", r"\\", token)  # as each escape makes more of them
    pattern = "".join(_escaped(character, before) for before, character in pairwise(["", *once]))
    # A match begins where a run of backslashes does: otherwise a long run would be read again from each of them.
    written = re.compile(r"(?<!\\)(?<!%5C)(?<!%255C)" + pattern, re.IGNORECASE)  # %5c is %5C
    return re.match(r"\w{0,3}", token, re.ASCII)[0], letters, written


def _escaped(character: str, before: str) -> str:
    if character == "\\":
        return f"{BACKSLASH}+"
    forms = {character, json.dumps(character)[1:-1], ascii(character)[1:-1], html.escape(character)}
    forms |= {f"&#{ord(character)};", f"&#x{ord(character):x};"}
    forms |= {escape(character, safe="", errors="surrogatepass") for escape in (quote, quote_plus)}
    written = ("".join(PARTS.get(part) or re.escape(part) for part in form.lstrip("\\")) for form in forms)
    escapes = "" if before == "\\" else f"{BACKSLASH}*"
    return f"{escapes}(?:{'|'.join(sorted(written, key=len, reverse=True))})"


def _token_in_use() -> str:
    # As the Hub's client reads it, but without that: it takes a while to import, and may ask the Hub.
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if token := os.environ.get(name, "").strip():
            return token
    path = os.environ.get("HF_TOKEN_PATH", os.path.join(hugging_face_home(), "token"))
    try:
        return Path(os.path.expandvars(os.path.expanduser(path))).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):  # no login file, or none that can be read, so nothing in it is in use
        return ""


class _Short(Repr):
    """Redact texts before they are shortened, as half an access token would not be recognised."""

    def repr_str(self, text: str, level: int) -> str:
        return super().repr_str(redact_tokens(text), level)


_SHORT = _Short()
_SHORT.maxlevel, _SHORT.maxstring = 2, 60
shortened = _SHORT.repr
