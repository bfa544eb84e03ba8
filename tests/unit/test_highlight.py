import re
from html import unescape

import pytest
from datasets import ClassLabel, Dataset
from hypothesis import given
from hypothesis import strategies as st
from support.tagged import ODD_TYPES

from helpers.alignment import TaggedWords, align_labels, tags_for_all_words
from helpers.data.splits import common_form
from helpers.data.tagging import Span
from helpers.highlight import highlight, highlight_mistakes, highlight_rows, highlight_text, show_source, type_colours
from helpers.metrics import OUTCOMES, Match, match_entities
from helpers.notebook.language import use_language
from helpers.training.batches import LengthGroupedSampler


def visible_text(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>|&NoBreak;", "", html))


def tagged_rows(sentences, tags, entity_type="x"):
    names = ClassLabel(names=["O", f"B-{entity_type}", f"I-{entity_type}"])
    ids = [str(number) for number in range(len(tags))]
    return Dataset.from_dict({"id": ids, "tokens": sentences, "ner_tags": tags}, common_form(names, False))


def test_entities_are_marked_with_their_type_in_its_colour():
    page = highlight([("Ann met Bo Li in Oslo".split(), "B-x O B-x I-x O B-y".split())], ["x", "y"]).data
    marks = [visible_text(mark) for mark in re.findall(r"<mark.*?</mark>", page)]
    assert marks == ["Annx", "Bo Lix", "Osloy"]
    assert visible_text(page) == "Annx met Bo Lix in Osloy"
    colours = type_colours(["x", "y", "z"])  # which are the same whatever else is shown
    assert len(set(colours.values())) == 3
    assert colours["y"] in highlight([(["a"], ["B-y"])], ["x", "y", "z"]).data


@pytest.mark.parametrize("name", [*ODD_TYPES, "<script>alert(1)</script>"])
def test_types_with_odd_names_are_marked(name):
    text = highlight_text("Bo sat", [{"start": 0, "end": 2, "entity_group": name}], [name])
    assert visible_text(text.data) == f"Bo{name} sat"
    assert highlight_rows(tagged_rows([["Bo", "sat"]], [[1, 0]], name)).data == text.data


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1), min_size=1), st.data())
def test_all_words_appear_as_text(words, data):
    tags = data.draw(st.lists(st.sampled_from(["O", "B-x", "I-x"]), min_size=len(words), max_size=len(words)))
    page = highlight([(words, tags)], ["x"]).data
    outside_types = re.sub(r"<span[^>]*>&NoBreak;x</span>", "", page)
    assert visible_text(outside_types) == " ".join(words)


@given(st.text(st.characters(codec="utf-8"), max_size=30), st.sets(st.integers(0, 30), max_size=8).map(sorted))
def test_a_text_is_shown_as_it_was_written(text, borders):
    borders = [border for border in borders if border <= len(text)]
    found = [{"start": a, "end": b, "entity_group": "x"} for a, b in zip(borders[::2], borders[1::2], strict=False)]
    page = highlight_text(text, found, ["x"]).data
    marks = re.findall(r"<mark[^>]*>(.*?)<span[^>]*>&NoBreak;x</span></mark>", page, re.DOTALL)
    assert [unescape(mark) for mark in marks] == [text[entity["start"] : entity["end"]] for entity in found]
    assert visible_text(re.sub(r"<span[^>]*>&NoBreak;x</span>", "", page)) == text
    assert "white-space:pre-wrap" in page


CAPTIONS = {"en": ("missed: how it should be", "what the model finds"), "ko": ("누락: 정답", "모델이 찾은 개체")}


@pytest.mark.parametrize("language", CAPTIONS)
def test_mistakes_are_shown_as_they_should_be_and_as_found(language):
    use_language(language)
    true, predicted = [["B-x", "O", "B-x"]], [["B-x", "O", "O"]]
    tagged = TaggedWords(["Ann met Bo".split()], true, predicted, [[" "] * 3])
    truth, found = highlight_mistakes(match_entities(true, predicted), tagged).data.split("\n")
    should_be, finds = CAPTIONS[language]
    assert [visible_text(truth), visible_text(found)] == [f"{should_be}Annx met Box", f"{finds}Annx met Bo"]


def test_every_kind_of_mistake_has_a_caption_and_what_is_right_is_left_out():
    matches = [Match(row, outcome, Span(0, 1, "x"), Span(0, 1, "x")) for row, outcome in enumerate(OUTCOMES)]
    tagged = TaggedWords(*([[each]] * len(OUTCOMES) for each in ("a", "B-x", "B-x", "")))
    captions = re.findall(r">([\w ]+): how it should be<", highlight_mistakes(matches, tagged).data)
    assert captions == [outcome for outcome in OUTCOMES if outcome != "correct"]


def test_a_sentence_with_several_mistakes_is_shown_once():
    words = [["Ann", "Bo", "met", "Cy"], ["Di"], ["Ed"]]
    true = [["B-x", "I-x", "O", "B-x"], ["B-x"], ["B-x"]]
    predicted = [["B-x", "B-x", "O", "O"], ["O"], ["O"]]
    tagged = TaggedWords(words, true, predicted, [[" "] * len(sentence) for sentence in words])
    page = highlight_mistakes(match_entities(true, predicted), tagged, count=2).data
    captions = re.findall(r">([^<]+): how it should be<", page)
    expected = [["missed", "spurious", "wrong boundary"], ["missed"]]
    assert [sorted(caption.split(", ")) for caption in captions] == expected


def test_texts_are_shown_as_they_were_written():
    words, gaps = [["서울", "에서", "산다", "."]], [["", "  ", "", ""]]
    true, predicted = [["B-x", "O", "O", "O"]], [["B-x", "I-x", "O", "O"]]
    page = highlight_mistakes(match_entities(true, predicted), TaggedWords(words, true, predicted, gaps)).data
    assert [visible_text(shown) for shown in page.split("\n")] == [
        "wrong boundary: how it should be서울x에서  산다.",
        "what the model finds서울에서x  산다.",
    ]
    names, span = ClassLabel(names=["O", "B-x", "I-x"]), {"start": 0, "end": 2, "label": "x"}
    columns = {"id": ["0"], "tokens": [["서울에서", "산다", "."]], "ner_tags": [[1, 0, 0]]}
    rows = Dataset.from_dict(columns | {"text": ["서울에서  산다."], "spans": [[span]]}, common_form(names, True))
    assert visible_text(highlight_rows(rows).data) == "서울x에서  산다."


def test_the_first_sentences_with_entities_are_shown():
    rows = tagged_rows([["a"], ["Bo"], ["Ann"], ["Cy"]], [[0], [1], [1], [1]])
    assert visible_text(highlight_rows(rows, 2).data) == "Box\nAnnx"


def test_source_is_shown_with_the_first_line_of_its_docstring():
    shown = show_source(align_labels, tags_for_all_words, LengthGroupedSampler.order).data
    assert shown.startswith("```python\ndef align_labels(")
    assert '"""Carry one sentence\'s tags over from its words to its subwords."""' in shown
    assert "`word_ids`" not in shown
    assert "previous = word\n    return labels\n\n\ndef tags_for_all_words" in shown
    assert "\ndef order(self, epoch: int)" in shown  # without a method's indentation
    assert shown.endswith("\n```")
