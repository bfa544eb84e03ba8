import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data.files import read_documents
from helpers.data.json_records import read_records
from helpers.data.reading import Choices, Reading
from helpers.errors import MalformedDataError, UnknownTagError


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "train.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path):
    reading = Reading()
    found = list(read_records(path, reading))
    reading.finish()
    return found


def tagged(path, **choices):
    return [sentence[:2] for document in read_documents(path, Choices(**choices)) for sentence in document]


EXPECTED = [{"a": "é"}, {"b": [1, {"c": "]},["}]}]
ONE, TWO = (json.dumps(record, ensure_ascii=False) for record in EXPECTED)


@pytest.mark.parametrize(
    ("content", "places"),
    [
        (f"{ONE}\n{TWO}\n", ", line 1|, line 2"),
        (f"{ONE}\n\n \t\n{TWO}", ", line 1|, line 4"),
        (f" \n[\n{ONE}\n,\r\n{TWO}]\n", ", record 1|, record 2"),
        (f"\ufeff[\n{ONE},\n\ufeff{TWO}]", ", record 1|, record 2"),
        (f"{ONE}\n\ufeff{TWO}\n", ", line 1|, line 2"),
        (json.dumps(EXPECTED[1], indent=2), ""),
    ],
)
def test_every_spelling_of_the_same_records(file, content, places):
    path = file(content)
    assert read(path) == list(
        zip((f"{path}{place}" for place in places.split("|")), EXPECTED[not places :], strict=True)
    )


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists) | st.text()


@given(content=st.lists(st.dictionaries(st.text(), JSON)), indent=st.none() | st.integers(0, 2), escaped=st.booleans())
def test_what_was_written_is_read(tmp_path_factory, content, indent, escaped):
    path = tmp_path_factory.getbasetemp() / "written.json"
    array = json.dumps(content, indent=indent, ensure_ascii=escaped)
    for written in array, "\n".join(map(json.dumps, content)):
        path.write_bytes(written.encode())
        assert [record for _, record in read(path)] == content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{ONE}\n{{'a': 1}}\n", ", line 2: not JSON: Expecting property name .*; the file should hold one object, or"),
        ('{\n"a": 1,\n}', ": not JSON: .* line [23] column"),
        ('{\n"a":' + '{"a":' * 100_000, ": not JSON: maximum recursion depth exceeded"),
        ('{"a": ' + "1" * 5000 + "}", ", line 1: not JSON: .*4300 digits"),
        (f"{ONE}\n7\n", r", line 2: a record is 7; expected an object in \{\}"),
        (f"{ONE}\n".encode() + b'{"a": "\xe9"}', ", line 2: byte 0xe9 is not UTF-8"),
        ('{"a": 1}\r{"a": 2}\r', ", line 1: a lone carriage return"),
        (f"[{ONE},\n]", ": not JSON: .* line 2 column 1"),
        ('[{"a": "b', ": not JSON: Unterminated string"),
        (f"[{ONE}, {'[' * 100_000}", ": not JSON: maximum recursion depth exceeded"),
        (f"[{ONE},\n".encode() + b'{"a": "\xe9"}]', ", line 2: byte 0xe9 is not UTF-8"),
    ],
)
def test_what_is_no_json_is_refused_with_file_and_place(file, content, message):
    with pytest.raises(MalformedDataError, match=rf"train\.json{message}"):
        read(file(content))


# Words and tags


def test_words_and_tags(file):
    content = [
        {"id": 7, "tokens": ["In", "New York"], "ner_tags": ["O", "S-location"]},
        {"tokens": [], "tags": []},
        {"words": ["a", "b", "\u3000"], "labels": ["I-x", "E-x", "O "], "pos": ["X", "X", "X"]},
        {"text": "a", "tokens": ["a"], "ner": ["B-x "], "labels": ["B-x "]},  # which are no spans
    ]
    assert tagged(file(json.dumps(content))) == [
        (["In", "New York"], ["O", "B-location"]),
        (["a", "b", "\u3000"], ["B-x", "I-x", "O"]),
        (["a"], ["B-x"]),
    ]


def test_the_form_of_the_tags_is_that_of_the_whole_file(file, capsys):
    rows = [["PER", "O", "E-mail"], ["E-mail", "E-mail", "PER"]]
    path = file(json.dumps([{"tokens": ["a", "b", "c"], "tags": tags} for tags in rows]))
    assert [tags for _, tags in tagged(path)] == [["B-PER", "O", "B-E-mail"], ["B-E-mail", "I-E-mail", "B-PER"]]
    assert "train.json: Tags are entity types without prefixes" in capsys.readouterr().out


@pytest.mark.parametrize(("column", "tag"), [("tags", "O"), ("ner_tags", "B-x"), (3, "B-x")])
def test_of_two_lists_of_tags_that_differ_one_is_named(file, column, tag):
    path = file('{"id": 3, "tokens": ["a"], "tags": ["O"], "ner_tags": ["B-x"]}')
    with pytest.raises(MalformedDataError, match=r"line 1: the tags in \['tags', 'ner_tags'\] differ; name the right"):
        tagged(path)
    assert tagged(path, tag_column=column) == [(["a"], [tag])]
    with pytest.raises(MalformedDataError, match=r"no 'NER', only \['id', 'tokens', "):
        tagged(path, tag_column="NER")


@pytest.mark.parametrize(
    ("record", "error", "message"),
    [
        ({"tokens": ["a"], "ner_tags": [3]}, MalformedDataError, "the tag 3 is a number, .* write the tags as texts"),
        ({"tokens": ["a"], "tags": ["person"]}, UnknownTagError, "tag 'person' is neither O"),
        ({"tokens": "a b", "tags": ["O"]}, MalformedDataError, "'tokens' is 'a b'; expected a list"),
        ({"tokens": ["a", 1], "tags": ["O", "O"]}, MalformedDataError, "a word is 1; expected a text"),
        ({"text": "a", "label": [[0, 1, "x"]]}, MalformedDataError, r"no 'tokens', only \['text', 'label'\]"),
        ({"tokens": ["\ud83d"], "tags": ["O"]}, MalformedDataError, "a word is .* half of a character"),
        ({"tokens": 30 * "a" + " hf_" + 34 * "B", "tags": []}, MalformedDataError, r"'tokens' is 'aaa[^B]*hf_\.\.\.'"),
    ],
)
def test_other_words_and_tags_are_refused_with_file_and_line(file, record, error, message):
    good = {"tokens": ["a", "b"], "tags": ["B-x", "O"]}
    with pytest.raises(error, match=rf"train\.json, line 2: {message}"):
        tagged(file(f"{json.dumps(good)}\n{json.dumps(record)}\n"))
