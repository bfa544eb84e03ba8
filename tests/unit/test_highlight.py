import re
from collections import Counter
from html import unescape

import pytest
from bs4 import BeautifulSoup
from datasets import ClassLabel, Dataset
from hypothesis import given
from hypothesis import strategies as st
from support.tagged import ODD_TYPES

from helpers.alignment import TaggedWords, align_labels, tags_for_all_words
from helpers.data.splits import common_form
from helpers.highlight import highlight, highlight_mistakes, highlight_rows, highlight_text, show_source, type_colours
from helpers.metrics import match_entities
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


LABELS = ["O", *(f"{prefix}-{name}" for name in "xyz" for prefix in "BI")]
Y_MISSED = ("Yo", "B-y", "O")


def mistakes(*sentences, gap=" ", **settings):
    """The page of sentences, each of them its words, true tags and predicted tags, all as texts."""
    words, true, predicted = ([part.split() for part in parts] for parts in zip(*sentences, strict=True))
    tagged = TaggedWords(words, true, predicted, [[gap] * len(sentence) for sentence in words])
    page = highlight_mistakes(match_entities(true, predicted), tagged, LABELS, **settings).data
    return BeautifulSoup(page, "html.parser")


def stacks(mistake):
    """What stands below the words of a mistake: these, the two lines, and whether they are outlined."""
    for stack in mistake.select("span:has(> span, > mark)"):
        true, predicted = (line.get_text().strip("\xa0") for line in stack.select(":scope > *"))
        yield stack.find(string=True), true, predicted, "dashed" in stack["style"]


MISTAKES = {
    "wrong boundary": (
        ("the Golden State won", "O B-x I-x O", "O O B-x O"),
        [("Golden", "true: x", "predicted: none", True), ("State", "", "predicted: x", False)],
    ),
    "wrong type": (("Bo sat", "B-x O", "B-y O"), [("Bo", "true: x", "predicted: y", True)]),
    "missed": (("Bo Li sat", "B-x I-x O", "O O O"), [("Bo Li", "true: x", "predicted: none", True)]),
    "spurious": (("Bo Li sat", "O O O", "O B-x O"), [("Li", "true: none", "predicted: x", True)]),
    "beside what is right": (
        ("Bo met Li", "B-x O B-y", "B-x O O"),
        [("Bo", "x", "x", False), ("Li", "true: y", "predicted: none", True)],
    ),
    "beside another mistake": (
        ("Bo met Li", "B-x O B-y", "O O B-x"),
        [("Li", "true: y", "predicted: x", True)],
    ),
    "two for one": (
        ("Bo Li", "B-x I-x", "B-x B-x"),
        [("Bo", "true: x", "predicted: x", False), ("Li", "", "predicted: x", True)],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_stands_below_its_words_and_what_differs_is_outlined(name):
    sentence, expected = MISTAKES[name]
    shown = mistakes(sentence).find("pre")
    assert list(stacks(shown)) == expected
    for line in shown.select("span > *"):
        entity_type = line.get_text().rpartition(" ")[2]
        assert entity_type in ("none", "\xa0") or type_colours("xyz")[entity_type] in line["style"]


tags = st.lists(st.sampled_from(LABELS), min_size=4, max_size=4).map(" ".join)


@given(st.lists(st.tuples(st.just("a b c d"), tags, tags), min_size=1, max_size=6))
def test_mistakes_are_folded_by_outcome_and_type_with_their_counts(sentences):
    page = mistakes(*sentences)
    matches = match_entities(*([part.split() for part in parts] for parts in list(zip(*sentences, strict=True))[1:]))
    expected = Counter()
    for match in matches:
        if match.outcome != "correct":
            types = dict.fromkeys(span.label for span in (match.true, match.predicted) if span)
            expected.update({(match.outcome,): 1, (match.outcome, " → ".join(types)): 1})
    found = {}
    for group in page.find_all("details"):
        names = [each.summary.get_text() for each in (*reversed(group.find_parents("details")), group)]
        path, counts = zip(*(re.fullmatch(r"(.+) \((\d+)\)", name).groups() for name in names), strict=True)
        found[path] = int(counts[-1])
        assert len(group.find_all("pre")) == found[path]
    assert found == expected
    assert len(page.select("details[open]")) == (2 if expected else 0)
    assert ("no mistakes" in page.get_text()) == (not expected)


def summaries(page):
    return [summary.get_text() for summary in page.find_all("summary")]


def test_the_largest_groups_come_first_and_are_open():
    page = mistakes(("Xu", "O", "B-x"), Y_MISSED, ("Xu", "B-x", "O"), Y_MISSED)
    assert summaries(page) == ["missed (3)", "y (2)", "x (1)", "spurious (1)", "x (1)"]
    assert [group.summary.get_text() for group in page.select("details[open]")] == ["missed (3)", "y (2)"]


def test_mistakes_are_folded_by_whether_their_names_were_to_learn_from():
    page = mistakes(("Ho Xu", "B-x I-x", "O O"), ("Xu", "B-x", "O"), ("Xu", "O", "B-x"), training_names={"Ho Xu"})
    new, known = "name not seen in training (1)", "name seen in training (1)"
    assert summaries(page) == ["missed (2)", "x (2)", known, new, "spurious (1)", "x (1)", new]


def test_the_surest_mistakes_come_first():
    scores = [[0.5, 0.3], [0.9, 0.1], [0.7, 0.7]]
    page = mistakes(("Xu a", "B-x O", "O O"), ("Yo a", "B-x O", "O O"), ("Zo Zu", "B-x I-x", "O O"), scores=scores)
    shown = [(pre.small.get_text(), next(stacks(pre))[0]) for pre in page.find_all("pre")]
    assert shown == [("90% sure", "Yo"), ("70% sure", "Zo Zu"), ("50% sure", "Xu")]


def test_many_mistakes_leave_a_page_small_and_each_group_has_its_share():
    one, other = ("a Xu sat down", "O B-x O O", "O O O O"), ("a Xu sat down", "O B-z O O", "O O O O")
    page = mistakes(*3000 * [one], *10 * [Y_MISSED], *900 * [other])
    assert summaries(page) == ["missed (3,910)", "x (3,000)", "z (900)", "y (10)"]
    assert [len(group.find_all("pre")) for group in page.select("details details")] == [495, 495, 10]
    assert re.findall(r"[\d,]+ more are left out\.", page.get_text()) == [
        "2,505 more are left out.",
        "405 more are left out.",
    ]
    assert len(str(page)) < 1_000_000


def test_of_long_sentences_and_words_what_is_near_is_shown():
    words = [f"w{i}" for i in range(2000)]
    true = ["O"] * 900 + ["B-x"] + ["I-x"] * 499 + ["O"] * 600
    shown = mistakes((" ".join(words), " ".join(true), " ".join(["O"] * 2000))).find("pre")
    text = re.sub("true: x|predicted: none|\xa0", " ", shown.get_text(" "))
    near = [*range(888, 912), None, *range(1388, 1412)]
    assert text.split() == ["…", *("…" if i is None else f"w{i}" for i in near), "…"]
    assert len(str(mistakes((10_000 * "a", "B-x", "O")))) < 2000


@pytest.mark.parametrize("gap", ["", "  ", "\n"])
def test_mistakes_are_shown_as_they_were_written(gap):
    (shown,) = mistakes(("서울 에서 산다 .", "B-x O O O", "B-x I-x O O"), gap=gap).find_all("pre")
    assert [stack[0] for stack in stacks(shown)] == ["서울", "에서"]
    for line in shown.select("span > *"):
        line.extract()
    assert shown.get_text() == gap.join(["서울", "에서", "산다", ".", ""])
    assert "white-space:pre-wrap" in shown["style"]


def test_mistakes_are_shown_in_korean():
    use_language("ko")
    page = mistakes(Y_MISSED, training_names={"Yo"}, scores=[[0.9]])
    assert summaries(page) == ["누락 (1)", "y (1)", "훈련 데이터에 나온 이름 (1)"]
    assert list(stacks(page.pre)) == [("Yo", "정답: y", "예측: 없음", True)]
    assert page.small.get_text() == "확률 90%"


def test_texts_are_shown_as_they_were_written():
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
