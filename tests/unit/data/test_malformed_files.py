"""Files of every format that are refused: with the file, the place in it, and what is wrong there."""

import json
import re

import pytest

from helpers.errors import MalformedDataError, ParameterError, UnknownTagError

GOOD = '{"tokens": ["a", "b"], "tags": ["B-x", "O"]}\n'
ROW = "{}\t{}\t_\tX\t_\t_\t0\troot\t_\t{}\n"
TWO = ROW.format(1, "K", "NE=p|NER=B-q") + ROW.format(2, "x", "NER=O")
WIDE = "sent_id,word,tag\n1,a,O\n"


def refused(read_pairs, name, content):
    with pytest.raises((MalformedDataError, UnknownTagError)) as raised:
        read_pairs(content, name)
    # The name of an error is that of what is wrong: a tag, or the file.
    assert isinstance(raised.value, UnknownTagError) == bool(re.search(r"\A[^\n]*: tag '", str(raised.value)))
    return str(raised.value).split("\n")


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("a\tO\nb\n", "line 2: 1 columns, but most rows have 2"),
        ("EU NNP I-NP B-x\nsays VBZ I-VP\n", "line 2: 3 columns, but most rows have 4"),
        ("Vitamin O\t\n", "line 1: the tag is empty"),
        ("a\tO\rb\tB-x\r\rc\tO\r", "line 1: a lone carriage return"),
        ("In\tO\n \tO\nOslo\tB-x\n", "line 2: the word is empty"),  # no character has a row
        ("a\tO\nb\tQ-x\n", "line 2: tag 'Q-x'"),
        ("a B-x\nb I\nc O\nd I\n", "line 1: tag 'I' at word 4"),
        ("a\t0\nb\t3\n", "line 1: tag '0' is a number, perhaps of a class"),
        ("a\tE-mail\nb\tO\n", "line 1: tag 'E-mail' may be an entity type"),
        (b"a\tO\n" + "é\tO\n".encode("latin-1"), "line 2: byte 0xe9 is not UTF-8"),
        ("1 a O\n2 b B-x\n\nx y O\n", "line 4: the first column counts words in most"),
        ("1 a O\n2 b B-x\n4 c O\n\n1 a O\n2 b O\n\n1 d O\n2 e O\n", "line 1: the first column"),
        ("a\tO\n \tB-x\nb\tO\n", "line 1: the span 'x' from 1 to 2, ' ', covers no word"),
        ("word pos tag\na O\nb B-x\n", "line 1: the line names 3 columns, but most rows have 2"),
        (TWO + ROW.format("x", "b", "NER=O"), "line 3: expected a number.*'x'"),
        (TWO + ROW.format(3, "b", "NER=Q-x"), "line 3: tag 'Q-x'"),
        (ROW.format("1-2", "vom", "NER=B-x") + TWO, "line 1: the range 1-2"),
        (ROW.format(1, " ", "NER=B-x"), "line 1: expected a number, .* and a word"),
        ("# global.columns = ID FORM NE\n1\ta\tB-x\n\n# global.columns = ID FORM\n1\tb\n", "line 4: .* named anew"),
        *((ROW.format(1, "a", misc), "without entities.*NER=B-person") for misc in ("_", "Entity=(person-1)")),
    ],
)
def test_malformed_files_are_refused_with_file_and_line(read_pairs, content, where):
    assert re.search(rf"/train\.conll(, |: .*){where}", refused(read_pairs, "train.conll", content)[0])


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("a,b\n1,2\n", ": the first row should name the columns, such as word and tag"),
        ("word,tag\nIn,O\nOslo,B-x\n", ": nothing tells where a sentence ends. Add a column sentence_id"),
        (WIDE + "1,,O\n2,a,\n", ", line 3: the word or its tag is empty"),
        (WIDE + "2,b,O\n1,c,O\n1,d,O\n", ", line 4: the sentence '1' has ended before"),
        (WIDE + "1,b\n", ", line 3: 2 cells, but the header has 3"),
        (WIDE + '1,"a"b,O\n', ", line 3: ',' expected after '\"'"),
        ('text,tags\n"a\nb c",O O\n"a b",O B-x I-x\n', ", line 4: 2 tokens but 3 tags"),
        (f'text,tags\n"{"a " * 10**5}",O\n', ", line 2: field larger than field limit"),
        ((WIDE + "1,Zoë,O\n").encode("latin-1"), ", line 3: byte 0xeb is not UTF-8"),
    ],
)
def test_wrong_tables_are_refused_with_file_and_line(read_pairs, content, where):
    assert f"/ner.csv{where}" in refused(read_pairs, "ner.csv", content)[0]


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (GOOD + "{'a': 1}\n", ", line 2: not JSON: Expecting property name .*; the file should hold one object, or"),
        ('{\n"a": 1,\n}', ": not JSON: .* line [23] column"),
        ('{\n"a":' + '{"a":' * 100_000, ": not JSON: maximum recursion depth exceeded"),
        ('{"a": ' + "1" * 5000 + "}", ", line 1: not JSON: .*4300 digits"),
        (GOOD + "7\n", r", line 2: a record is 7; expected an object in \{\}"),
        (GOOD.encode() + b'{"a": "\xe9"}', ", line 2: byte 0xe9 is not UTF-8"),
        ('{"a": 1}\r{"a": 2}\r', ", line 1: a lone carriage return"),
        (f"[{GOOD},\n]", ": not JSON: .* line 3 column 1"),
        ('[{"a": "b', ": not JSON: Unterminated string"),
        (f"[{GOOD}, {'[' * 100_000}", ": not JSON: maximum recursion depth exceeded"),
        (f"[{GOOD},\n".encode() + b'{"a": "\xe9"}]', ", line 3: byte 0xe9 is not UTF-8"),
    ],
)
def test_what_is_no_json_is_refused_with_file_and_place(read_pairs, content, where):
    assert re.search(rf"/train\.json{where}", refused(read_pairs, "train.json", content)[0])


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"tokens": ["a"], "ner_tags": [3]}, "the tag 3 is a number, .* write the tags as texts"),
        ({"tokens": ["a"], "tags": ["person"]}, "tag 'person' is neither O"),
        ({"tokens": "a b", "tags": ["O"]}, "'tokens' is 'a b'; expected a list"),
        ({"tokens": ["a", 1], "tags": ["O", "O"]}, "a word is 1; expected a text"),
        ({"text": "a", "label": [[0, 1, "x"]]}, r"no 'tokens', only \['text', 'label'\]"),
        ({"tokens": ["\ud83d"], "tags": ["O"]}, "a word is .* half of a character"),
        ({"tokens": 30 * "a" + " hf_" + 34 * "B", "tags": []}, r"'tokens' is 'aaa[^B]*hf_\.\.\."),  # no part of a token
    ],
)
def test_other_words_and_tags_are_refused_with_file_and_line(read_pairs, record, message):
    (place,) = refused(read_pairs, "train.json", GOOD + json.dumps(record))
    assert re.search(rf"/train\.json, line 2: {message}", place)


def test_one_wrong_row_does_not_hide_the_next(read_pairs):
    places = refused(read_pairs, "train.conll", "a\tO\nb\n\nc\tB-x\nd\tQ-x\n\n\tO\n")
    assert [place.partition("line ")[2][:1] for place in places] == ["2", "5", "7"]
    rows = "".join(f"{'a ' * (1 + (number % 3 == 2))}b\tO O\n" for number in range(30))
    *places, last = refused(read_pairs, "a.tsv", rows + "a b c\n")
    assert [place.partition(": ")[0].rpartition(" ")[2] for place in places] == list(map(str, range(3, 31, 3)))
    assert last == "... and 1 more places"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("This is a text.\nIt has no tags at all.\n", "this looks like text without tags"),
        ('{"tokens": ["a"], "tags": ["O"]}\n', "looks like JSON.*json"),
        ("word,tag\nOslo,B-location\n", r"a table with ',' .*\.csv"),
        ("In [Oslo](location) today\nHi\n", "without tags. Write each word on a line"),
        ("1\tO\n2\tB-x\n3\tO\n", "words or tags are missing"),
    ],
)
def test_files_of_other_forms_are_told_what_they_look_like(read_pairs, content, message):
    assert re.search(rf"(?s)/train\.conll.*{message}", "\n".join(refused(read_pairs, "train.conll", content)))


@pytest.mark.parametrize(
    ("text", "encoding", "message"),
    [
        ("김철수\tB-PS\n", "cp949", "byte 0xb1 is not UTF-8.*CP949.*encoding='cp949'"),
        ("Zoë\tB-x\nGröße\tO\n", "cp1252", "byte 0xeb is not UTF-8.*Windows-1252"),
        ("Oslo\tB-x\n", "utf-16", "byte 0x.* probably UTF-16.*encoding='utf-16'"),
        ("김철수" * 50, "utf-16", "byte 0x.* probably UTF-16.*encoding='utf-16'"),
        ("Oslo\tB-x\n", "utf-16-be", "byte 0x.* probably UTF-16.*encoding='utf-16-be'"),
    ],
)
def test_other_encodings_are_named(read_pairs, text, encoding, message):
    (place,) = refused(read_pairs, "train.conll", text.encode(encoding))
    assert re.search(rf"/train\.conll, line 1: {message}", place)


FOUR = "EU NNP I-NP I-ORG\nsays VBZ I-VP O\n"


@pytest.mark.parametrize(
    ("name", "content", "chosen", "there_are"),
    [
        ("a.conll", FOUR, {None: "B-ORG O", 2: "B-NP B-VP"}, "1, 2, 3"),
        ("a.conll", f"word pos chunk ner\n{FOUR}", {"chunk": "B-NP B-VP"}, r"1 \(pos\), 2 \(chunk\), 3 \(ner\)"),
        ("a.conllu", TWO, {None: "B-q O", "NE": "B-p O"}, r"0 \(NE\), 1 \(NER\)"),
        ("a.csv", "tokens,ner,x\n['a'],['B-y'],['B-z']\n", {None: "B-y", "x": "B-z", 2: "B-z"}, r"1 \(ner\), 2 \(x\)"),
    ],
)
def test_tag_column_chooses_another_column_of_those_there_are(read_pairs, name, content, chosen, there_are):
    for choice, tags in chosen.items():
        ((_, found),) = read_pairs(content, name, tag_column=choice)
        assert found == tags.split()
    for choice in ("no", 7, -1, "²"):
        with pytest.raises(ParameterError, match=rf"{name}.*: tag_column is {choice!r}.*: {there_are}"):
            read_pairs(content, name, tag_column=choice)
