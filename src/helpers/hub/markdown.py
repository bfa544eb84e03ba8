"""Texts of others in Markdown, where they stay texts."""


def as_code(text: str) -> str:
    """Set a text as code, in one line, so that nothing in it is read as Markdown, HTML or the end of a table's cell."""
    return "`" + " ".join(text.split()).replace("`", "'").replace("|", r"\|") + "`"
