import pytest


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


def test_a_word_may_have_spaces_and_the_last_of_ten_columns_tags(read_pairs):
    content = row(1, "New York", "O") + row(2, "x", "B-place")
    assert read_pairs(content, "train.conll") == [(["New York", "x"], ["O", "B-place"])]
