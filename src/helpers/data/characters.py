"""Join the pieces of a text, of which some are spaces, to sentences with spans."""

from collections import Counter
from collections.abc import Iterable, Sequence

from helpers.data.span_tags import tag_text
from helpers.data.tagging import Sentence, Span

SPACE = " "
NEARLY_ALL = 0.95


def are_pieces(words: Iterable[str]) -> bool:
    """Return whether all words of a data set are the characters of its texts: some are spaces.

    Single characters without spaces, as Chinese data have them, are words.
    """
    count = Counter(SPACE if word == SPACE else len(word) == 1 for word in words)
    others = count[True] + count[False]
    return count[SPACE] > 0 and count[True] >= NEARLY_ALL * others > 0


def join_pieces(pieces: Sequence[str], tags: Sequence[str], where: str = "the text") -> list[Sentence]:
    """Join pieces of a text, with IOB2 tags, and make spans of characters of their entities, as `tag_text` does.

    Raises `MalformedDataError` if an entity is nothing but spaces.
    """
    spans, end = [], 0
    for piece, tag in zip(pieces, tags, strict=True):
        start, end = end, end + len(piece)
        if tag.startswith("B-"):
            spans.append(Span(start, end, tag[2:]))
        elif tag != "O":
            spans[-1] = spans[-1]._replace(end=end)
    return tag_text("".join(pieces), spans, where)
