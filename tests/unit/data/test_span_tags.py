"""Words and tags from spans of characters."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from transformers import BasicTokenizer

from helpers.data.span_tags import tag_words
from helpers.data.tagging import Span


def tagged(text, *spans):
    return [(sentence.tokens, sentence.tags) for sentence in tag_words(text, spans).sentences]


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


def test_a_span_takes_its_words_and_splits_those_that_it_ends_in():
    text = "Unhappily New York-based"
    spans = Span(2, 7, "mood"), Span(10, 18, "place")
    assert tagged(text, *spans) == [
        (["Un", "happi", "ly", "New", "York", "-", "based"], ["O", "B-mood", "O", "B-place", "I-place", "O", "O"])
    ]
    assert tag_words(text, spans).inside_words == 1


def test_spans_side_by_side_are_two_entities_in_any_order_and_twice_is_once():
    spans = Span(2, 4, "x"), Span(0, 2, "x"), Span(2, 4, "x")
    assert tagged("abcd", *spans) == [(["ab", "cd"], ["B-x", "B-x"])]


def test_white_space_at_the_edge_of_a_span_is_nothing():
    assert tagged("in Oslo now", Span(2, 8, "x")) == [(["in", "Oslo", "now"], ["O", "B-x", "O"])]


def test_each_line_is_a_sentence_unless_a_span_runs_over_its_end():
    text = "one\n\ntwo \r\n three\nfour"
    assert [words for words, _ in tagged(text)] == [["one"], ["two"], ["three"], ["four"]]
    assert tagged(text, Span(5, 17, "x")) == [(["one"], ["O"]), (["two", "three"], ["B-x", "I-x"]), (["four"], ["O"])]
    assert tagged(text, Span(5, 8, "x"), Span(12, 17, "x"))[1:3] == [(["two"], ["B-x"]), (["three"], ["B-x"])]


@st.composite
def texts_with_spans(draw):
    words = st.sampled_from(["Oslo", "don't", "(x)", "東京", "e\u0301", "\U0001f600", "नम", "\u200b", " ", "\n", "  "])
    text = "".join(draw(st.lists(words, min_size=1)))
    edges = sorted(draw(st.sets(st.integers(0, len(text)))))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return text, [Span(start, end, draw(st.sampled_from("xy"))) for start, end in pairs if text[start:end].strip()]


@given(texts_with_spans())
def test_from_the_tags_come_the_spans_that_went_in(case):
    text, spans = case
    position, found = 0, []
    for words, tags in tagged(text, *spans):
        places = []
        for word in words:
            assert not text[position : text.index(word, position)].strip()  # nothing is left out
            position = text.index(word, position) + len(word)
            places.append((position - len(word), position))
        found += [Span(places[first][0], places[last][1], kind) for kind, first, last in get_entities(tags)]
    assert not text[position:].strip()
    assert found == [trimmed(text, span) for span in sorted(spans)]


def trimmed(text, span):
    covered = text[span.start : span.end]
    start = span.start + len(covered) - len(covered.lstrip())
    return Span(start, start + len(covered.strip()), span.label)
