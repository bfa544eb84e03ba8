import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data.files import read_documents
from helpers.data.json_records import read_records
from helpers.data.reading import Choices, Reading
from helpers.errors import DatasetUnavailableError, MalformedDataError, UnknownTagError


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes):
        path = tmp_path / "train.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path):
    reading = Reading()
    found = list(read_records(path, reading))
    reading.finish()
    return found


def records(path):
    return [record for _, record in read(path)]


def tagged(path, **choices):
    return [
        (sentence.tokens, sentence.tags)
        for document in read_documents(path, Choices(**choices))
        for sentence in document
    ]


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
        f"{ONE}\n\ufeff{TWO}\n",
        f"\ufeff[\n{ONE},\n\ufeff{TWO}]",
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
        patch.setattr(json_stream, "CHUNK", chunk)
        path.write_bytes(json.dumps(content, indent=indent, ensure_ascii=escaped).encode(errors="surrogatepass"))
        assert records(path) == content
    path.write_text("\n".join(map(json.dumps, content)))
    assert records(path) == content


def test_records_are_named_by_line_or_number(file):
    assert [where.rpartition("/")[2] for where, _ in read(file(f"\n{ONE}\n\n{TWO}"))] == [
        "train.json, line 2",
        "train.json, line 4",
    ]
    assert [where.rpartition("/")[2] for where, _ in read(file(f"[{ONE},\n\n{TWO}]"))] == [
        "train.json, record 1",
        "train.json, record 2",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{ONE}\n{{'a': 1}}\n", "line 2: not JSON: Expecting property name .*; each line should hold one"),
        (f"{ONE}{TWO}\n", "line 1: not JSON: Extra data; each line should hold one object"),
        (
            '{\n"a": 1,\n}',
            "line [23]: not JSON: .*; the file should hold one object, or one array, or an object in each",
        ),
        ('{\n"a":' + '{"a":' * 100_000, "nested too deeply; the file should hold"),
        (f"{ONE}\n7\n", r"line 2: a record is 7; expected an object in \{\}"),
        ("hello", "line 1: not JSON"),
        ('{"a":' * 100_000, "line 1: nested too deeply"),
        ('{"a": ' + "1" * 5000 + "}", "line 1: it has a number with too many digits"),
        (f"{ONE}\n".encode() + b'{"a": "\xe9"}', "line 2: byte 0xe9 is not UTF-8"),
        ('{"a": 1}\r{"a": 2}\r', "line 1: a lone carriage return"),
        (f"[{ONE}, 7]", r"record 2: a record is 7; expected an object in \{\}"),
        (f"[{ONE}, [1]]", r"record 2: a record is \[1\]; expected an object in \{\}"),
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


def test_one_object_over_several_lines_is_one_record(file):
    path = file(json.dumps(EXPECTED[1], indent=2) + "\n")
    assert read(path) == [(str(path), EXPECTED[1])]


def test_a_pair_of_a_text_and_an_object_is_one_object(file):
    assert records(file('[["In Oslo", {"entities": []}]]')) == [{"text": "In Oslo", "entities": []}]


def test_one_bad_record_hides_no_other(file):
    path = file(f"{ONE}\n7\n{TWO}\n{{]\n[1]")
    reading = Reading()
    assert [record for _, record in read_records(path, reading)] == EXPECTED
    with pytest.raises(MalformedDataError) as caught:
        reading.finish()
    assert [line.split(":")[0] for line in str(caught.value).split("\n")] == [f"{path}, line {n}" for n in (2, 4, 5)]


# Words and tags


def test_words_and_tags(file):
    content = [
        {"id": 7, "tokens": ["In", "New York"], "ner_tags": ["O", "S-location"]},
        {"tokens": [], "tags": []},
        {"words": ["a", "b", "\u3000"], "labels": ["I-x", "E-x", "O "], "pos": ["X", "X", "X"]},
        {"text": "a", "tokens": ["a"], "ner": ["B-x "], "tags": ["B-x "]},
    ]
    assert tagged(file(json.dumps(content))) == [
        (["In", "New York"], ["O", "B-location"]),
        (["a", "b", "\u3000"], ["B-x", "I-x", "O"]),
        (["a"], ["B-x"]),
    ]


def test_tags_are_told_from_spans_of_the_same_name(file):
    assert tagged(file('{"text": "a", "tokens": ["a"], "labels": ["B-x"]}')) == [(["a"], ["B-x"])]
    ((sentence,),) = read_documents(file('{"text": "a", "tokens": ["a"], "labels": [[0, 1, "y"]]}'))
    assert sentence.spans == ((0, 1, "y"),)


def test_the_form_of_the_tags_is_that_of_the_whole_file(file, capsys):
    rows = [["PER", "O", "E-mail"], ["E-mail", "E-mail", "PER"]]
    content = [{"tokens": ["a", "b", "c"], "tags": tags} for tags in rows]
    assert [tags for _, tags in tagged(file(json.dumps(content)))] == [
        ["B-PER", "O", "B-E-mail"],
        ["B-E-mail", "I-E-mail", "B-PER"],
    ]
    assert "train.json: Tags are entity types without prefixes" in capsys.readouterr().out


def test_characters_with_spaces_are_joined_to_texts(file, capsys):
    content = [{"tokens": list("서울 간다"), "ner_tags": ["B-LC", "I-LC", "O", "O", "O"]}]
    ((sentence,),) = read_documents(file(json.dumps(content)))
    assert (sentence.text, sentence.spans, sentence.tokens) == ("서울 간다", ((0, 2, "LC"),), ["서울", "간다"])
    assert "they were joined" in capsys.readouterr().out


TWO_LISTS = {"id": 3, "tokens": ["a"], "tags": ["O"], "ner_tags": ["B-x"]}


@pytest.mark.parametrize(("column", "tag"), [("tags", "O"), ("ner_tags", "B-x"), (3, "B-x")])
def test_of_two_lists_of_tags_that_differ_one_is_named(file, capsys, column, tag):
    path = file(json.dumps(TWO_LISTS))
    with pytest.raises(MalformedDataError, match=r"line 1: the tags in \['tags', 'ner_tags'\] differ; name the right"):
        tagged(path)
    assert tagged(path, tag_column=column) == [(["a"], [tag])]
    assert "Of several lists of tags," in capsys.readouterr().out
    with pytest.raises(MalformedDataError, match=r"no 'NER', only \['id', 'tokens', "):
        tagged(path, tag_column="NER")


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
        ({"tokens": ["a"], "pos": ["O"]}, MalformedDataError, r"no 'tags', only \['tokens', 'pos'\]"),
        ({"text": "a", "label": [[0, 1, "x"]]}, MalformedDataError, r"no 'tokens', only \['text', 'label'\]"),
        ({"tokens": ["\ud83d"], "tags": ["O"]}, MalformedDataError, "a word is .* half of a character"),
        ({"tokens": ["a"], "tags": ["B-\ud83d"]}, MalformedDataError, "a tag is .* half of a character"),
    ],
)
def test_other_words_and_tags_are_refused_with_file_and_line(file, record, error, message):
    good = {"tokens": ["a", "b"], "tags": ["B-x", "O"]}
    with pytest.raises(error, match=rf"train\.json, line 2: {message}"):
        tagged(file(f"{json.dumps(good)}\n{json.dumps(record)}\n"))


def test_a_shortened_value_shows_no_part_of_a_token(file):
    record = {"tokens": 30 * "a" + " hf_" + 34 * "B", "tags": []}
    with pytest.raises(MalformedDataError, match=r"'tokens' is 'aaa.*hf_\.\.\.'; expected a list") as caught:
        tagged(file(json.dumps(record)))
    assert "BBB" not in str(caught.value)
