import re

import pytest

from helpers.data.files import read_documents
from helpers.data.reading import Choices
from helpers.errors import MalformedDataError, ParameterError, UnknownTagError


def row(number, form, misc="_"):
    return "\t".join([str(number), form, "_", "X", "_", "_", "0", "root", "_", misc]) + "\n"


PLUS = (
    "# global.columns = ID FORM UPOS CORPUS:NE MISC\n# text = x\n"
    "1-2\tvom\t_\t_\t_\n1\tvon\tX\tO\t_\n2\tUlm\tX\tB-place\t_\n"
)
RANGE = "# sent_id = 1\n" + row("1-2", "vom") + row(1, "von", "NER=O") + row(2, "dem", "NER=O") + row("2.1", "x")


@pytest.fixture
def file(tmp_path):
    def write(content, name="train.conllu"):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return write


def words_and_tags(path, **choices):
    return [(sentence.tokens, sentence.tags) for (sentence,) in read_documents(path, Choices(**choices))]


@pytest.mark.parametrize("name", ["train.conllu", "train.conllup", "train.conll", "train.txt", "train.tsv"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (RANGE + row(3, "Ulm", "SpaceAfter=No|NER=B-place"), [(["von", "dem", "Ulm"], ["O", "O", "B-place"])]),
        (PLUS, [(["von", "Ulm"], ["O", "B-place"])]),
        (
            row(1, "New York", "ner=S-place") + "\n" + row(1, "a", "ner=O"),
            [(["New York"], ["B-place"]), (["a"], ["O"])],
        ),
        (row(1, "a") + row(2, "Ulm", "NE=place") + row(3, "#"), [(["a", "Ulm", "#"], ["O", "B-place", "O"])]),
        (row(1, "Finn", "name=B-PER") + row(2, "Ek", "name=I-PER"), [(["Finn", "Ek"], ["B-PER", "I-PER"])]),
        (row(1, "K", "NE=p|NER=B-p") + row(2, "x", "NER=O"), [(["K", "x"], ["B-p", "O"])]),
    ],
)
def test_words_are_syntactic_and_tags_are_in_misc_or_a_column(file, name, content, expected):
    assert words_and_tags(file(content, name)) == expected


def test_where_nothing_is_chosen_nothing_is_said(file, capsys):
    words_and_tags(file(RANGE))
    assert capsys.readouterr().out == ""


def test_ten_columns_with_tags_in_the_last_are_no_conllu(file):
    content = row(1, "In", "O") + row(2, "Oslo", "B-place")
    assert words_and_tags(file(content, "train.conll")) == [(["In", "Oslo"], ["O", "B-place"])]


def test_where_tags_are_can_be_chosen_and_is_said(file, capsys):
    path = file(row(1, "K", "NE=p|NER=B-q") + row(2, "x", "NER=O"))
    assert words_and_tags(path) == [(["K", "x"], ["B-q", "O"])]
    assert "Tags are read from NER; other places with tags: NE" in capsys.readouterr().out
    assert words_and_tags(path, tag_column="NE") == [(["K", "x"], ["B-p", "O"])]
    assert "Words without NE= in the column MISC are outside" in capsys.readouterr().out
    with pytest.raises(ParameterError, match=r"tag_column is 'XY'; there are .*: NE, NER"):
        words_and_tags(path, tag_column="XY")


@pytest.mark.parametrize("misc", ["_", "SpaceAfter=No", "Entity=(person-1)", "Name=Oslo"])
def test_without_entities_it_is_said_what_was_looked_for(file, misc):
    with pytest.raises(MalformedDataError, match=r"without entities\. Looked for .* ner, .* NER=B-person"):
        words_and_tags(file(row(1, "a") + row(2, "b", misc)))


@pytest.mark.parametrize(
    ("content", "error", "messages"),
    [
        (
            row(1, "a", "NER=B-x") + row("x", "b") + "1\tc\n",
            MalformedDataError,
            ["line 2: the ID is 'x'", "line 3: 2 columns"],
        ),
        (row(1, "a", "NER=B-x") + row(2, "b", "NER=Q-x"), UnknownTagError, ["line 2: tag 'Q-x'"]),
        (
            row("1-2", "vom", "NER=B-x") + row(1, "von") + row(2, "dem", "NER=B-y"),
            MalformedDataError,
            ["line 1: the range 1-2"],
        ),
        (row(1, " ", "NER=B-x"), MalformedDataError, ["line 1: the word in column FORM is empty"]),
        (
            "# global.columns = ID FORM NE\n1\ta\tB-x\n\n# global.columns = ID FORM\n1\tb\n",
            MalformedDataError,
            ["line 4: the columns are named anew, as ID FORM, where they were ID FORM NE"],
        ),
    ],
)
def test_wrong_rows_are_refused_with_file_and_line(file, content, error, messages):
    with pytest.raises(error) as raised:
        words_and_tags(file(content))
    lines = str(raised.value).splitlines()
    assert len(lines) == len(messages)
    assert all(re.search(rf"train\.conllu, {message}", line) for line, message in zip(lines, messages, strict=True))
