"""Redact the Hub's access tokens."""

import os
import re
from pathlib import Path

TOKEN = re.compile(r"(hf_|api_org_|\bapi_)([A-Za-z0-9]{20,}|(oauth|jwt)_[\w.-]{20,})")
SHORTEST = 20  # anything shorter is a stand-in, and may be part of any word


def redact_tokens(text: str) -> str:
    """Shorten each token in a text to its beginning, which says what it was.

    Tokens are what looks like one, and the one in use, whatever it looks like.
    """
    in_use = _token_in_use()
    if len(in_use) >= SHORTEST:
        text = text.replace(in_use, f"{in_use[:3]}...")
    return TOKEN.sub(r"\1...", text)


def _token_in_use() -> str:
    """Read the token as the Hub's client does, without it: it takes a while to import, and may ask the Hub."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if token := os.environ.get(name, "").strip():
            return token
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("HF_HOME", os.path.join(cache, "huggingface"))
    path = os.environ.get("HF_TOKEN_PATH", os.path.join(home, "token"))
    try:
        return Path(os.path.expandvars(os.path.expanduser(path))).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):  # no login file, or none that can be read, so nothing in it is in use
        return ""
