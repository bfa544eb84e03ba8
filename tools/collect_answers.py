"""Lay the answers that learners have handed in side by side: `python tools/collect_answers.py FOLDER`.

Each file is what the last cell of the quiz or of the exercises has saved. The table, FOLDER/answers.csv, has a row for
each file and a column for each question, with "right", or the answer where it isn't, and how many had each right.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.disk.files import atomic_write
from helpers.exercises.feedback import COLOURS, RIGHT
from helpers.exercises.hand_in import CONTENT

LARGEST = 2**20  # bytes; a file of all exercises has a hundredth of that
FORMULA = ("=", "+", "-", "@")  # what makes a spreadsheet compute a cell
OURS = ["name", "right"]  # columns


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 1 if there is nothing to collect."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with the files; folders in it are searched too")
    folder = parser.parse_args(arguments).folder
    handed_in, refused = read_folder(folder)
    for path, reason in refused.items():
        print(f"left out: {path}: {reason}", file=sys.stderr)
    if not handed_in:
        print(f"{folder} contains no answers", file=sys.stderr)
        return 1
    table = side_by_side(handed_in)
    with atomic_write(folder / "answers.csv") as unfinished:
        table.to_csv(unfinished, encoding="utf-8-sig")  # without the mark, Excel doesn't show Korean
    print(table.to_string())
    print(f"\n{len(handed_in)} files; the table is in {folder / 'answers.csv'}")
    return 0


def read_folder(folder: Path) -> tuple[dict[str, dict], dict[str, str]]:
    """Read a folder's JSON files: what was handed in, and why the others are left out, by their paths in the folder."""
    handed_in, refused = {}, {}
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).as_posix()
        try:
            handed_in[name] = read(path)
        except (OSError, ValueError, RecursionError) as error:
            refused[name] = str(error)
    return handed_in, refused


def read(path: Path) -> dict[str, Any]:
    """Read one file; raises `ValueError` or `OSError` unless it is what `hand_in` writes."""
    if not path.is_file() or path.stat().st_size > LARGEST:
        raise ValueError("it is no file, or too large for answers")
    found = json.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a mark before the text
    if not isinstance(found, dict) or found.get("content") != CONTENT:
        raise ValueError("it contains something else than answers")
    name, answers = found.get("name"), found.get("answers")
    if not isinstance(name, str) or not isinstance(answers, dict) or not all(map(is_answer, answers.items())):
        raise ValueError("it was changed, or is damaged")
    return found


def is_answer(item: tuple[str, Any]) -> bool:
    """Return whether a question and its row are what `hand_in` writes."""
    question, row = item
    is_row = isinstance(row, dict) and isinstance(row.get("answer"), str) and row.get("status") in [*COLOURS]
    return is_row and question not in OURS


def side_by_side(handed_in: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Make a table of files (rows) and questions (columns), with how many are right in each row and column."""
    questions = list(dict.fromkeys(question for found in handed_in.values() for question in found["answers"]))
    rows = {}
    for file, found in handed_in.items():
        right = [question for question in questions if found["answers"].get(question, {}).get("status") == RIGHT]
        cells = {question: row["answer"] for question, row in found["answers"].items()} | dict.fromkeys(right, RIGHT)
        rows[file] = {"name": found["name"], "right": len(right), **cells}
    rows["right"] = {"right": sum(row["right"] for row in rows.values())} | {
        question: sum(row.get(question) == RIGHT for row in rows.values()) for question in questions
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[*OURS, *questions]).astype(object).fillna("")
    return table.map(as_text).rename(index=as_text, columns=as_text).rename_axis("file")


def as_text(value: Any) -> Any:
    """Keep a spreadsheet from taking a learner's text for a formula, and a terminal from obeying it."""
    if not isinstance(value, str):
        return value
    text = "".join(filter(str.isprintable, value))
    return f"'{text}" if text.startswith(FORMULA) else text


if __name__ == "__main__":
    sys.exit(main())
