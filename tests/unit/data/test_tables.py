"""Tables of words and tags: CSV files, and a sentence with its tags in each line."""

import ast
import csv
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data.files import read_documents
from helpers.data.reading import Choices
from helpers.data.tables import read_list
from helpers.errors import DatasetUnavailableError, MalformedDataError, ParameterError, UnknownTagError

SENTENCES = [(["In", "New York", ","], ["O", "B-x", "O"]), (["Oslo"], ["B-y"]), (["no", '"y"'], ["O", "O"])]


@pytest.fixture
def read(tmp_path):
    def read(content, name="ner.csv", **choices):
        (tmp_path / name).write_text(content, encoding="utf-8", newline="")
        documents = read_documents(tmp_path / name, Choices(**choices))
        return [(sentence.tokens, sentence.tags) for document in documents for sentence in document]

    return read


# A word in each row


def rows_of_words(path, number, delimiter=",", end="\n"):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
        writer.writerow(["Sentence #", "Word", "POS", "Tag"])
        for sentence, (words, tags) in enumerate(SENTENCES, 1):
            for place, (word, tag) in enumerate(zip(words, tags, strict=True)):
                writer.writerow([number(sentence, place), word, "X", tag])
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "number", [lambda sentence, place: "" if place else f"Sentence: {sentence}", lambda sentence, place: sentence]
)
@pytest.mark.parametrize(("delimiter", "name"), [(",", "a.csv"), (";", "a.CSV"), ("\t", "a.tsv"), ("\t", "a.txt")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_sentence_has_a_number_in_its_first_row_or_in_all(read, tmp_path, number, delimiter, name, end):
    assert read(rows_of_words(tmp_path / "written", number, delimiter, end), name) == SENTENCES


def test_an_empty_row_ends_a_sentence(read):
    assert read("word,tag\nIn,O\nOslo,B-y\n\nno,O\n,\nyes,O") == [
        (["In", "Oslo"], ["O", "B-y"]), (["no"], ["O"]), (["yes"], ["O"]),
    ]  # fmt: skip


# A sentence in each row


def printed_by_numpy(values):
    return str(np.array(values, dtype=object))


@pytest.mark.parametrize("print_list", [repr, json.dumps, printed_by_numpy])
@pytest.mark.parametrize("columns", [("tokens", "ner_tags"), ("Words", "labels"), ("text", "ner")])
def test_lists_in_cells(read, tmp_path, print_list, columns):
    sentences = [*SENTENCES, (["it's", "a\\b", "안녕", "'", "[", "…"], ["O"] * 6)]
    with (tmp_path / "written").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *columns])
        writer.writerows([number, *map(print_list, sentence)] for number, sentence in enumerate(sentences))
    assert read((tmp_path / "written").read_text(encoding="utf-8")) == sentences


@pytest.mark.parametrize("header", ["text,labels", "Sentence #,Sentence,POS,Tag", "sentence_id,sentence,pos,tags"])
def test_texts_in_cells(read, header):
    number, pos = ("1,", "X,") if header.count(",") > 1 else ("", "")
    content = f'{header}\n{number}Oslo,{pos}B-y\n{number}"In  Oslo , [1]",{pos}O B-y O O\n'
    assert read(content) == [(["Oslo"], ["B-y"]), (["In", "Oslo", ",", "[1]"], ["O", "B-y", "O", "O"])]


def test_a_text_with_a_list_of_tags(read):
    assert read("Sentence,Tag\n\"In Oslo\",\"['O', 'B-y']\"") == [(["In", "Oslo"], ["O", "B-y"])]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=6))
def test_a_list_is_read_as_python_and_json_read_it(values):
    assert read_list(repr(values)) == ast.literal_eval(repr(values)) == values
    for ascii_only in (True, False):
        assert read_list(json.dumps(values, ensure_ascii=ascii_only)) == values


@pytest.mark.parametrize(
    "text",
    [
        "a b", "['a', 1]", "['a' + 'b']", "[__import__('os')]", "[['a']]", "['a'", "['a\\']", "['a''b']", "[O, B-x]",
        "['a' ... 'b']", "['\\x']", "[None]", "{'a'}", "[" * 10**5 + "]" * 10**5, "[" + "9" * 10**5 + "]",
    ],
)  # fmt: skip
def test_nothing_else_is_taken_for_a_list(text):
    assert read_list(text) is None


# A sentence, a tab and its tags


@pytest.mark.parametrize("name", ["train.tsv", "train.txt", "TRAIN.TSV"])
def test_a_sentence_and_its_tags_in_a_line(read, name):
    """As the Naver data are given with KoELECTRA: the type stands before the prefix."""
    content = '금석객잔 여러분 , 감사드립니다 .\tORG-B O O O O\n\n"네 이한동\tO PER-B\n오슬로\tLOC-B\n'
    assert read(content, name) == [
        (["금석객잔", "여러분", ",", "감사드립니다", "."], ["B-ORG", "O", "O", "O", "O"]),
        (['"네', "이한동"], ["O", "B-PER"]),
        (["오슬로"], ["B-LOC"]),
    ]


def test_other_files_of_two_columns_stay_what_they_are(read):
    assert read("In\tO\nNew York\tB-x\n", "a.tsv") == [(["In", "New York"], ["O", "B-x"])]
    assert read("word\ttag\nIn\tO\nOslo\tB-x\n", "a.tsv") == [(["In", "Oslo"], ["O", "B-x"])]


# What is chosen, and what is refused


def test_a_column_may_be_chosen(read, capsys):
    content = "tokens,tags,coarse\n\"['Oslo']\",\"['B-y']\",\"['B-z']\"\n"
    assert read(content) == [(["Oslo"], ["B-y"])]
    assert read(content, tag_column="coarse") == read(content, tag_column=2) == [(["Oslo"], ["B-z"])]
    with pytest.raises(ParameterError, match=r"ner\.csv: tag_column is 'fine'; .* 1 \(tags\), 2 \(coarse\)"):
        read(content, tag_column="fine")


def test_other_forms_of_tags_and_characters_are_read(read, capsys):
    assert read('text,tags\n"In New York","O LOC LOC"') == [(["In", "New", "York"], ["O", "B-LOC", "I-LOC"])]
    assert "Tags are entity types without prefixes" in capsys.readouterr().out
    content = f'tokens,ner_tags\n"{list("안녕 서울에")}","{["O", "O", "O", "B-LC", "I-LC", "O"]}"\n'
    assert read(content) == [(["안녕", "서울에"], ["O", "B-LC"])]


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("a,b\n1,2\n", MalformedDataError, "the first row should name the columns, such as word and tag"),
        ("", MalformedDataError, "the first row should name the columns"),
        (
            "word,tag\nIn,O\nOslo,B-x\n",
            MalformedDataError,
            "nothing tells where a sentence ends. Add a column sentence_id",
        ),
        ("sent_id,word,tag\n1,In,O\n1,,O\n2,a,\n", MalformedDataError, "line 3: the word or its tag is empty"),
        ("sent_id,word,tag\n1,a,O\n2,b,O\n1,c,O\n", MalformedDataError, "line 4: the sentence '1' has ended before"),
        ("sent_id,word,tag\n1,a,O\n1,b\n", MalformedDataError, "line 3: 2 cells, but the header has 3"),
        ('sent_id,word,tag\n1,a,O\n1,"b,O\n2,c,O\n', MalformedDataError, "line 3: unexpected end of data"),
        ('sent_id,word,tag\n1,"a"b,O\n', MalformedDataError, "line 2: ',' expected after '\"'"),
        ('text,tags\n"a\nb c",O O\n"a b",O B-x I-x\n', MalformedDataError, "line 4: 2 tokens but 3 tags"),
        ("text,tags\na b,O O\na b,O Q-x\na b,O B-x\n", UnknownTagError, "line 3: tag 'Q-x'"),
        (f'text,tags\n"{"a " * 10**5}",O\n', MalformedDataError, "line 2: field larger than field limit"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(read, content, error, message):
    with pytest.raises(error) as raised:
        read(content)
    assert message in str(raised.value).replace(", line", " line").replace("ner.csv line", "line")


def test_all_wrong_rows_are_named(read):
    content = "".join(f"{'a ' * (1 + (number % 3 == 2))}b\tO O\n" for number in range(30))
    with pytest.raises(MalformedDataError) as raised:
        read(content + "a b c\n", "a.tsv")
    lines = str(raised.value).split("\n")
    assert [line.partition(": ")[0].rpartition(" ")[2] for line in lines[:10]] == list(map(str, range(3, 31, 3)))
    assert lines[10:] == ["... and 1 more places"]


@pytest.mark.parametrize(("content", "line"), [("sent_id,word,tag\n1,Zoë,O\n", 2), ("sent_id,wörd,tag\n", 1)])
def test_bytes_that_are_not_utf8_are_named_as_such(tmp_path, content, line):
    (tmp_path / "a.csv").write_bytes(content.encode("latin-1"))
    with pytest.raises(MalformedDataError, match=rf"a\.csv, line {line}: byte 0x.. is not UTF-8"):
        list(read_documents(tmp_path / "a.csv"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetUnavailableError, match=r"b\.csv cannot be read"):
        list(read_documents(tmp_path / "b.csv"))
