"""Words and tags in JSON: as an object, an array, or lines of objects."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data.files import read_documents
from helpers.errors import MalformedDataError

EXPECTED = [{"tokens": ["é"], "tags": ["O"]}, {"tokens": ["]},[", "}]"], "tags": ["B-x", "O"]}]
ONE, TWO = (json.dumps(record, ensure_ascii=False) for record in EXPECTED)


@pytest.fixture
def tagged(read_pairs):
    return lambda content, **choices: read_pairs(content, "train.json", **choices)


@pytest.mark.parametrize(
    "content",
    [
        f"{ONE}\n{TWO}\n",
        f"{ONE}\n\n \t\n{TWO}",
        f" \n[\n{ONE}\n,\r\n{TWO}]\n",
        f"\ufeff[\n{ONE},\n\ufeff{TWO}]",
        f"{ONE}\n\ufeff{TWO}\n",
        json.dumps(EXPECTED[1], indent=2),
    ],
)
def test_every_spelling_of_the_same_records(tagged, content):
    assert tagged(content) == [(record["tokens"], record["tags"]) for record in EXPECTED["é" not in content :]]


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists) | st.text()
WORD = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1)
RECORD = st.fixed_dictionaries({"tokens": st.lists(WORD, min_size=1), "note": JSON})


@pytest.mark.slow
@given(content=st.lists(RECORD), indent=st.none() | st.integers(0, 2), escaped=st.booleans())
def test_what_was_written_is_read(tmp_path_factory, content, indent, escaped):
    path = tmp_path_factory.getbasetemp() / "written.json"
    content = [record | {"tags": ["O"] * len(record["tokens"])} for record in content]
    array = json.dumps(content, indent=indent, ensure_ascii=escaped)
    for written in array, "\n".join(map(json.dumps, content)):
        path.write_bytes(written.encode())
        assert [sentence.tokens for (sentence,) in read_documents(path)] == [record["tokens"] for record in content]


def test_words_and_tags_may_have_other_names(tagged):
    content = [
        {"id": 7, "tokens": ["In", "New York"], "ner_tags": ["O", "S-location"]},
        {"tokens": [], "tags": []},
        {"words": ["a", "b", "\u3000"], "labels": ["I-x", "E-x", "O "], "pos": ["X", "X", "X"]},
        {"text": "a", "tokens": ["a"], "ner": ["B-x "], "labels": ["B-x "]},  # which are no spans
    ]
    words_and_tags = [("In|New York", "O B-location"), ("a|b|\u3000", "B-x I-x O"), ("a", "B-x")]
    assert tagged(json.dumps(content)) == [(words.split("|"), tags.split()) for words, tags in words_and_tags]


def test_the_form_of_the_tags_is_that_of_the_whole_file(tagged, capsys):
    rows = [["PER", "O", "E-mail"], ["E-mail", "E-mail", "PER"]]
    found = tagged(json.dumps([{"tokens": ["a", "b", "c"], "tags": tags} for tags in rows]))
    assert [tags for _, tags in found] == [["B-PER", "O", "B-E-mail"], ["B-E-mail", "I-E-mail", "B-PER"]]
    assert "train.json: Tags are entity types without prefixes" in capsys.readouterr().out


@pytest.mark.parametrize(("column", "tag"), [("tags", "O"), ("ner_tags", "B-x"), (3, "B-x")])
def test_of_two_lists_of_tags_that_differ_one_is_named(tagged, column, tag):
    content = '{"id": 3, "tokens": ["a"], "tags": ["O"], "ner_tags": ["B-x"]}'
    with pytest.raises(MalformedDataError, match=r"line 1: the tags in \['tags', 'ner_tags'\] differ; name the right"):
        tagged(content)
    assert tagged(content, tag_column=column) == [(["a"], [tag])]
    with pytest.raises(MalformedDataError, match=r"no 'NER', only \['id', 'tokens', "):
        tagged(content, tag_column="NER")
