"""Access tokens of the Hub, which belong in no text that anybody else may read."""

import re

from huggingface_hub import get_token

TOKEN = re.compile(r"(hf_|api_org_|\bapi_)([A-Za-z0-9]{20,}|(oauth|jwt)_[\w.-]{20,})")
SHORTEST = 20  # what is shorter is a stand-in, and may be part of any word


def without_tokens(text: str) -> str:
    """Leave of each token in a text no more than its beginning, which says what it was.

    Tokens are what looks like one, and the one that is in use here, whatever it looks like.
    """
    in_use = _token_in_use()
    if len(in_use) >= SHORTEST:
        text = text.replace(in_use, f"{in_use[:3]}...")
    return TOKEN.sub(r"\1...", text)


def _token_in_use() -> str:
    try:
        return get_token() or ""
    except (OSError, ValueError):  # a login file that cannot be read, so nothing in it is in use
        return ""
