"""Access tokens of the Hub, which belong in no text that anybody else may read."""

import re

TOKEN = re.compile("(hf_|api_org_)[A-Za-z0-9]{20,}")


def without_tokens(text: str) -> str:
    """Leave of each token in a text no more than its beginning, which says what it was."""
    return TOKEN.sub(r"\1...", text)
