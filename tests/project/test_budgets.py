"""How much there is of everything, so that growth is a decision: whoever raises a budget says why in the decisions."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = {
    "src/helpers/*.py": 1_000,
    "src/helpers/**/*.py": 8_350,
    "src/regression/**/*.py": 1_700,
    "proofs/**/*.py": 400,
    "tests/**/*.py": 16_150,
}


def count(path, unit):
    text = path.read_text(encoding="utf-8")
    return len(text.splitlines() if unit == "lines" else text.split())


@pytest.mark.parametrize("pattern", LINES)
def test_lines_of_code(pattern):
    total = sum(count(path, "lines") for path in ROOT.glob(pattern))
    assert 0 < total <= LINES[pattern]


@pytest.mark.parametrize(("name", "most"), [("README.md", 900), ("CONTRIBUTING.md", 900)])
def test_words_of_documents(name, most):
    assert 0 < count(ROOT / name, "words") <= most
