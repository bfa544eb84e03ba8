"""The display of running cases."""

import io

from rich.console import Console

from regression.board import Board


def text(board):
    console = Console(width=100, file=io.StringIO())
    console.print(board.render())
    return console.file.getvalue()


def test_what_runs_what_is_done_and_what_failed(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("regression.board.time.monotonic", lambda: clock[0])
    board = Board(4, Console(file=io.StringIO()))
    assert "0 running, 0 done, 0 failed, 4 in all" in text(board)
    board.tell("one", "")
    board.tell("two", "cell 3")
    clock[0] = 160.0
    assert "two  60 s  cell 3" in " ".join(text(board).split("\n")).replace("   ", "  ")
    board.end("one", "passed", 60.0)
    board.end("two", "raised", 60.0)
    # Two cases took a minute side by side, so the other two will.
    assert "0 running, 2 done, 1 failed, 4 in all; about 1 min left" in text(board)


def test_without_a_terminal_each_case_gets_a_line_when_it_ends():
    console = Console(file=io.StringIO(), width=300)
    with Board(12, console) as board:
        board.tell("one", "cell 1")
        board.end("one", "timed out", 61.2)
    assert console.file.getvalue() == " 1/12 timed out        61 s  one\n"
