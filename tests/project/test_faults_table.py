"""docs/faults.md against the tests that it names."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
FAULTS = (TESTS.parent / "docs" / "faults.md").read_text(encoding="utf-8")
CELLS = [line.strip("| ").rpartition(" | ")[2] for line in FAULTS.splitlines() if line.startswith("| ")]


def test_the_tests_are_there_and_those_that_take_long_are_marked_so():
    takes_long = {}
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                takes_long[node.name] = "pytest.mark.faults" in map(ast.unparse, node.decorator_list)
    named = 0
    for part in (part for cell in CELLS for part in cell.split(";")):  # *long* holds up to a semicolon
        for name in re.findall(r"`(test_\w+)…?`", part):
            found = [long for test, long in takes_long.items() if test.startswith(name)]
            assert found, name
            is_marked = "*long*" in part[: part.index(f"`{name}")]
            assert found == [is_marked] * len(found), name
            named += 1
    assert named > 60


def test_the_files_are_there():
    files = {path.relative_to(TESTS.parent) for path in TESTS.rglob("test_*.py")}
    for name in re.findall(r"`(\S*test_\w+\.py)`", FAULTS):
        assert any(path.match(name) for path in files), name
