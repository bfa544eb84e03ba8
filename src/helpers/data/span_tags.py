"""Split a labelled text into sentences, words and tags."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence

from tokenizers import Regex, pre_tokenizers

from helpers.data.tagging import Sentence, Span
from helpers.errors import MalformedDataError
from helpers.notebook.language import translate
from helpers.notebook.secrets import redact_tokens

# Like BERT's own rule. Chinese and Japanese have no spaces, so each of their characters is a word.
WORDS = pre_tokenizers.Sequence(
    [
        pre_tokenizers.BertPreTokenizer(),
        pre_tokenizers.Split(Regex(r"[\p{Han}\p{Hiragana}\p{Katakana}]"), "isolated"),
    ]
)


def tag_text(text: str, spans: Iterable[Span], where: str = "the text", overlaps: str = "refuse") -> list[Sentence]:
    """Split a text into sentences, and tag each word with the label of the span that it shares a character with.

    Sentences and words come from the text, never from the spans: these would tell a model where the entities are. Each
    line is a sentence, and lines that one span runs over become one. White space separates words; each punctuation
    mark, and each Chinese or Japanese character, is a word.

    Parameters
    ----------
    text : str
    spans : iterable of Span
        Of characters, in any order. The same span twice is one; white space at its edges is left out.
    where : str
        What errors call the text.
    overlaps : {"refuse", "longest"}
        As for `helpers.data.reading.Choices`.

    Returns
    -------
    list of Sentence
        With their texts and spans, which count from the beginning of their sentence.

    Raises
    ------
    MalformedDataError
        If a span reaches out of the text, covers only white space, or overlaps with another one and that is refused;
        all such spans are named.
    """
    spans = _apart(sorted({_require_words(span, text, where) for span in spans}), text, where, overlaps)
    words = [word for _, word in WORDS.pre_tokenize_str(text)]
    sentences, rest = [], list(spans)
    for line in _lines(words, text, spans):
        start, end = line[0][0], line[-1][1]
        own = [span for span in rest if span.start < end]
        rest = rest[len(own) :]
        tags = word_tags(line, own)
        tokens = [text[first:last] for first, last in line]
        moved = tuple(span._replace(start=span.start - start, end=span.end - start) for span in own)
        sentences.append(Sentence(tokens, tags, 0, text[start:end], moved))
    return sentences


def word_tags(words: Sequence[tuple[int, int]], spans: Sequence[Span]) -> list[str]:
    """Tag words by spans; a word that shares characters with several gets the first.

    Parameters
    ----------
    words : sequence of (int, int)
        Where each begins and ends, in order.
    spans : sequence of Span
        In order, and apart.

    Returns
    -------
    list of str
        IOB2 tags.
    """
    tags, begun, place = [], None, 0
    for start, end in words:
        while place < len(spans) and spans[place].end <= start:
            place += 1
        if place == len(spans) or spans[place].start >= end:
            tags.append("O")
            continue
        tags.append(f"{'I' if spans[place] is begun else 'B'}-{spans[place].label}")
        begun = spans[place]
    return tags


def ends_inside_word(span: Span, text: str) -> bool:
    """Return whether a span begins or ends between two letters or digits."""
    return any(
        text[edge - 1 : edge].isalnum() and text[edge : edge + 1].isalnum() for edge in (span.start, span.end) if edge
    )


def trimmed(span: Span, text: str) -> Span:
    """Leave out the white space at the edges of a span; of nothing else, an empty span is left."""
    start, end = span.start, span.end
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return span._replace(start=start, end=end)


def described(span: Span, text: str) -> str:
    """Name a span in an error: its label, its characters and what they are, at most 40 of them."""
    covered = redact_tokens(text[max(span.start, 0) : max(span.end, 0)])
    shown = covered if len(covered) <= 40 else f"{covered[:40]}…"
    return translate("the span {label} from {start} to {end}, {text},").format(
        label=repr(span.label), start=span.start, end=span.end, text=repr(shown)
    )


def _lines(words: Sequence[tuple[int, int]], text: str, spans: Sequence[Span]) -> Iterator[list[tuple[int, int]]]:
    """Yield the words of each line; lines that a span runs over are one."""
    line, place = [], 0
    for start, end in words:
        if line and "\n" in text[line[-1][1] : start]:
            while place < len(spans) and spans[place].end <= line[-1][1]:
                place += 1
            if place == len(spans) or spans[place].start >= line[-1][1]:
                yield line
                line = []
        line.append((start, end))
    if line:
        yield line


def _require_words(span: Span, text: str, where: str) -> Span:
    if not 0 <= span.start <= span.end <= len(text):
        raise MalformedDataError(
            translate("{where}: {span} is not inside of the text, which has {count} characters").format(
                where=where, span=described(span, text), count=len(text)
            )
        )
    inner = trimmed(span, text)
    if inner.start == inner.end:
        raise MalformedDataError(
            translate("{where}: {span} covers no word; remove it").format(where=where, span=described(span, text))
        )
    return inner


def _apart(spans: list[Span], text: str, where: str, overlaps: str) -> list[Span]:
    if overlaps == "longest":
        return _longest(spans)
    wrong, widest = [], None
    for span in spans:
        if widest and span.start < widest.end:
            wrong.append(
                translate(
                    "{where}: {span} overlaps with {other} but a word can have one label only; keep one of the two"
                ).format(where=where, span=described(widest, text), other=described(span, text))
            )
        if widest is None or span.end > widest.end:
            widest = span
    if wrong:
        raise MalformedDataError("\n".join(wrong))
    return spans


def _longest(spans: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start - span.end):  # the longest first; equal ones stay in order
        place = bisect(kept, span)
        if not any(span.overlaps(other) for other in kept[max(place - 1, 0) : place + 1]):
            kept.insert(place, span)
    return kept
