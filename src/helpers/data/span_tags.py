"""Split a labelled text into sentences, words and tags."""

import re
from bisect import bisect, bisect_left
from collections.abc import Iterable, Sequence
from itertools import groupby

from tokenizers import Regex, pre_tokenizers

from helpers.data.tagging import Sentence, Span
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate
from helpers.notebook.secrets import shortened

# Like BERT's own rule. Chinese and Japanese have no spaces, so each of their characters is a word.
EAST_ASIAN = pre_tokenizers.Split(Regex(r"[\p{Han}\p{Hiragana}\p{Katakana}]"), "isolated")
WORDS = pre_tokenizers.Sequence([pre_tokenizers.BertPreTokenizer(), EAST_ASIAN])


def tag_text(text: str, spans: Iterable[Span], where: str = "", overlaps: str = "refuse") -> list[Sentence]:
    """Split a text into sentences, and tag each word with the label of the span that it shares a character with.

    Sentences and words come from the text, never from the spans: these would tell a model where the entities are. Each
    line is a sentence, and lines that one span runs over become one. White space separates words; each punctuation
    mark, and each Chinese or Japanese character, is a word. Spans are of characters, in any order; the same one twice
    is one, and white space at its edges is left out. Those of a `Sentence` count from its beginning.

    Raises `MalformedDataError`, with `where` for a name of the text, about all spans that reach out of it, cover no
    word, or overlap. With ``overlaps="longest"``, the longest of those that overlap are kept.
    """
    spans = _sort_spans(spans, text, where, overlaps)
    sentences = []
    for words in _split_lines(text, spans):
        start, end = words[0][0], words[-1][1]
        own = spans[bisect_left(spans, (start,)) : bisect_left(spans, (end,))]
        moved = tuple(span._replace(start=span.start - start, end=span.end - start) for span in own)
        tokens = [text[first:last] for first, last in words]
        sentences.append(Sentence(tokens, word_tags(words, own), 0, text[start:end], moved))
    return sentences


def word_tags(words: Sequence[tuple[int, int]], spans: Sequence[Span]) -> list[str]:
    """Tag words as IOB2, given where they and the spans are, in order; of several spans in a word, the first counts."""
    tags, begun, ends = [], None, [span.end for span in spans]
    for start, end in words:
        place = bisect(ends, start)
        span = spans[place] if place < len(spans) and spans[place].start < end else None
        tags.append(f"{'I' if span is begun else 'B'}-{span.label}" if span else "O")
        begun = span or begun
    return tags


def is_inside_word(edge: int, text: str) -> bool:
    """Return whether an edge of a span is between two letters or digits."""
    return text[edge - 1 : edge].isalnum() and text[edge : edge + 1].isalnum()


def trimmed(span: Span, text: str) -> Span:
    """Leave out the white space at the edges of a span; of nothing else, an empty span is left."""
    covered = text[span.start : span.end]
    start = span.start + len(covered) - len(covered.lstrip())
    return span._replace(start=start, end=start + len(covered.strip()))


def described(span: Span, text: str) -> str:
    """Name a span in an error: its label, its offsets and what it covers."""
    message = translate("the span {label} from {start} to {end}, {text},")
    covered = shortened(text[max(span.start, 0) : max(span.end, 0)])
    return message.format(label=repr(span.label), start=span.start, end=span.end, text=covered)


def _split_lines(text: str, spans: Sequence[Span]) -> list[list[tuple[int, int]]]:
    """List where the words of each line begin and end; lines that a span runs over are one."""

    def line_ends(start: int, end: int) -> set[int]:
        return {found.start() for found in re.compile("\n").finditer(text, start, end)}

    cuts = sorted(line_ends(0, len(text)).difference(*(line_ends(start, end) for start, end, _ in spans)))
    words = [word for _, word in WORDS.pre_tokenize_str(text)]
    return [list(line) for _, line in groupby(words, key=lambda word: bisect(cuts, word[0]))]


def _sort_spans(spans: Iterable[Span], text: str, where: str, overlaps: str) -> list[Span]:
    """Sort spans, each once and trimmed; refuse what is outside of the text, covers no word, or overlaps."""
    found, wrong, where = set(), [], where or translate("the text")

    def refuse(message: str, span: Span, other: str = "") -> None:
        wrong.append(message.format(where=where, span=described(span, text), other=other, count=len(text)))

    for span in spans:
        if not 0 <= span.start <= span.end <= len(text):
            refuse(translate("{where}: {span} is not inside of the text, which has {count} characters"), span)
        elif not text[span.start : span.end].strip():
            refuse(translate("{where}: {span} covers no word; remove it"), span)
        else:
            found.add(trimmed(span, text))
    kept = _keep_longest(found) if overlaps == "longest" else sorted(found)
    widest = kept[0] if kept else None
    for span in kept[1:]:
        if widest.overlaps(span):
            message = translate(
                "{where}: {span} overlaps with {other} but a word can have one label only; keep one of the two"
            )
            refuse(message, widest, described(span, text))
        widest = max(widest, span, key=lambda span: span.end)
    if wrong:
        raise MalformedDataError("\n".join(wrong))
    return kept


def _keep_longest(spans: Iterable[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start - span.end, span)):  # the longest first
        place = bisect(kept, span)
        if not any(span.overlaps(other) for other in kept[max(place - 1, 0) : place + 1]):
            kept.insert(place, span)
    return kept
