import json

import pandas as pd
import pytest

from helpers.errors import DiskFullError
from helpers.exercises import checks, feedback
from helpers.exercises.hand_in import CONTENT, hand_in
from helpers.exercises.quiz import check_question


@pytest.fixture(autouse=True)
def nothing_answered(monkeypatch):
    monkeypatch.setattr(feedback, "RECORD", record := {})
    monkeypatch.setattr("helpers.exercises.hand_in.RECORD", record)


def saved(folder):
    (path,) = folder.iterdir()
    return path, json.loads(path.read_text(encoding="utf-8"))


def test_the_last_answer_of_each_question_is_kept_with_the_number_of_tries(tmp_path):
    for answer in (..., 12, "13", 13):
        check_question(answer, "1")
    check_question("b", "5")
    check_question(..., "6")
    checks.check_label_counts(5, 6, [None, 0, 1])
    checks.check_guess(["a", "b"], {"a": 0.2, "b": 0.3}, "sentences")
    checks.check_guess(["b", "a"], {"a": 0.2, "b": 0.3}, "head_only")
    table = hand_in("Ada", tmp_path / "quiz")
    path, content = saved(tmp_path / "quiz")
    assert path.name == "quiz_Ada.json"
    assert [*content] == ["content", "name", "answers"] and (content["content"], content["name"]) == (CONTENT, "Ada")
    assert [(question, *row.values()) for question, row in content["answers"].items()] == [
        ("question 1", "13", "right", 3),
        ("question 5", "'b'", "not yet", 1),
        ("question 6", "", "open", 0),
        ("label_counts", "5, 6", "not yet", 1),
        ("guess sentences", "['a', 'b']", "right", 1),
        ("guess head_only", "['b', 'a']", "surprise", 1),
    ]
    assert [*table.index] == [*content["answers"]]
    assert "Not yet." in table.to_html() and "Right." in table.to_html()


def test_what_an_object_says_of_itself_is_not_saved(tmp_path):
    checks.check_encoding(pd.DataFrame({"/home/ada": [1]}), ["a"], print, 1)
    checks.check_entities(lambda words, tags: "/home/ada")
    hand_in("Ada", tmp_path)
    text = saved(tmp_path)[0].read_text(encoding="utf-8")
    assert "/home" not in text and "0x" not in text
    assert '"DataFrame"' in text and '"function"' in text


@pytest.mark.parametrize("name", ["", "  ", "\n\x1b"])
def test_without_a_name_nothing_is_written(tmp_path, capsys, name):
    check_question(13, "1")
    assert len(hand_in(name, tmp_path)) == 1
    assert [*tmp_path.iterdir()] == []
    assert "type your name" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "file", "kept"),
    [
        ("김민수", "quiz_김민수.json", "김민수"),
        ("\u1100\u1175\u11b7", "quiz_김.json", "김"),  # as macOS may spell it
        ("../../x", "quiz_x.json", "../../x"),
        ("CON", "quiz_CON.json", "CON"),
        ("a\ud800b\nc", "quiz_abc.json", "abc"),
        ("é" * 300, f"quiz_{'é' * 60}.json", "é" * 300),
        ('a"b: <i>', "quiz_a_b_i_.json", 'a"b: <i>'),
        (7, "quiz_7.json", "7"),
    ],
)
def test_any_name_becomes_a_file_in_the_folder(tmp_path, name, file, kept):
    hand_in(name, tmp_path / "quiz")
    path, content = saved(tmp_path / "quiz")
    assert (path.name, content["name"]) == (file, kept)


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    hand_in("Ada", tmp_path)
    before = saved(tmp_path)
    check_question(13, "1")

    def no_room(*arguments, **settings):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("helpers.disk.files.os.replace", no_room)
        with pytest.raises(DiskFullError):
            hand_in("Ada", tmp_path)
    assert saved(tmp_path) == before
    hand_in("Ada", tmp_path)
    assert [*saved(tmp_path)[1]["answers"]] == ["question 1"]
