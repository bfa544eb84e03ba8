import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers.data.conll import read_conll
from helpers.data.files import find_files
from helpers.errors import DatasetUnavailableError, MalformedDataError, UnknownTagError


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes):
        path = tmp_path / "train.conll"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def words_and_tags(path):
    return [(sentence.tokens, sentence.tags) for sentence in read_conll(path)]


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
    ],
)
def test_every_spelling_of_the_same_sentences(file, content):
    assert words_and_tags(file(content)) == EXPECTED


@pytest.mark.parametrize("word", ["\ufe0f", "\u200b", "\u00a0", "a\u2028b", "\x85", "\x1c", "New York", "\u3000x"])
def test_unusual_words_are_kept_whole(file, word):
    content = f"{word}\tB-x\nb\tO\n"
    assert words_and_tags(file(content)) == [([word, "b"], ["B-x", "O"])]


WORDS = st.text(st.characters(exclude_characters="\t\n\r \ufeff", codec="utf-8"), min_size=1)


# The format reserves this one word: its line parts documents.
@given(st.lists(st.lists(WORDS.filter(lambda word: word != "-DOCSTART-"))))
@example([["-DOCSTART", "DOCSTART-"], ["-docstart-"]])
def test_what_was_written_is_read(tmp_path_factory, sentences):
    path = tmp_path_factory.getbasetemp() / "written.conll"
    path.write_text("".join("".join(f"{w}\tO\n" for w in s) + "\n" for s in sentences), encoding="utf-8", newline="")
    assert [sentence.tokens for sentence in read_conll(path)] == [s for s in sentences if s]


def test_rewritten_tags_are_counted(file):
    assert [sentence.rewritten for sentence in read_conll(file("a\tI-x\nb\tI-x\n\nc\tB-x\nd\tE-x\n"))] == [1, 1]


@pytest.mark.parametrize(
    ("content", "error", "where"),
    [
        ("a\tO\nb\n", MalformedDataError, "line 2.*'b' alone"),
        ("a\tO\nb\t\n", MalformedDataError, "line 2: the tag is empty"),
        ("EU\tNNP\tI-NP\tB-x\nsays\tVBZ\tI-VP\t\n", MalformedDataError, "line 2: the tag is empty"),
        ("EU NNP I-NP B-x\nsays VBZ I-VP\n", MalformedDataError, "line 2: 3 columns, but the file's first row has 4"),
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
        list(read_conll(file(content)))


def test_split_files_are_found_by_their_usual_names(tmp_path):
    for name in ("train.txt", "dev.conll", "test.tsv", "notes.md"):
        (tmp_path / name).touch()
    found = {split: path.name for split, path in find_files(tmp_path).items()}
    assert found == {"train": "train.txt", "validation": "dev.conll", "test": "test.tsv"}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["train.conll"], "no file for the split 'test'"),
        ([], "no file for the split 'train'"),
        (["train.conll", "test.conll", "dev.txt", "validation.txt"], "several files .* 'validation'"),
    ],
)
def test_missing_and_ambiguous_files_are_named(tmp_path, names, message):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(DatasetUnavailableError, match=message):
        find_files(tmp_path)


def test_unreadable_folder_is_named(tmp_path):
    with pytest.raises(DatasetUnavailableError, match="missing cannot be read"):
        find_files(tmp_path / "missing")


@pytest.mark.parametrize(("split", "sentences"), [("train", 3394), ("validation", 1009), ("test", 1287)])
def test_real_wnut17(wnut17_folder, split, sentences):
    path = wnut17_folder / f"{split}.conll"
    read = list(read_conll(path))
    assert len(read) == sentences
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    assert [token for sentence in read for token in sentence.tokens] == [word for word, _ in rows]
    assert [tag for sentence in read for tag in sentence.tags] == [tag for _, tag in rows]
    assert sum(sentence.rewritten for sentence in read) == 0
