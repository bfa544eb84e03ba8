import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import json_records
from helpers.data.json_records import read_records, read_tagged
from helpers.errors import DatasetUnavailableError, MalformedDataError, UnknownTagError


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes):
        path = tmp_path / "train.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def records(path):
    return [record for _, record in read_records(path)]


EXPECTED = [{"a": "é"}, {"b": [1, {"c": "]},["}]}]
ONE, TWO = (json.dumps(record, ensure_ascii=False) for record in EXPECTED)


@pytest.mark.parametrize(
    "content",
    [
        f"{ONE}\n{TWO}\n",
        f"{ONE}\n\n \t\n{TWO}",
        f"\ufeff{ONE}\r\n{TWO}\r\n",
        f"[{ONE},{TWO}]",
        f" \n[\n{ONE}\n,\r\n{TWO}]\n",
        f"\ufeff[{ONE}, {TWO}]",
        json.dumps(EXPECTED, indent=2),
    ],
)
def test_every_spelling_of_the_same_records(file, content):
    assert records(file(content)) == EXPECTED


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists) | st.text()
RECORDS = st.lists(st.dictionaries(st.text(), JSON))


@given(content=RECORDS, indent=st.none() | st.integers(0, 2), chunk=st.integers(1, 20), escaped=st.booleans())
def test_what_was_written_is_read_however_little_at_once(tmp_path_factory, content, indent, chunk, escaped):
    path = tmp_path_factory.getbasetemp() / "written.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_records, "CHUNK", chunk)
        path.write_bytes(json.dumps(content, indent=indent, ensure_ascii=escaped).encode(errors="surrogatepass"))
        assert records(path) == content
    path.write_text("\n".join(map(json.dumps, content)))
    assert records(path) == content


def test_records_are_named_by_line_or_number(file):
    assert [where.rpartition("/")[2] for where, _ in read_records(file(f"\n{ONE}\n\n{TWO}"))] == [
        "train.json, line 2",
        "train.json, line 4",
    ]
    assert [where.rpartition("/")[2] for where, _ in read_records(file(f"[{ONE},\n\n{TWO}]"))] == [
        "train.json, record 1",
        "train.json, record 2",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{ONE}\n{{'a': 1}}\n", "line 2: not JSON: Expecting property name .*; each line should hold one"),
        (f"{ONE}{TWO}\n", "line 1: not JSON: Extra data; each line should hold one object"),
        ('{\n"a": 1\n}', "line 1: not JSON: .*; each line should hold one object"),
        (f"{ONE}\n7\n", r"line 2: expected an object in \{\}, found 7"),
        ("hello", "line 1: not JSON"),
        ('{"a":' * 100_000, "line 1: nested too deeply"),
        ('{"a": ' + "1" * 5000 + "}", "line 1: it has a number with too many digits"),
        (f"{ONE}\n".encode() + b'{"a": "\xe9"}', "line 2: byte 0xe9 is not UTF-8"),
        ('{"a": 1}\r{"a": 2}\r', "line 1: a lone carriage return"),
        (f"[{ONE}, 7]", r"record 2: expected an object in \{\}, found 7"),
        (f"[{ONE}, [1]]", r"record 2: expected an object in \{\}, found \[1\]"),
        (f"[{ONE},]", "record 2: not JSON: Expecting value"),
        (f"[{ONE} {TWO}]", "after record 1: expected ',' or ']', found '{'"),
        (f"[{ONE}", "after record 1: expected ',' or ']', the file ends: it was cut off"),
        ('[{"a": "b', "record 1: not JSON: Unterminated string"),
        (f"[{ONE}] {TWO}", "'{' after the end of the array"),
        (f"[{ONE}, {'[' * 100_000}", "record 2: nested too deeply"),
        (f"[{ONE},\n".encode() + b'{"a": "\xe9"}]', "line 2: byte 0xe9 is not UTF-8"),
    ],
)
def test_what_is_no_json_is_refused_with_file_and_place(file, content, message):
    with pytest.raises(MalformedDataError, match=rf"train\.json(, |: ){message}"):
        records(file(content))


def test_an_unreadable_file_is_named(tmp_path):
    with pytest.raises(DatasetUnavailableError, match=r"missing\.json cannot be read: No such file"):
        records(tmp_path / "missing.json")
    with pytest.raises(DatasetUnavailableError, match="cannot be read: Is a directory"):
        records(tmp_path)


# Words and tags


def test_words_and_tags(file):
    content = [
        {"id": 7, "tokens": ["In", "New York"], "ner_tags": ["O", "S-location"]},
        {"tokens": [], "tags": []},
        {"tokens": ["a", "b", "\u3000"], "tags": ["I-x", "E-x", "O"], "pos": ["X", "X", "X"]},
    ]
    assert list(read_tagged(file(json.dumps(content)))) == [
        (["In", "New York"], ["O", "B-location"], 1),
        (["a", "b", "\u3000"], ["B-x", "I-x", "O"], 2),
    ]


@pytest.mark.parametrize(
    ("record", "error", "message"),
    [
        ({"tokens": ["a", "b"], "tags": ["O"]}, MalformedDataError, "2 tokens but 1 tags"),
        ({"tokens": ["a"], "ner_tags": [3]}, MalformedDataError, "the tag 3 is a number, .* write the tags as texts"),
        ({"tokens": ["a"], "tags": ["person"]}, UnknownTagError, "tag 'person' is neither O"),
        ({"tokens": ["a"], "tags": [None]}, MalformedDataError, "a tag is None; expected a text"),
        ({"tokens": "a b", "tags": ["O"]}, MalformedDataError, "'tokens' is 'a b'; expected a list"),
        ({"tokens": ["a", 1], "tags": ["O", "O"]}, MalformedDataError, "a word is 1; expected a text"),
        ({"tokens": ["a", ""], "tags": ["O", "O"]}, MalformedDataError, r"a word is empty: \['a', ''\]"),
        ({"tokens": ["a"], "labels": ["O"]}, MalformedDataError, r"no 'tags', only \['tokens', 'labels'\]"),
        ({"tokens": ["\ud83d"], "tags": ["O"]}, MalformedDataError, "a word is .* half of a character"),
        ({"tokens": ["a"], "tags": ["B-\ud83d"]}, MalformedDataError, "a tag is .* half of a character"),
    ],
)
def test_other_words_and_tags_are_refused_with_file_and_line(file, record, error, message):
    good = {"tokens": ["a"], "tags": ["O"]}
    with pytest.raises(error, match=rf"train\.json, line 2: {message}"):
        list(read_tagged(file(f"{json.dumps(good)}\n{json.dumps(record)}\n")))


def test_a_shortened_value_shows_no_part_of_a_token(file):
    record = {"tokens": 30 * "a" + " hf_" + 34 * "B", "tags": []}
    with pytest.raises(MalformedDataError, match=r"'tokens' is 'aaa.*hf_\.\.\.'; expected a list") as caught:
        list(read_tagged(file(json.dumps(record))))
    assert "BBB" not in str(caught.value)
