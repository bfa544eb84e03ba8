"""Words and tags from spans of characters."""

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from transformers import BasicTokenizer

from helpers.data.span_tags import tag_text
from helpers.data.tagging import Span
from helpers.errors import MalformedDataError


def tagged(text, *spans):
    return [(sentence.tokens, sentence.tags) for sentence in tag_text(text, spans)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("In Oslo.", "In Oslo ."),
        ("don't (@bo_li), #x", "don ' t ( @ bo _ li ) , # x"),
        ("20mg  5.5\tml\u00a0now", "20mg 5 . 5 ml now"),
        ("Zoe\u0308 नमस्ते \U0001f469\u200d\U0001f467 ok\ufe0f", "Zoe\u0308 नमस्ते \U0001f469\u200d\U0001f467 ok\ufe0f"),
        ("서울에서 만나요", "서울에서 만나요"),
        ("東京に住む。ラーメン", "東 京 に 住 む 。 ラ ー メ ン"),
    ],
)
def test_words(text, words):
    assert tagged(text) == [(words.split(" "), ["O"] * len(words.split(" ")))]


# Of old alphabets, and without the characters that BERT drops.
@given(
    st.text(st.characters(categories=["Lu", "Ll", "Lt", "Mn", "Nd", "P", "Sc", "Sk", "Sm", "Zs"], max_codepoint=0x5FF))
)
def test_words_are_those_of_bert(text):
    text = unicodedata.normalize("NFC", text)
    words = [word for words, _ in tagged(text) for word in words]
    assert words == BasicTokenizer(do_lower_case=False, strip_accents=False).tokenize(text)


def test_a_span_tags_its_words_and_those_that_it_shares_with_their_neighbours():
    text = "Unhappily New York-based"
    spans = Span(2, 7, "mood"), Span(10, 18, "place")
    assert tagged(text, *spans) == [
        (["Unhappily", "New", "York", "-", "based"], ["B-mood", "B-place", "I-place", "O", "O"])
    ]
    assert tag_text(text, spans)[0].spans == spans


def test_spans_side_by_side_are_two_entities_in_any_order_and_twice_is_once():
    spans = Span(3, 5, "x"), Span(0, 2, "x"), Span(3, 5, "x")
    assert tagged("ab cd", *spans) == [(["ab", "cd"], ["B-x", "B-x"])]
    (sentence,) = tag_text("abcd", [Span(2, 4, "y"), Span(0, 2, "x")])  # a word can have one tag only
    assert (sentence.tags, sentence.spans) == (["B-x"], ((0, 2, "x"), (2, 4, "y")))


def test_white_space_at_the_edge_of_a_span_is_nothing():
    (sentence,) = tag_text("in Oslo now", [Span(2, 8, "x")])
    assert (sentence.tags, sentence.spans) == (["O", "B-x", "O"], ((3, 7, "x"),))


def test_each_line_is_a_sentence_unless_a_span_runs_over_its_end():
    text = "one\n\ntwo \r\n three\nfour"
    assert [words for words, _ in tagged(text)] == [["one"], ["two"], ["three"], ["four"]]
    assert tagged(text, Span(5, 17, "x")) == [(["one"], ["O"]), (["two", "three"], ["B-x", "I-x"]), (["four"], ["O"])]
    assert tagged(text, Span(5, 8, "x"), Span(12, 17, "x"))[1:3] == [(["two"], ["B-x"]), (["three"], ["B-x"])]
    assert [(sentence.text, sentence.spans) for sentence in tag_text(text, [Span(18, 22, "x")])][3] == (
        "four",
        ((0, 4, "x"),),
    )


# Spans that cannot all be kept

NESTED = [Span(0, 4, "a"), Span(0, 15, "b"), Span(5, 9, "c"), Span(16, 20, "d"), Span(18, 20, "e"), Span(21, 22, "f")]


def test_all_overlaps_of_a_text_are_named():
    with pytest.raises(MalformedDataError) as caught:
        tag_text("Bank of England came .", NESTED, "notes, line 3")
    lines = str(caught.value).split("\n")
    assert [re.findall(r"the span '(\w)'", line) for line in lines] == [["a", "b"], ["b", "c"], ["d", "e"]]
    assert all(line.startswith("notes, line 3: ") for line in lines)


def test_the_longest_of_overlapping_spans_is_kept_if_that_is_chosen():
    (sentence,) = tag_text("Bank of England came .", NESTED, overlaps="longest")
    assert sentence.spans == (NESTED[1], NESTED[3], NESTED[5])
    assert sentence.tags == ["B-b", "I-b", "I-b", "B-d", "B-f"]


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 6), st.sampled_from("ab"))))
def test_what_is_kept_of_overlapping_spans_is_apart_and_nothing_more_fits(case):
    text = "a" * 14
    spans = {Span(start, start + length, label) for start, length, label in case}
    kept = tag_text(text, spans, overlaps="longest")[0].spans
    assert all(before.end <= after.start for before, after in pairwise(kept))
    for span in spans - set(kept):
        assert any(span.overlaps(other) and other.end - other.start >= span.end - span.start for other in kept)


def test_all_spans_outside_of_the_text_or_of_words_are_named():
    with pytest.raises(MalformedDataError) as caught:
        tag_text("in Oslo", [Span(3, 8, "x"), Span(0, 2, "y"), Span(2, 3, "z")])
    assert [line.split(", ")[1:] for line in str(caught.value).split("\n")] == [
        ["'Oslo'", "is not inside of the text", "which has 7 characters"],
        ["' '", "covers no word; remove it"],
    ]


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
        found += [Span(span.start + position, span.end + position, span.label) for span in sentence.spans]
        position += len(sentence.text)
    assert found == [trimmed(text, span) for span in sorted(spans)]


@given(texts_with_spans())
def test_from_the_tags_come_the_spans_where_they_end_with_words(case):
    text, spans = case
    edges = word_edges([word for sentence in tag_text(text, []) for word in sentence.tokens], text)
    whole = [span for span in (trimmed(text, span) for span in spans) if {span.start, span.end} <= edges]
    position, found = 0, []
    for sentence in tag_text(text, whole):
        places = []
        for word in sentence.tokens:
            position = text.index(word, position) + len(word)
            places.append((position - len(word), position))
        found += [Span(places[first][0], places[last][1], kind) for kind, first, last in get_entities(sentence.tags)]
    assert found == sorted(whole)


def word_edges(words, text):
    position, edges = 0, set()
    for word in words:
        position = text.index(word, position) + len(word)
        edges |= {position - len(word), position}
    return edges


def trimmed(text, span):
    covered = text[span.start : span.end]
    start = span.start + len(covered) - len(covered.lstrip())
    return Span(start, start + len(covered.strip()), span.label)
