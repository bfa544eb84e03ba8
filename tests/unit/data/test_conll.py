import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers.data.files import read_documents
from helpers.data.tagged_rows import are_pieces, join_pieces
from helpers.errors import MalformedDataError, ParameterError, UnknownTagError


@pytest.fixture
def read(read_pairs):
    return lambda content, **choices: read_pairs(content, "train.conll", **choices)


@pytest.mark.parametrize(
    "content",
    [
        "In\tO\nOslo\tB-location\n\nHi\tO\n",
        "In\tO\nOslo\tB-location\n\nHi\tO",  # no line end at the end
        "In O\nOslo B-location\n\nHi O\n",
        "In  IN  O\nOslo NNP  B-location \n \nHi UH O\n",
        "In\tIN\tI-PP\tO\nOslo\tNNP\tI-NP\tI-location\n\t\n\n\nHi\tUH\tO\tO\n",
        "In\tO\r\nOslo\tB-location\r\n\r\nHi\tO\r\n",
        "-DOCSTART- -X- O\nIn -X- _ O\nOslo -X- _ B-location\n\nHi -X- _ O\n\n",  # Label Studio's CONLL2003
        "-DOCSTART-\nIn O\nOslo S-location\n-docstart- (2)\nHi O\n-DOCSTART-\tO\n",
        "In\tO\t\nOslo\tB-location\t\n\nHi\tO\t\n",  # a tab at each line's end
        "In\tO\nOslo\tB-location\t\n\nHi\tO\n",  # and at one
        " In\tO \nOslo\t B-location\n\n Hi \tO\n",
        "\ufeffIn\tO\nOslo\tB-location\n\n\ufeffHi\tO\n",  # two files in one
        "word\ttag\nIn\tO\nOslo\tB-location\n\nword\ttag\nHi\tO\n",
        "Token POS NER X\n\nIn IN O I-x\nOslo NNP B-location I-x\n\nHi UH O I-x\n",
        "# columns: ner form\nO In\nB-location Oslo\n\nO Hi\n",
        "O\tIn\nB-location\tOslo\n\nO\tHi\n",  # without names, too
        "# newdoc\n# sent_id = 1\nIn O\nOslo B-location\n\n# sent_id = O\n# x y z\nHi O\n",
        "## a-1\t안녕 <김:PS>\nIn\tO\nOslo\tB-location\n# between\n\n## a-2\t안녕\nHi\tO\n",
        "## 1\n##\nIn\tO\nOslo\tB-location\n\n##\nHi\tO\n",
        "; In Oslo\n$In <Oslo:LC>\nIn\tO\nOslo\tB-location\n\n; Hi\n$Hi\nHi\tO\n",
        "In\t_\nOslo\tB-location \n\nHi\t_\n",
        "# newdoc\nIn O\nOslo location\n\n# newpar\nHi O\n",
    ],
)
def test_every_spelling_of_the_same_sentences(read, content):
    assert read(content) == [(["In", "Oslo"], ["O", "B-location"]), (["Hi"], ["O"])]


@pytest.mark.parametrize("word", ["\ufe0f", "\u200b", "\u00a0", "a\u2028b", "\x85", "\x1c", "New York", "\u3000x"])
def test_unusual_words_are_kept_whole(read, word):
    assert read(f"{word}\tB-x\nb\tO\n") == [([word, "b"], ["B-x", "O"])]


WORDS = st.text(st.characters(exclude_characters="\t\n\r \ufeff\0", codec="utf-8"), min_size=1)


def counts(words):
    return len(words) > 1 and all(word.isdecimal() for word in words)


# The format reserves this one word: its line parts documents.
@given(
    st.lists(st.lists(WORDS.filter(lambda word: word.lower() != "-docstart-")).filter(lambda words: not counts(words)))
)
@example([["-DOCSTART", "DOCSTART-"], ["#", "#fun", ";"], ["##"], ["$"]])
@example([["1", "2", "3"], ["a", "b"]])
def test_what_was_written_is_read(tmp_path_factory, sentences):
    path = tmp_path_factory.getbasetemp() / "written.conll"
    path.write_text("".join("".join(f"{w}\tO\n" for w in s) + "\n" for s in sentences), encoding="utf-8", newline="")
    assert [sentence.tokens for (sentence,) in read_documents(path)] == [s for s in sentences if s]


@pytest.mark.parametrize("row", ["#\tO", "#fun\tB-x", "# O", "#fun B-x", "$\tB-x", "; O", "$ B-x"])
def test_words_that_look_like_comments_are_words(read, row):
    word, tag = row.split()
    assert read(f"{row}\na{row[1:]}\n") == [([word, f"a{word[1:]}"], [tag, tag])]


@pytest.mark.parametrize(
    ("content", "error", "where"),
    [
        ("a\tO\nb\n", MalformedDataError, "line 2: 1 columns, but most rows have 2"),
        ("a\tO\nb\t\n", MalformedDataError, "line 2: the tag is empty"),
        ("EU\tNNP\tI-NP\tB-x\nsays\tVBZ\tI-VP\t\n", MalformedDataError, "line 2: the tag is empty"),
        ("EU NNP I-NP B-x\nsays VBZ I-VP\n", MalformedDataError, "line 2: 3 columns, but most rows have 4"),
        ("Vitamin O\t\n", MalformedDataError, "line 1: the tag is empty"),
        ("a\tO\rb\tB-x\r\rc\tO\r", MalformedDataError, "line 1: a lone carriage return"),
        ("a\tO\n\n\tO\n", MalformedDataError, "line 3: the word"),
        ("In\tO\n \tO\nOslo\tB-x\n", MalformedDataError, "line 2: the word is empty"),  # no character has a row
        ("a\tO\nb\tQ-x\n", UnknownTagError, "line 2: tag 'Q-x'"),
        ("a B-x\nb I\nc O\nd I\n", UnknownTagError, "line 1: tag 'I' at word 4"),
        ("a\t0\nb\t3\n", UnknownTagError, "line 1: tag '0' is a number, perhaps of a class"),
        ("a\tE-mail\nb\tO\n", UnknownTagError, "line 1: tag 'E-mail' may be an entity type"),
        (b"a\tO\n" + "é\tO\n".encode("latin-1"), MalformedDataError, "line 2: byte 0xe9 is not UTF-8"),
        ("\ufeffa\tO\n\n".encode() + b"\xff", MalformedDataError, "line 3: byte 0xff"),
        ("1 a O\n2 b B-x\n\nx y O\n", MalformedDataError, "line 4: the first column counts words in most"),
        ("1 a O\n2 b B-x\n4 c O\n\n1 a O\n2 b O\n\n1 d O\n2 e O\n", MalformedDataError, "line 1: the first column"),
        ("word pos tag\na O\nb B-x\n", MalformedDataError, "line 1: the line names 3 columns, but most rows have 2"),
    ],
)
def test_malformed_files_are_refused_with_file_and_line(read, content, error, where):
    with pytest.raises(error, match=rf"train\.conll, {where}"):
        read(content)


def test_one_wrong_row_does_not_hide_the_next(read):
    with pytest.raises(MalformedDataError) as raised:
        read("a\tO\nb\n\nc\tB-x\nd\tQ-x\n\n\tO\n")
    assert [line.partition("line ")[2][:1] for line in str(raised.value).splitlines()] == ["2", "5", "7"]


FOUR = "EU NNP I-NP {}\nsays VBZ I-VP O\n. . O O\n"
NESTED = "# http://a.de [1]\n1\tBank\tB-ORG\tO\n2\tBern\tI-ORG\tB-LOC\n3\tin\tO\tO\n\n# x\n1\tUlm\tB-LOC\tO\n"
KOREAN = "; 한 글\n$<한:PS> 글\n1\t한\tNNG\tB_PS\n1\t어\tNNG\tI\n2\t글\tNNG\tO\n3\t끝\tNNG\tO\n"
RUNNING = "1 In O\n2 Oslo B-x\n\n3 Hi O\n4 there O\n"
TWO_TAGS = ["Tags are read from column 3, .* tags too: 2"]
COUNTED = "The first column counts words"


@pytest.mark.parametrize(
    ("content", "choice", "words", "tags", "said"),
    [
        (FOUR.format("I-ORG"), None, "EU says .", "B-ORG O O", TWO_TAGS),
        (FOUR.format("I-ORG"), 2, "EU says .", "B-NP B-VP O", []),
        (f"word pos chunk ner\n{FOUR.format('I-ORG')}", "chunk", "EU says .", "B-NP B-VP O", []),
        (NESTED, None, "Bank Bern in Ulm", "B-ORG I-ORG O B-LOC", [COUNTED, "column 2, .* too: 3", "2 comment lines"]),
        (NESTED, "3", "Bank Bern in Ulm", "O B-LOC O O", [COUNTED, "2 comment lines"]),
        (KOREAN, None, "한 어 글 끝", "B-PS I-PS O O", [COUNTED, "form B_type, I", "2 comment lines"]),
        (RUNNING, None, "In Oslo Hi there", "O B-x O O", [COUNTED]),
        (RUNNING.replace("3 ", "0 ").replace("4 ", "1 "), None, "In Oslo Hi there", "O B-x O O", [COUNTED]),
        ("1 O\n2 O\n\na B-x\nb O\n", None, "1 2 a b", "O O B-x O", []),
        ("word tag\n1 O\n2 B-x\n", None, "1 2", "O B-x", []),
        ("O O\nhomem O\n", None, "O homem", "O O", []),  # O is a word
        ("1 CD O\n\n2 CD O\n", None, "1 2", "O O", []),
        ("a O DT\nX LOC NP\nor O O\nthe O DT\n", None, "a X or the", "O B-LOC O O", ["without prefixes"]),
        ("In O _\nOslo LOC Num=1\nis O _\n", None, "In Oslo is", "O B-LOC O", ["without prefixes"]),  # features
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


@pytest.mark.parametrize("choice", ["ner", 0, 4, -1, "²"])
def test_a_column_that_is_not_there_is_refused_with_those_that_are(read, choice):
    with pytest.raises(ParameterError, match=f"tag_column is {choice!r}.*: 1, 2, 3"):
        read(FOUR.format("O"), tag_column=choice)
    with pytest.raises(ParameterError, match=r"1 \(pos\), 2 \(chunk\), 3 \(ner\)"):
        read(f"word pos chunk ner\n{FOUR.format('O')}", tag_column="no")


KLUE = "## klue-1\t특 <김 씨:PS>가\n특\tO\n \tO\n김\tB-PS\n \tI-PS\n씨\tI-PS\n가\tO\n \tO\n서\tO\n"
KMOU = "## 1\n## 오 겐\n## <오 겐:PER>은\n오\t오\tNNG\tB-PER\n_\t_\t_\tI-PER\n겐자\t겐자\tNNP\tI-PER\n은\t은\tJX\tO\n"


@pytest.mark.parametrize(
    ("content", "text", "covered", "rewritten"),
    [
        (KLUE, "특 김 씨가 서", ["김 씨"], 0),
        (KMOU, "오 겐자은", ["오 겐자"], 0),
        (f"{KLUE}\n{KLUE}", "특 김 씨가 서", ["김 씨"], 0),
        (KLUE.replace("B-PS", "I-PS"), "특 김 씨가 서", ["김 씨"], 1),
        # A comment has as many words as its text
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


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["김", " ", "씨"], True),
        (["김", "씨"], False),  # Chinese data have no spaces
        (["In", " ", "Oslo"], False),
        (["a", " ", "b", *"c" * 40, "http"], True),
        ([" "], False),
        ([], False),
    ],
)
def test_pieces_are_told_from_words(words, expected):
    assert are_pieces(iter(words)) is expected


def test_an_entity_of_spaces_is_refused_with_its_place():
    with pytest.raises(MalformedDataError, match=r"here: the span 'x' from 1 to 2, ' ', covers no word"):
        join_pieces(["a", " ", "b"], ["O", "B-x", "O"], "here")


@given(st.lists(st.tuples(st.sampled_from(["가", "나다", "b.", "x y z"]), st.sampled_from([None, "x"]), st.booleans())))
@example([("오에 겐자", "x", False), ("는", None, True), ("가", "y", False), (".", "y", False)])
def test_every_entity_covers_its_characters(drawn):
    pieces, tags = [], []
    for word, label, ends_with_space in drawn:
        inside = [f"I-{label}" if label else "O"] * len(word)
        pieces += [*word, " "] if ends_with_space else word
        tags += [f"B-{label}" if label else "O", *inside[1:]] + ["O"] * ends_with_space
    found = [(each.text[start:end], label) for each in join_pieces(pieces, tags) for start, end, label in each.spans]
    assert found == [(word, label) for word, label, _ in drawn if label]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("This is a text.\nIt has no tags at all.\n", "this looks like text without tags"),
        ('{"tokens": ["a"], "tags": ["O"]}\n', "looks like JSON.*json"),
        ('[\n  {"tokens": ["a", "b"]}\n]\n', "looks like JSON"),
        ("word,tag\nOslo,B-location\n", r"a table with ',' .*\.csv"),
        ("In [Oslo](location) today\nHi\n", "without tags. Write each word on a line"),
        ("1\tO\n2\tB-x\n3\tO\n", "words or tags are missing"),
    ],
)
def test_files_of_other_forms_are_told_what_they_look_like(read, content, message):
    with pytest.raises(MalformedDataError, match=f"(?s)train\\.conll.*{message}"):
        read(content)


@pytest.mark.parametrize(
    ("text", "encoding", "message"),
    [
        ("김철수\tB-PS\n", "cp949", "byte 0xb1 is not UTF-8.*CP949.*encoding='cp949'"),
        ("Zoë\tB-x\nGröße\tO\n", "cp1252", "byte 0xeb is not UTF-8.*Windows-1252"),
        ("Oslo\tB-x\n", "utf-16", "byte 0x.* probably UTF-16.*encoding='utf-16'"),
        ("김철수" * 50, "utf-16", "byte 0x.* probably UTF-16.*encoding='utf-16'"),
        ("Oslo\tB-x\n", "utf-16-le", "byte 0x.* probably UTF-16.*encoding='utf-16'"),
        ("Oslo\tB-x\n", "utf-16-be", "byte 0x.* probably UTF-16.*encoding='utf-16-be'"),
        ("김철수\tB-PS\n", "utf-16-le", "byte 0xae is not UTF-8.*UTF-16"),
    ],
)
def test_other_encodings_are_named(read, text, encoding, message):
    with pytest.raises(MalformedDataError, match=rf"train\.conll, line 1: {message}"):
        read(text.encode(encoding))


@pytest.mark.parametrize(("split", "count"), [("train", 3394), ("validation", 1009), ("test", 1287)])
def test_real_wnut17(wnut17_folder, split, count):
    path = wnut17_folder / f"{split}.conll"
    read = [sentence for (sentence,) in read_documents(path)]
    assert (len(read), sum(sentence.rewritten for sentence in read)) == (count, 0)
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    pairs = [[word, tag] for sentence in read for word, tag in zip(sentence.tokens, sentence.tags, strict=True)]
    assert pairs == rows
