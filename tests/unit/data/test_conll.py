import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers.data.files import read_documents
from helpers.data.reading import Choices
from helpers.errors import MalformedDataError, ParameterError, UnknownTagError


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes, name="train.conll"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def sentences(path, **choices):
    return [sentence for (sentence,) in read_documents(path, Choices(**choices))]


def words_and_tags(path, **choices):
    return [(sentence.tokens, sentence.tags) for sentence in sentences(path, **choices)]


EXPECTED = [(["In", "Oslo"], ["O", "B-location"]), (["Hi"], ["O"])]


@pytest.mark.parametrize(
    "content",
    [
        "In\tO\nOslo\tB-location\n\nHi\tO\n",
        "In\tO\nOslo\tB-location\n\nHi\tO",  # no line end at the end
        "In O\nOslo B-location\n\nHi O\n",
        "In  IN  O\nOslo NNP  B-location \n \nHi UH O\n",
        "In\tIN\tI-PP\tO\nOslo\tNNP\tI-NP\tI-location\n\t\n\n\nHi\tUH\tO\tO\n",
        "In\tO\r\nOslo\tB-location\r\n\r\nHi\tO\r\n",
        "\ufeffIn\tO\nOslo\tB-location\n\nHi\tO\n",
        "-DOCSTART- -X- O\nIn -X- _ O\nOslo -X- _ B-location\n\nHi -X- _ O\n\n",  # Label Studio's CONLL2003
        "-DOCSTART- -X- O O\n\nIn O\nOslo S-location\n-DOCSTART- -X- O O\nHi O\n",
        "-DOCSTART-\nIn O\nOslo B-location\n-docstart- (2)\nHi O\n-DOCSTART-\tO\n",
        "In\tO\t\nOslo\tB-location\t\n\nHi\tO\t\n",  # a tab at each line's end
        "In\tO\nOslo\tB-location\t\n\nHi\tO\n",  # and at one
        " In O\nOslo  B-location  \n\n Hi O\n",
        " In\tO \nOslo\t B-location\n\nHi \tO\n",
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
        "In O\nOslo location\n\nHi O\n",
        "# newdoc\nIn O\nOslo location\n\n# newpar\nHi O\n",
    ],
)
def test_every_spelling_of_the_same_sentences(file, content):
    assert words_and_tags(file(content)) == EXPECTED


@pytest.mark.parametrize("word", ["\ufe0f", "\u200b", "\u00a0", "a\u2028b", "\x85", "\x1c", "New York", "\u3000x"])
def test_unusual_words_are_kept_whole(file, word):
    content = f"{word}\tB-x\nb\tO\n"
    assert words_and_tags(file(content)) == [([word, "b"], ["B-x", "O"])]


def counts(words):
    return len(words) > 1 and all(word.isdecimal() for word in words)


WORDS = st.text(st.characters(exclude_characters="\t\n\r \ufeff\0", codec="utf-8"), min_size=1)


# The format reserves this one word: its line parts documents.
@given(
    st.lists(st.lists(WORDS.filter(lambda word: word.lower() != "-docstart-")).filter(lambda words: not counts(words)))
)
@example([["-DOCSTART", "DOCSTART-"], ["#", "#fun", ";"], ["##"], ["$"]])
@example([["1", "2", "3"], ["a", "b"]])
def test_what_was_written_is_read(tmp_path_factory, sentences):
    path = tmp_path_factory.getbasetemp() / "written.conll"
    path.write_text("".join("".join(f"{w}\tO\n" for w in s) + "\n" for s in sentences), encoding="utf-8", newline="")
    assert [tokens for tokens, _ in words_and_tags(path)] == [s for s in sentences if s]


@pytest.mark.parametrize("row", ["#\tO", "#fun\tB-x", "# O", "#fun B-x", "$\tB-x", "; O", "$ B-x"])
def test_words_that_look_like_comments_are_words(file, row):
    assert words_and_tags(file(f"{row}\na{row[1:]}\n")) == [
        ([row.split()[0], f"a{row.split()[0][1:]}"], [row.split()[1]] * 2)
    ]


def test_rewritten_tags_are_counted(file):
    assert [sentence.rewritten for sentence in sentences(file("a\tI-x\nb\tI-x\n\nc\tB-x\nd\tE-x\n"))] == [1, 1]


@pytest.mark.parametrize(
    ("content", "error", "where"),
    [
        ("a\tO\nb\n", MalformedDataError, "line 2.*'b' alone"),
        ("a\tO\nb\t\n", MalformedDataError, "line 2: the tag is empty"),
        ("EU\tNNP\tI-NP\tB-x\nsays\tVBZ\tI-VP\t\n", MalformedDataError, "line 2: the tag is empty"),
        ("EU NNP I-NP B-x\nsays VBZ I-VP\n", MalformedDataError, "line 2: 3 columns, but most rows have 4"),
        ("Vitamin O\t\n", MalformedDataError, "line 1: the tag is empty"),
        ("a\tO\rb\tB-x\r\rc\tO\r", MalformedDataError, "line 1: a lone carriage return"),
        ("a\tO\n\n\tO\n", MalformedDataError, "line 3: the word"),
        ("a\tO\nb\tQ-x\n", UnknownTagError, "line 2: tag 'Q-x'"),
        (b"a\tO\n" + "é\tO\n".encode("latin-1"), MalformedDataError, "line 2: byte 0xe9 is not UTF-8"),
        ("\ufeffa\tO\n\n".encode() + b"\xff", MalformedDataError, "line 3: byte 0xff"),
    ],
)
def test_malformed_files_are_refused_with_file_and_line(file, content, error, where):
    with pytest.raises(error, match=rf"train\.conll, {where}"):
        sentences(file(content))


FOUR = "EU NNP I-NP {}\nsays VBZ I-VP O\n. . O O\n"
NESTED = "# http://a.de [1]\n1\tBank\tB-ORG\tO\n2\tBern\tI-ORG\tB-LOC\n3\tin\tO\tO\n\n# x\n1\tUlm\tB-LOC\tO\n"
KOREAN = "; 한 글\n$<한:PS> 글\n1\t한\tNNG\tB_PS\n1\t어\tNNG\tI\n2\t글\tNNG\tO\n3\t끝\tNNG\tO\n"
RUNNING = "1 In O\n2 Oslo B-x\n\n3 Hi O\n4 there O\n"


@pytest.mark.parametrize(
    ("content", "choice", "expected"),
    [
        (FOUR.format("I-ORG"), None, [(["EU", "says", "."], ["B-ORG", "O", "O"])]),
        (FOUR.format("I-ORG"), 2, [(["EU", "says", "."], ["B-NP", "B-VP", "O"])]),
        (f"word pos chunk ner\n{FOUR.format('I-ORG')}", "chunk", [(["EU", "says", "."], ["B-NP", "B-VP", "O"])]),
        (NESTED, None, [(["Bank", "Bern", "in"], ["B-ORG", "I-ORG", "O"]), (["Ulm"], ["B-LOC"])]),
        (NESTED, "3", [(["Bank", "Bern", "in"], ["O", "B-LOC", "O"]), (["Ulm"], ["O"])]),
        (KOREAN, None, [(["한", "어", "글", "끝"], ["B-PS", "I-PS", "O", "O"])]),
        (RUNNING, None, [(["In", "Oslo"], ["O", "B-x"]), (["Hi", "there"], ["O", "O"])]),
        (
            RUNNING.replace("3 ", "0 ").replace("4 ", "1 "),
            None,
            [(["In", "Oslo"], ["O", "B-x"]), (["Hi", "there"], ["O", "O"])],
        ),
        ("1 O\n2 O\n\na B-x\nb O\n", None, [(["1", "2"], ["O", "O"]), (["a", "b"], ["B-x", "O"])]),
        ("word tag\n1 O\n2 B-x\n", None, [(["1", "2"], ["O", "B-x"])]),
        ("O O\nhomem O\n", None, [(["O", "homem"], ["O", "O"])]),  # O is a word
        ("1 CD O\n\n2 CD O\n", None, [(["1"], ["O"]), (["2"], ["O"])]),
        (
            "a O DT\nX LOC NP\nor O O\nthe O DT\n",
            None,
            [(["a", "X", "or", "the"], ["O", "B-LOC", "O", "O"])],
        ),  # parts of speech
    ],
)
def test_which_columns_are_read(file, content, choice, expected):
    assert words_and_tags(file(content), tag_column=choice) == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (FOUR.format("I-ORG"), ["Tags are read from column 3, .* tags too: 2"]),
        (NESTED, ["The first column counts words", "from column 2, .* tags too: 3", "2 comment lines"]),
        (KOREAN, ["The first column counts words", "form B_type, I", "2 comment lines"]),
        ("O\tIn\nB-x\tOslo\n", ["Tags are read from the first column"]),
        ("in _\nOslo LOC\n", ["without prefixes", "'_' is read as O"]),
        ("In O\nOslo B\n", ["no entity type; the type is called 'entity'"]),
        ("in O\nOslo B-x\n", []),
    ],
)
def test_what_is_chosen_is_said(file, capsys, content, said):
    words_and_tags(file(content))
    lines = [line for line in capsys.readouterr().out.splitlines() if "rewritten" not in line]
    assert len(lines) == len(said)
    assert all(map(re.search, said, lines)), lines


@pytest.mark.parametrize("choice", ["ner", 0, 4, -1, "²"])
def test_a_column_that_is_not_there_is_refused_with_those_that_are(file, choice):
    with pytest.raises(ParameterError, match=f"tag_column is {choice!r}.*: 1, 2, 3"):
        words_and_tags(file(FOUR.format("O")), tag_column=choice)
    with pytest.raises(ParameterError, match=r"1 \(pos\), 2 \(chunk\), 3 \(ner\)"):
        words_and_tags(file(f"word pos chunk ner\n{FOUR.format('O')}"), tag_column="no")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1 a O\n2 b B-x\n\n1 c O\n2 d O\n\n7 e O\n", "line 7: the first column counts words in 2 sentences, but not"),
        ("1 a O\n2 b B-x\n\nx y O\n", "line 4: the first column counts words in 1 sentences, but not"),
        ("1 a O\n2 b B-x\n4 c O\n\n1 a O\n2 b O\n\n1 d O\n2 e O\n", "line 1: the first column counts"),
        ("1\tO\n2\tB-x\n3\tO\n", "either words or tags are missing"),
        ("word pos tag\na O\nb B-x\n", "line 1: the line names 3 columns, but most rows have 2"),
    ],
)
def test_unclear_columns_are_refused(file, content, message):
    with pytest.raises(MalformedDataError, match=message):
        words_and_tags(file(content))


KLUE = "## klue-1\t특 <김 씨:PS>가\n특\tO\n \tO\n김\tB-PS\n \tI-PS\n씨\tI-PS\n가\tO\n \tO\n서\tO\n"
KMOU = "## 1\n## 오 겐\n## <오 겐:PER>은\n오\t오\tNNG\tB-PER\n_\t_\t_\tI-PER\n겐자\t겐자\tNNP\tI-PER\n은\t은\tJX\tO\n"


@pytest.mark.parametrize(
    ("content", "text", "covered"),
    [
        (KLUE, "특 김 씨가 서", ["김 씨"]),
        (KMOU, "오 겐자은", ["오 겐자"]),
        (f"{KLUE}\n{KLUE}", "특 김 씨가 서", ["김 씨"]),
    ],
)
def test_rows_that_are_spaces_join_the_others_to_a_text(file, capsys, content, text, covered):
    for sentence in sentences(file(content)):
        assert sentence.text == text
        assert [text[start:end] for start, end, _ in sentence.spans] == covered
        assert "".join(sentence.tokens) == text.replace(" ", "")
    assert "The words are pieces of texts" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["train.tsv", "train.txt", "train.conll"])
@pytest.mark.parametrize("comment", ["## klue-1\t특 김씨가", "## klue-1\t특", "## klue-1\t<특:PS> 가 나"])
def test_a_comment_of_as_many_words_as_its_text_is_no_sentence_with_its_tags(file, name, comment):
    (sentence,) = sentences(file(f"{comment}\n특\tO\n \tO\n김\tB-PS\n", name))
    assert sentence.text == "특 김"


def test_tags_that_are_rewritten_are_counted_in_joined_texts_too(file):
    assert [sentence.rewritten for sentence in sentences(file(KLUE.replace("B-PS", "I-PS")))] == [1]


def test_single_characters_without_spaces_are_words(file):
    assert sentences(file("北\tB-LOC\n京\tM-LOC\n市\tE-LOC\n人\tO\n")) == [
        (["北", "京", "市", "人"], ["B-LOC", "I-LOC", "I-LOC", "O"], 2, None, ())
    ]


def test_a_space_among_words_is_refused_and_an_underscore_is_a_word(file):
    with pytest.raises(MalformedDataError, match="line 2: the word is empty"):
        sentences(file("In\tO\n \tO\nOslo\tB-x\n"))
    content = "_ _ O\n" + "Oslo NNP B-x\n" * 30
    assert sentences(file(content))[0].tokens == ["_"] + ["Oslo"] * 30


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("This is a text.\nIt has no tags at all.\n", "line 1: this looks like text without tags"),
        ('{"tokens": ["a"], "tags": ["O"]}\n', "looks like JSON.*json"),
        ('[\n  {"tokens": ["a", "b"]}\n]\n', "looks like JSON"),
        ("word,tag\nOslo,B-location\n", r"a table with ',' .*\.csv"),
        ("In [Oslo](location) today\n", "entities in brackets.*read_bracketed"),
        ("In/O Oslo/B-location today/O\n", "tags behind slashes"),
        ("In <Oslo:LC> today\n", "angle brackets"),
        ("a\t0\nb\t3\n", "line 1: tag '0' is a number, perhaps of a class"),
        ("a\t(PER*\nb\t*)\n", r"line 1: tag '\(PER\*' looks like the brackets"),
        ("a\tE-mail\nb\tO\n", "line 1: tag 'E-mail' may be an entity type"),
        ("a B-x\nb I\nc O\nd I\n", "line 1: tag 'I' at word 4"),
    ],
)
def test_files_of_other_forms_are_told_what_they_look_like(file, content, message):
    with pytest.raises((MalformedDataError, UnknownTagError), match=f"(?s)train\\.conll.*{message}"):
        words_and_tags(file(content))


@pytest.mark.parametrize(
    ("text", "encoding", "message"),
    [
        ("김철수\tB-PS\n", "cp949", "line 1: byte 0xb1 is not UTF-8.*CP949.*encoding='cp949'"),
        ("Zoë\tB-x\nGröße\tO\n", "cp1252", "line 1: byte 0xeb is not UTF-8.*Windows-1252"),
        ("Oslo\tB-x\n", "utf-16", "line 1: the file is UTF-16.*encoding='utf-16'"),
        ("김철수" * 50, "utf-16", "line 1: the file is UTF-16.*encoding='utf-16'"),
        ("Oslo\tB-x\n", "utf-16-le", "line 1: the file is UTF-16.*encoding='utf-16'"),
        ("Oslo\tB-x\n", "utf-16-be", "line 1: the file is UTF-16.*encoding='utf-16-be'"),
        ("김철수\tB-PS\n", "utf-16-le", "line 1: byte 0xae is not UTF-8.*UTF-16"),
    ],
)
def test_other_encodings_are_named(file, text, encoding, message):
    with pytest.raises(MalformedDataError, match=rf"train\.conll, {message}"):
        words_and_tags(file(text.encode(encoding)))


def test_one_wrong_row_does_not_hide_the_next(file):
    with pytest.raises(MalformedDataError) as raised:
        words_and_tags(file("a\tO\nb\n\nc\tB-x\nd\tQ-x\n\n\tO\n"))
    assert [line.partition("line ")[2][:1] for line in str(raised.value).splitlines()] == ["2", "5", "7"]


@pytest.mark.parametrize(("split", "count"), [("train", 3394), ("validation", 1009), ("test", 1287)])
def test_real_wnut17(wnut17_folder, split, count):
    path = wnut17_folder / f"{split}.conll"
    read = sentences(path)
    assert len(read) == count
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    assert [token for sentence in read for token in sentence.tokens] == [word for word, _ in rows]
    assert [tag for sentence in read for tag in sentence.tags] == [tag for _, tag in rows]
    assert sum(sentence.rewritten for sentence in read) == 0
