"""tools/collect_answers.py, on what learners may hand in."""

import json
import subprocess
import sys

import pandas as pd
import pytest
from support.editions import ROOT

from helpers.exercises.hand_in import CONTENT


def write(path, name, answers, content=CONTENT):
    rows = {q: {"answer": a, "status": s, "tries": 1} for q, (a, s) in answers.items()}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"content": content, "name": name, "answers": rows}), encoding="utf-8")


def collect(folder):
    command = [sys.executable, "-W", "error", ROOT / "tools" / "collect_answers.py", folder]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


def test_answers_of_a_class_side_by_side(tmp_path):
    write(tmp_path / "quiz_1.json", "김민수", {"question 1": ("13", "right"), "question 2": ("'b'", "not yet")})
    write(tmp_path / "sub" / "quiz_1.json", "김민수", {"question 1": ("", "open"), "labels": ("[0]", "surprise")})
    done = collect(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "answers.csv").read_bytes().startswith(b"\xef\xbb\xbf")  # for Excel
    table = pd.read_csv(tmp_path / "answers.csv", keep_default_na=False, dtype=str, encoding="utf-8-sig")
    assert table.to_dict("split")["data"] == [
        ["quiz_1.json", "김민수", "1", "right", "'b'", ""],
        ["sub/quiz_1.json", "김민수", "0", "", "", "[0]"],
        ["right", "", "1", "1", "0", "0"],
    ]
    assert [*table.columns] == ["file", "name", "right", "question 1", "question 2", "labels"]
    assert collect(tmp_path).returncode == 0  # what it has written itself is none of them


BAD = {
    "foreign": '{"a": 1}',
    "list": "[1]",
    "other": json.dumps({"content": "something", "name": "", "answers": {}}),
    "cut": json.dumps({"content": CONTENT, "name": "Ada"})[:-5],
    "nameless": json.dumps({"content": CONTENT, "answers": {}}),
    "rows": json.dumps({"content": CONTENT, "name": "Ada", "answers": {"question 1": "right"}}),
    "status": json.dumps({"content": CONTENT, "name": "Ada", "answers": {"a": {"answer": "1", "status": "perfect"}}}),
    "column": json.dumps({"content": CONTENT, "name": "Ada", "answers": {"right": {"answer": "1", "status": "open"}}}),
    "deep": "[" * 100_000,
    "large": " " * 2**20 + "{}",
    "bytes": b"\xff\xfe",
}


def test_what_is_no_answer_is_named_and_not_fatal(tmp_path):
    for name, content in BAD.items():
        (tmp_path / f"{name}.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "folder.json").mkdir()
    assert collect(tmp_path).returncode == 1  # nothing else is there
    assert not (tmp_path / "answers.csv").exists()
    write(tmp_path / "good.json", "Ada", {"question 1": ("13", "right")})
    done = collect(tmp_path)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    left_out = {line.split(": ")[1] for line in done.stderr.splitlines()}
    assert left_out == {f"{name}.json" for name in [*BAD, "folder"]}
    assert len(pd.read_csv(tmp_path / "answers.csv")) == 2


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+1", "-1+1"])
def test_a_spreadsheet_computes_nothing_and_a_terminal_obeys_nothing(tmp_path, text):
    write(tmp_path / "a.json", f"\x1b[2J{text}", {text: (text, "not yet")})
    write(tmp_path / "b.json", text, {text: (text, "not yet")})
    printed = collect(tmp_path).stdout
    assert "\x1b" not in printed
    cells = pd.read_csv(tmp_path / "answers.csv", dtype=str, keep_default_na=False, header=None).to_numpy().ravel()
    assert sum(text in cell for cell in cells) == 5
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+", "-"))]
