import re

import pytest

from helpers.errors import MalformedDataError, ParameterError, UnknownTagError


def row(number, form, misc="_"):
    return "\t".join([str(number), form, "_", "X", "_", "_", "0", "root", "_", misc]) + "\n"


PLUS = (
    "# global.columns = ID FORM UPOS CORPUS:NE MISC\n# text = x\n"
    "1-2\tvom\t_\t_\t_\n1\tvon\tX\tO\t_\n2\tUlm\tX\tB-place\t_\n"
)
RANGE = "# sent_id = 1\n" + row("1-2", "vom") + row(1, "von", "NER=O") + row(2, "dem", "NER=O") + row("2.1", "x")
TWO = row(1, "K", "NE=p|NER=B-q") + row(2, "x", "NER=O")


@pytest.mark.parametrize("name", ["train.conllu", "train.conllup", "train.conll", "train.txt", "train.tsv"])
@pytest.mark.parametrize(
    ("content", "expected", "said"),
    [
        (RANGE + row(3, "Ulm", "SpaceAfter=No|NER=B-place"), [("von dem Ulm", "O O B-place")], ""),
        (PLUS, [("von Ulm", "O B-place")], ""),
        (row(1, "a") + row(2, "Ulm", "NE=place") + row(3, "#"), [("a Ulm #", "O B-place O")], "without prefixes"),
        (TWO, [("K x", "B-q O")], "Tags are read from NER; other places with tags: NE"),
    ],
)
def test_words_are_syntactic_and_tags_are_in_misc_or_a_column(read_pairs, capsys, name, content, expected, said):
    assert read_pairs(content, name) == [(words.split(), tags.split()) for words, tags in expected]
    printed = capsys.readouterr().out
    assert said in printed if said else printed == ""


def test_where_tags_are_is_found_or_chosen(read_pairs):
    assert read_pairs(row(1, "New York", "O") + row(2, "x", "B-place"), "a.conll") == [
        (["New York", "x"], ["O", "B-place"])
    ]
    assert read_pairs(TWO, "train.conllu", tag_column="NE") == [(["K", "x"], ["B-p", "O"])]
    with pytest.raises(ParameterError, match=r"tag_column is 'XY'; there are .*: 0 \(NE\), 1 \(NER\)"):
        read_pairs(TWO, "train.conllu", tag_column="XY")


@pytest.mark.parametrize("misc", ["_", "Entity=(person-1)", "Name=Oslo"])
def test_without_entities_it_is_said_what_was_looked_for(read_pairs, misc):
    with pytest.raises(MalformedDataError, match=r"without entities\. Looked for .* ner, .* NER=B-person"):
        read_pairs(row(1, "a") + row(2, "b", misc), "train.conllu")


@pytest.mark.parametrize(
    ("content", "error", "messages"),
    [
        (
            row("x", "b") + "1\tc\n",
            MalformedDataError,
            ["line 1: expected a number.*'x'", "line 2: 2 columns"],
        ),
        (row(1, "a", "NER=B-x") + row(2, "b", "NER=Q-x"), UnknownTagError, ["line 2: tag 'Q-x'"]),
        (row("1-2", "vom", "NER=B-x") + TWO, MalformedDataError, ["line 1: the range 1-2"]),
        (row(1, " ", "NER=B-x"), MalformedDataError, ["line 1: expected a number, .* and a word"]),
        (
            "# global.columns = ID FORM NE\n1\ta\tB-x\n\n# global.columns = ID FORM\n1\tb\n",
            MalformedDataError,
            ["line 4: the columns are named anew, as ID FORM"],
        ),
    ],
)
def test_wrong_rows_are_refused_with_file_and_line(read_pairs, content, error, messages):
    with pytest.raises(error) as raised:
        read_pairs(content, "train.conllu")
    lines = str(raised.value).splitlines()
    assert len(lines) == len(messages)
    assert all(re.search(rf"train\.conllu, {message}", line) for line, message in zip(lines, messages, strict=True))
