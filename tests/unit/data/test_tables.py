"""Tables of words and tags: CSV files, and a sentence with its tags in each line."""

import ast
import csv
import json
from io import StringIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data.tables import read_list

SENTENCES = [(["In", "New York", ","], ["O", "B-x", "O"]), (["Oslo"], ["B-y"]), (["no", '"y"'], ["O", "O"])]


@pytest.fixture
def read(read_pairs):
    return lambda content, name="ner.csv", **choices: read_pairs(content, name, **choices)


def written(rows, **dialect):
    file = StringIO(newline="")
    csv.writer(file, **dialect).writerows(rows)
    return file.getvalue()


@pytest.mark.parametrize("only_in_first_row", [False, True])
@pytest.mark.parametrize(("delimiter", "name"), [(",", "a.csv"), (";", "a.CSV"), ("\t", "a.tsv"), ("\t", "a.txt")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_sentence_has_a_number_in_its_first_row_or_in_all(read, only_in_first_row, delimiter, name, end):
    rows = [
        ("" if place and only_in_first_row else number, word, "X", tag)
        for number, sentence in enumerate(SENTENCES)
        for place, (word, tag) in enumerate(zip(*sentence, strict=True))
    ]
    header = ("Sentence #", "Word", "POS", "Tag")
    assert read(written([header, *rows], delimiter=delimiter, lineterminator=end), name) == SENTENCES


def printed_by_numpy(values):
    return str(np.array(values, dtype=object))


@pytest.mark.parametrize("print_list", [repr, json.dumps, printed_by_numpy])
@pytest.mark.parametrize("columns", [("tokens", "ner_tags"), ("Words", "labels"), ("text", "ner")])
def test_lists_in_cells(read, print_list, columns):
    sentences = [*SENTENCES, (["it's", "a\\b", "안녕", "'", "[", "…"], ["O"] * 6)]
    rows = [(number, *map(print_list, sentence)) for number, sentence in enumerate(sentences)]
    assert read(written([("id", *columns), *rows])) == sentences


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


IN_OSLO = [(["Oslo"], ["B-y"]), (["In", "Oslo"], ["O", "B-y"])]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", "word,tag\nOslo,B-y\n\nIn,O\nOslo,B-y\n,\n", IN_OSLO),  # an empty row ends a sentence
        ("a.csv", "Sentence #,Sentence,POS,Tag\n1,Oslo,X,B-y\n2,In Oslo,X,O B-y\n", IN_OSLO),
        ("a.csv", 'text,tags\n"In New York","O LOC LOC"', [(["In", "New", "York"], ["O", "B-LOC", "I-LOC"])]),
        ("a.csv", f'tokens,tags\n"{list("안 서울")}","{"O O B-x I-x".split()}"\n', [(["안", "서울"], ["O", "B-x"])]),
        # As the Naver data are given with KoELECTRA: a sentence and its tags, whose types stand before the prefix
        (
            "TRAIN.TXT",
            '금석객잔 여러분\tORG-B O\n\n"네 이한동\tO PER-B\n오슬로\tLOC-B\n',
            [(["금석객잔", "여러분"], ["B-ORG", "O"]), (['"네', "이한동"], ["O", "B-PER"]), (["오슬로"], ["B-LOC"])],
        ),
        ("a.tsv", "In\tO\nNew York\tB-x\n", [(["In", "New York"], ["O", "B-x"])]),
        ("a.tsv", "word\ttag\nIn\tO\nOslo\tB-x\n", [(["In", "Oslo"], ["O", "B-x"])]),
    ],
)
def test_other_tables(read, name, content, expected):
    assert read(content, name) == expected
