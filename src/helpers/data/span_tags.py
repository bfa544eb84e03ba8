"""Turn labelled spans into tagged words."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from tokenizers import Regex, pre_tokenizers

from helpers.data.tagging import Sentence, Span
from helpers.errors import MalformedDataError
from helpers.notebook.secrets import redact_tokens

# Like BERT's own rule. Chinese and Japanese have no spaces, so each of their characters is a word.
WORDS = pre_tokenizers.Sequence(
    [
        pre_tokenizers.BertPreTokenizer(),
        pre_tokenizers.Split(Regex(r"[\p{Han}\p{Hiragana}\p{Katakana}]"), "isolated"),
    ]
)


class TaggedText(NamedTuple):
    """The sentences of a text, and how many spans begin or end inside a word."""

    sentences: list[Sentence]
    inside_words: int


def tag_words(text: str, spans: Iterable[Span], where: str = "the text") -> TaggedText:
    """Split a text into words, and tag each with the label of the span that covers it.

    White space separates words; each punctuation mark, and each Chinese or Japanese character, is a word. A span that
    begins or ends inside a word splits it there, so that the span covers whole words. Each line of the text becomes
    a sentence, and lines that one span runs over become one.

    Parameters
    ----------
    text : str
    spans : iterable of Span
        Of characters, in any order. The same span twice is one.
    where : str
        What errors call the text.

    Returns
    -------
    TaggedText

    Raises
    ------
    MalformedDataError
        If a span reaches out of the text, covers no word, or overlaps with another one.
    """
    spans = sorted(set(spans))
    _require_apart(spans, text, where)
    edges = [edge for span in spans for edge in (span.start, span.end)]
    lines, covered, cuts = [], set(), set()
    last, last_end = None, 0  # the span of the word before, and where that word ends
    for start, end in _cut(text, edges, cuts):
        span = _span_at(start, spans)
        continues = span is not None and span == last
        if not lines or ("\n" in text[last_end:start] and not continues):
            lines.append([])
        lines[-1].append((text[start:end], f"{'I' if continues else 'B'}-{span.label}" if span else "O"))
        covered.add(span)
        last, last_end = span, end
    for span in spans:
        if span not in covered:
            raise MalformedDataError(f"{where}: {described(span, text)} covers no word; remove it")
    sentences = [Sentence(*map(list, zip(*line, strict=True)), rewritten=0) for line in lines]
    return TaggedText(sentences, sum(not cuts.isdisjoint((span.start, span.end)) for span in spans))


def described(span: Span, text: str) -> str:
    """Name a span in an error: its label, its characters and what they are, at most 40 of them."""
    covered = redact_tokens(text[max(span.start, 0) : max(span.end, 0)])
    shown = covered if len(covered) <= 40 else f"{covered[:40]}…"
    return f"the span {span.label!r} from {span.start} to {span.end}, {shown!r},"


def _require_apart(spans: Sequence[Span], text: str, where: str) -> None:
    for span in spans:
        if not 0 <= span.start <= span.end <= len(text):
            raise MalformedDataError(
                f"{where}: {described(span, text)} is not inside of the text, which has {len(text)} characters"
            )
    for span, following in pairwise(spans):
        if following.start < span.end:
            raise MalformedDataError(
                f"{where}: {described(span, text)} overlaps with {described(following, text)} but a word can have one"
                " label only; keep one of the two"
            )


def _cut(text: str, edges: Sequence[int], cuts: set[int]) -> Iterator[tuple[int, int]]:
    """Yield where the words begin and end, split at the edges of spans, which are added to `cuts`."""
    for _, (start, end) in WORDS.pre_tokenize_str(text):
        inside = edges[bisect_right(edges, start) : bisect_left(edges, end)]
        cuts.update(inside)
        yield from pairwise(dict.fromkeys([start, *inside, end]))  # two spans may meet in an edge


def _span_at(position: int, spans: Sequence[Span]) -> Span | None:
    index = bisect_right(spans, position, key=lambda span: span.start) - 1
    return spans[index] if index >= 0 and position < spans[index].end else None
