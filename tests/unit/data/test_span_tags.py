"""Words and tags from spans of characters."""

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import BasicTokenizer

from helpers.data.span_tags import tag_text
from helpers.data.tagging import Span
from helpers.errors import MalformedDataError


def tagged(text, *spans):
    """A line for each sentence: its words, each with its tag unless that is O."""
    return [
        " ".join(word if tag == "O" else f"{word}/{tag}" for word, tag in zip(*sentence[:2], strict=True))
        for sentence in tag_text(text, [Span(*span) for span in spans])
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("don't (@bo_li), #x", "don ' t ( @ bo _ li ) , # x"),
        ("20mg  5.5\tml\u00a0now", "20mg 5 . 5 ml now"),
        ("Zoe\u0308 नमस्ते \U0001f469\u200d\U0001f467 ok\ufe0f", "Zoe\u0308 नमस्ते \U0001f469\u200d\U0001f467 ok\ufe0f"),
        ("東京に住む。ラーメン", "東 京 に 住 む 。 ラ ー メ ン"),
    ],
)
def test_words(text, words):
    assert tagged(text) == [words]


# Of old alphabets, and without the characters that BERT drops.
@given(
    st.text(st.characters(categories=["Lu", "Ll", "Lt", "Mn", "Nd", "P", "Sc", "Sk", "Sm", "Zs"], max_codepoint=0x5FF))
)
def test_words_are_those_of_bert(text):
    text = unicodedata.normalize("NFC", text)
    words = [word for sentence in tag_text(text, []) for word in sentence.tokens]
    assert words == BasicTokenizer(do_lower_case=False, strip_accents=False).tokenize(text)


def test_a_span_tags_its_words_and_those_that_it_shares_with_their_neighbours():
    expected = "Unhappily/B-mood New/B-place York/I-place - based"
    assert tagged("Unhappily New York-based", (2, 7, "mood"), (10, 18, "place")) == [expected]
    assert tagged("abcd", (2, 4, "y"), (0, 2, "x")) == ["abcd/B-x"]  # a word can have one tag only
    assert tagged("in Oslo now", (2, 8, "x")) == ["in Oslo/B-x now"]


def test_spans_side_by_side_are_two_entities_in_any_order_and_twice_is_once():
    assert tagged("ab cd", (3, 5, "x"), (0, 2, "x"), (3, 5, "x")) == ["ab/B-x cd/B-x"]


def test_each_line_is_a_sentence_unless_a_span_runs_over_its_end():
    text = "one\n\ntwo \r\n three\nfour"
    assert tagged(text) == ["one", "two", "three", "four"]
    assert tagged(text, (5, 17, "x")) == ["one", "two/B-x three/I-x", "four"]
    assert tagged(text, (5, 8, "x"), (12, 17, "x")) == ["one", "two/B-x", "three/B-x", "four"]
    assert tag_text(text, [Span(18, 22, "x")])[3][3:] == ("four", ((0, 4, "x"),))


# Spans that cannot all be kept

NESTED = [Span(0, 4, "a"), Span(0, 15, "b"), Span(5, 9, "c"), Span(16, 20, "d"), Span(18, 20, "e"), Span(21, 22, "f")]


@pytest.mark.parametrize(
    ("spans", "named"),
    [
        ([*NESTED, Span(10, 14, "g")], ["ab", "bc", "bg", "de"]),
        ([Span(16, 23, "x"), Span(0, 2, "y"), Span(4, 5, "z"), Span(2, 1, "w")], ["x", "z", "w"]),  # of no words
    ],
)
def test_all_spans_that_cannot_be_right_are_named(spans, named):
    with pytest.raises(MalformedDataError) as caught:
        tag_text("Bank of England came .", spans, "notes, line 3")
    lines = str(caught.value).split("\n")
    assert ["".join(re.findall(r"the span '(\w)'", line)) for line in lines] == named
    assert all(line.startswith("notes, line 3: ") for line in lines)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 6), st.sampled_from("ab"))))
def test_the_longest_of_overlapping_spans_are_kept_if_that_is_chosen_and_nothing_more_fits(case):
    assert tag_text("Bank of England came .", NESTED, overlaps="longest")[0].spans == (*NESTED[1::2],)
    spans = {Span(start, start + length, label) for start, length, label in case}
    kept = tag_text("a" * 14, spans, overlaps="longest")[0].spans
    assert all(before.end <= after.start for before, after in pairwise(kept))
    for span in spans - set(kept):
        assert any(span.overlaps(other) and other.end - other.start >= span.end - span.start for other in kept)


# Whatever the spans


@st.composite
def texts_with_spans(draw):
    words = st.sampled_from(["Oslo", "don't", "(x)", "東京", "e\u0301", "\U0001f600", "नम", "\u200b", " ", "\n", "  "])
    text = "".join(draw(st.lists(words, min_size=1)))
    edges = sorted(draw(st.sets(st.integers(0, len(text)))))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return text, [Span(start, end, draw(st.sampled_from("xy"))) for start, end in pairs if text[start:end].strip()]


@given(texts_with_spans())
def test_the_words_are_the_same_whatever_is_marked_and_the_spans_are_those_that_went_in(case):
    text, spans = case
    sentences = tag_text(text, spans)
    unmarked = [word for sentence in tag_text(text, []) for word in sentence.tokens]
    assert [word for sentence in sentences for word in sentence.tokens] == unmarked
    assert "".join(unmarked) == "".join(text.split())
    position, found = 0, []
    for sentence in sentences:
        position = text.index(sentence.text, position)
        found += [span._replace(start=span.start + position, end=span.end + position) for span in sentence.spans]
        position += len(sentence.text)
    assert [(text[start:end], label) for start, end, label in found] == [
        (text[start:end].strip(), label) for start, end, label in spans
    ]
    assert all(span.start <= place.start for span, place in zip(spans, found, strict=True))
