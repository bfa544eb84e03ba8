import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers.data.files import read_documents


@pytest.fixture
def read(read_pairs):
    return lambda content, **choices: read_pairs(content, "train.conll", **choices)


@pytest.mark.parametrize(
    "content",
    [
        "In O\nOslo B-location\n\nHi O",
        "In  IN  O\nOslo NNP  B-location \n \nHi UH O\n",
        "In\tIN\tI-PP\tO\nOslo\tNNP\tI-NP\tI-location\n\t\n\n\nHi\tUH\tO\tO\n",
        "In\tO\r\nOslo\tB-location\r\n\r\nHi\tO\r\n",
        "-DOCSTART- -X- O\nIn -X- _ O\nOslo -X- _ B-location\n\nHi -X- _ O\n\n",  # Label Studio's CONLL2003
        "-DOCSTART-\nIn O\nOslo S-location\n-docstart- (2)\nHi O\n-DOCSTART-\tO\n",
        "In\tO\nOslo\tB-location\t\n\nHi\tO\n",  # a tab at a line's end
        " In\tO \nOslo\t B-location\n\n Hi \tO\n",
        "\ufeffIn\tO\nOslo\tB-location\n\n\ufeffHi\tO\n",  # two files in one
        "word\ttag\nIn\tO\nOslo\tB-location\n\nword\ttag\nHi\tO\n",
        "Token POS NER X\n\nIn IN O I-x\nOslo NNP B-location I-x\n\nHi UH O I-x\n",
        "# columns: ner form\nO In\nB-location Oslo\n\nO Hi\n",
        "# newdoc\n# sent_id = 1\nIn O\nOslo B-location\n\n# sent_id = O\n# x y z\nHi O\n",
        "## 1\n##\nIn\tO\nOslo\tB-location\n\n##\nHi\tO\n",
        "; In Oslo\n$In <Oslo:LC>\nIn\tO\nOslo\tB-location\n\n; Hi\n$Hi\nHi\tO\n",
        "In\t_\nOslo\tB-location \n\nHi\t_\n",
        "# newdoc\nIn O\nOslo location\n\n# newpar\nHi O\n",
    ],
)
def test_every_spelling_of_the_same_sentences(read, content):
    assert read(content) == [(["In", "Oslo"], ["O", "B-location"]), (["Hi"], ["O"])]


WORDS = st.text(st.characters(exclude_characters="\t\n\r \ufeff\0", codec="utf-8"), min_size=1)


def counts(words):
    return len(words) > 1 and all(word.isdecimal() for word in words)


# The format reserves this one word: its line parts documents.
@given(
    st.lists(st.lists(WORDS.filter(lambda word: word.lower() != "-docstart-")).filter(lambda words: not counts(words)))
)
@example([["-DOCSTART", "DOCSTART-"], ["#", "#fun", ";"], ["##"], ["$"], ["\ufe0f", "\x85", "\x1c", "New York"]])
@example([["1", "2", "3"], ["a", "b"]])
def test_what_was_written_is_read(tmp_path_factory, sentences):
    path = tmp_path_factory.getbasetemp() / "written.conll"
    path.write_text("".join("".join(f"{w}\tO\n" for w in s) + "\n" for s in sentences), encoding="utf-8", newline="")
    assert [sentence.tokens for (sentence,) in read_documents(path)] == [s for s in sentences if s]


@pytest.mark.parametrize("row", ["#\tO", "#fun\tB-x", "# O", "#fun B-x", "$\tB-x", "; O", "$ B-x"])
def test_words_that_look_like_comments_are_words(read, row):
    word, tag = row.split()
    assert read(f"{row}\na{row[1:]}\n") == [([word, f"a{word[1:]}"], [tag, tag])]


FOUR = "EU NNP I-NP I-ORG\nsays VBZ I-VP O\n. . O O\n"
NESTED = "# http://a.de [1]\n1\tBank\tB-ORG\tO\n2\tBern\tI-ORG\tB-LOC\n3\tin\tO\tO\n\n# x\n1\tUlm\tB-LOC\tO\n"
KOREAN = "; 한 글\n$<한:PS> 글\n1\t한\tNNG\tB_PS\n1\t어\tNNG\tI\n2\t글\tNNG\tO\n3\t끝\tNNG\tO\n"
RUNNING = "1 In O\n2 Oslo B-x\n\n3 Hi O\n4 there O\n"
COUNTED = "The first column counts words"


@pytest.mark.parametrize(
    ("content", "choice", "words", "tags", "said"),
    [
        (FOUR, None, "EU says .", "B-ORG O O", ["Tags are read from column 3, .* tags too: 2"]),
        (NESTED, None, "Bank Bern in Ulm", "B-ORG I-ORG O B-LOC", [COUNTED, "column 2, .* too: 3", "2 comment lines"]),
        (NESTED, "3", "Bank Bern in Ulm", "O B-LOC O O", [COUNTED, "2 comment lines"]),
        (KOREAN, None, "한 어 글 끝", "B-PS I-PS O O", [COUNTED, "form B_type, I", "2 comment lines"]),
        (RUNNING.replace("3 ", "0 ").replace("4 ", "1 "), None, "In Oslo Hi there", "O B-x O O", [COUNTED]),
        ("word tag\n1 O\n2 B-x\n", None, "1 2", "O B-x", []),
        ("O O\nhomem O\n", None, "O homem", "O O", []),  # O is a word
        ("a O DT\nX LOC NP\nor O O\nthe O DT\n", None, "a X or the", "O B-LOC O O", ["without prefixes"]),
        ("O\tIn\nB-x\tOslo\n", None, "In Oslo", "O B-x", ["Tags are read from the first column"]),
        ("in _\nOslo LOC\n", None, "in Oslo", "O B-LOC", ["without prefixes", "'_' is read as O"]),
        ("北\tB-LOC\n京\tM-LOC\n市\tE-LOC\n人\tO\n", None, "北 京 市 人", "B-LOC I-LOC I-LOC O", []),
        ("In O\nOslo B\n", None, "In Oslo", "O B-entity", ["no entity type; the type is called 'entity'"]),
        ("_ _ O\n" + "Oslo NNP B-x\n" * 30, None, "_" + " Oslo" * 30, "O" + " B-x" * 30, []),
    ],
)
def test_which_columns_are_read_and_what_is_said_of_it(read, capsys, content, choice, words, tags, said):
    sentences = read(content, tag_column=choice)
    assert [word for tokens, _ in sentences for word in tokens] == words.split()
    assert [tag for _, tags in sentences for tag in tags] == tags.split()
    lines = [line for line in capsys.readouterr().out.splitlines() if "rewritten" not in line]
    assert len(lines) == len(said)
    assert all(map(re.search, said, lines)), lines


KLUE = "## klue-1\t특 <김 씨:PS>가\n특\tO\n \tO\n김\tB-PS\n \tI-PS\n씨\tI-PS\n가\tO\n \tO\n서\tO\n"
KMOU = "## 1\n## 오 겐\n## <오 겐:PER>은\n오\t오\tNNG\tB-PER\n_\t_\t_\tI-PER\n겐자\t겐자\tNNP\tI-PER\n은\t은\tJX\tO\n"


@pytest.mark.parametrize(
    ("content", "text", "covered", "rewritten"),
    [
        (KLUE, "특 김 씨가 서", ["김 씨"], 0),
        (KMOU, "오 겐자은", ["오 겐자"], 0),
        (f"{KLUE}\n{KLUE}", "특 김 씨가 서", ["김 씨"], 0),
        (KLUE.replace("B-PS", "I-PS"), "특 김 씨가 서", ["김 씨"], 1),
        *((KLUE.replace("특 <김 씨:PS>가", comment), "특 김 씨가 서", ["김 씨"], 0) for comment in ("특 김", "특")),
    ],
)
@pytest.mark.parametrize("name", ["train.tsv", "train.txt", "train.conll"])
def test_rows_that_are_spaces_join_the_others_to_a_text(
    read_sentences, capsys, name, content, text, covered, rewritten
):
    for sentence in read_sentences(content, name):
        assert (sentence.text, sentence.rewritten) == (text, rewritten)
        assert [text[start:end] for start, end, _ in sentence.spans] == covered
        assert "".join(sentence.tokens) == text.replace(" ", "")
    assert "they were joined to these texts" in capsys.readouterr().out


@given(st.lists(st.tuples(st.sampled_from(["가", "나다", "b.", "x y z"]), st.sampled_from([None, "x"]), st.booleans())))
@example([("오에 겐자", "x", False), ("는", None, True), ("가", "y", False), (".", "y", False)])
def test_every_entity_covers_its_characters(tmp_path_factory, drawn):
    pieces, tags = [], []
    for word, label, ends_with_space in drawn:
        inside = [f"I-{label}" if label else "O"] * len(word)
        pieces += [*word, " "] if ends_with_space else word
        tags += [f"B-{label}" if label else "O", *inside[1:]] + ["O"] * ends_with_space
    path = tmp_path_factory.getbasetemp() / "written.tsv"
    rows = [*zip("가 나", "OOO", strict=True), *zip(pieces, tags, strict=True)]  # a space tells characters from words
    path.write_text("".join(f"{piece}\t{tag}\n" for piece, tag in rows), encoding="utf-8", newline="")
    found = [(each.text[start:end], label) for (each,) in read_documents(path) for start, end, label in each.spans]
    assert found == [(word, label) for word, label, _ in drawn if label]


@pytest.mark.slow
@pytest.mark.parametrize(("split", "count"), [("train", 3394), ("validation", 1009), ("test", 1287)])
def test_real_wnut17(wnut17_folder, split, count):
    path = wnut17_folder / f"{split}.conll"
    read = [sentence for (sentence,) in read_documents(path)]
    assert (len(read), sum(sentence.rewritten for sentence in read)) == (count, 0)
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    pairs = [[word, tag] for sentence in read for word, tag in zip(sentence.tokens, sentence.tags, strict=True)]
    assert pairs == rows


# CoNLL-U


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
