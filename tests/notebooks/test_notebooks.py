"""The committed notebooks: built from the source, parallel, clean, with gaps for learners."""

import ast
import re
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import nbformat
import papermill
import polib
import pytest

import build
from gaps import make_gaps
from helpers.notebook.parameters import RULES

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORKS = ("pytorch", "tensorflow")
FOLDERS = {"en": Path("notebooks"), "ko": Path("notebooks", "ko")}
STEPS = 12
EDITIONS = list(product(FRAMEWORKS, FOLDERS, ("", "_solved")))


def path_of(framework, language, solved):
    return FOLDERS[language] / f"token_classification_{framework}{solved}.ipynb"


@pytest.fixture(scope="module")
def notebooks():
    return {edition: nbformat.read(ROOT / path_of(*edition), as_version=4) for edition in EDITIONS}


@pytest.fixture(params=EDITIONS, ids="-".join)
def edition(request):
    return request.param


def markdown(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def headings(notebook):
    return re.findall(r"^#+ .*$", markdown(notebook), re.MULTILINE)


def exercises(notebook):
    """Pair each exercise's cell with the one after it."""
    pairs = zip(notebook.cells, notebook.cells[1:], strict=False)
    return [pair for pair in pairs if "exercise" in pair[0].metadata.get("tags", [])]


def run_build(folder, *arguments):
    command = [sys.executable, folder / "notebooks" / "source" / "build.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_everything_built_is_up_to_date():
    check = run_build(ROOT, "--check")
    assert check.returncode == 0, check.stderr


@pytest.fixture
def copy(tmp_path):
    """A copy of what is built, and of what it is built from."""
    ignored = shutil.ignore_patterns("output", ".ipynb_checkpoints", "__pycache__")
    for folder in ("notebooks", "src/helpers", "website"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "README.ko.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_changed_source_is_noticed_and_changes_no_other_cell(copy, notebooks):
    source = copy / "notebooks" / "source" / "token_classification.md"
    change(source, "## 6. Pad batches\n", "## 6. Pad batches\n\nOne more sentence.\n")
    check = run_build(copy, "--check")
    assert check.returncode == 1
    stale = check.stderr.split(": ")[1].split(";")[0].split(", ")
    assert sorted(stale) == sorted([*(str(path_of(*edition)) for edition in EDITIONS), "notebooks/source/ko.po"])
    assert run_build(copy).returncode == 0
    for edition, notebook in notebooks.items():
        changed = nbformat.read(copy / path_of(*edition), as_version=4)
        before, after = ({cell.id: cell.source for cell in book.cells} for book in (notebook, changed))
        (removed,), (added,) = before.keys() - after.keys(), after.keys() - before.keys()
        assert "One more sentence." not in before[removed]
        assert "One more sentence." in after[added]


def test_changes_of_helpers_and_readme_are_noticed_and_checking_writes_nothing(copy):
    change(copy / "README.md", "## Two commands", "## Two orders")
    change(copy / "src" / "helpers" / "plots.py", "How long sentences are", "How long they are")
    change(copy / "src" / "helpers" / "templates" / "report.html", "Versions", "Releases")
    files = [path for path in copy.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    before = {path: path.read_bytes() for path in files}
    stale = "README.ko.md, notebooks/source/ko.po, src/helpers/ko.po"
    assert run_build(copy, "--check").stderr == f"out of date: {stale}; run `make notebooks`\n"
    assert {path: path.read_bytes() for path in files} == before
    assert run_build(copy).returncode == 0
    assert run_build(copy, "--check").returncode == 0
    helpers = polib.pofile(str(copy / "src" / "helpers" / "ko.po"))
    assert {entry.msgid for entry in helpers.untranslated_entries() + helpers.fuzzy_entries()} == {
        "How long they are",
        "Releases",
    }


def test_nothing_is_written_where_something_cannot_be(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError):
        build.write_all({tmp_path / "a": "new", tmp_path / "file" / "b": "new"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "file"]
    assert (tmp_path / "a").read_text() == "old"


@pytest.mark.parametrize("language", FOLDERS)
def test_all_editions_of_a_language_have_the_same_headings(notebooks, language):
    first, *others = [headings(notebook) for edition, notebook in notebooks.items() if edition[1] == language]
    assert all(other == first for other in others)
    numbered = re.findall(r"^## (\d+)\. ", "\n".join(first), re.MULTILINE)
    assert numbered == [str(step) for step in range(1, STEPS + 1)]


def test_each_section_begins_a_cell(edition, notebooks):
    assert [cell.source for cell in notebooks[edition].cells if "\n## " in cell.source] == []


def test_all_editions_have_the_same_parameters():
    first, *others = [papermill.inspect_notebook(ROOT / path_of(*edition)) for edition in EDITIONS]
    assert list(first) == list(RULES)
    for other in (first, *others):
        assert all(parameter["help"] for parameter in other.values())
        defaults = {name: parameter["default"] for name, parameter in other.items()}
        assert defaults == {name: parameter["default"] for name, parameter in first.items()}


def test_no_cell_of_the_other_framework(edition, notebooks):
    other = {
        "pytorch": r"\btensorflow as tf\b|\btf\.|TFAuto|keras",
        "tensorflow": r"\btorch\.|import torch|\bTrainer\(",
    }
    code = "\n".join(cell.source for cell in notebooks[edition].cells if cell.cell_type == "code")
    assert not re.search(other[edition[0]], code)


def test_committed_notebooks_hold_no_outputs(edition, notebooks):
    for cell in notebooks[edition].cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_cell_ids_are_unique(edition, notebooks):
    ids = [cell.id for cell in notebooks[edition].cells]
    assert len(ids) == len(set(ids))


def test_addresses_are_filled_in(edition, notebooks):
    assert "github.com" not in build.SOURCE.read_text(encoding="utf-8")
    text = "\n".join(cell.source for cell in notebooks[edition].cells)
    assert "{{" not in text
    assert f"/blob/main/{path_of(*edition)})" in text
    assert f'use_language("{edition[1]}")' in text


def test_the_address_of_the_repository_stands_in_one_place(copy):
    name = "token-classification-tutorial"
    change(copy / "pyproject.toml", f"https://github.com/{name}/{name}", "https://github.com/somebody/a-fork")
    assert run_build(copy).returncode == 0
    texts = {path: path.read_text("utf-8") for path in copy.rglob("*") if path.suffix in (".ipynb", ".md", ".po")}
    assert [path for path, text in texts.items() if f"{name}/{name}" in text] == []
    for edition in EDITIONS:
        notebook = texts[copy / path_of(*edition)]
        assert f"[{edition[0]}] @ git+https://github.com/somebody/a-fork" in notebook
        colab = f"https://colab.research.google.com/github/somebody/a-fork/blob/main/{path_of(*edition).as_posix()}"
        assert colab in notebook
        readme = texts[copy / ("README.md" if edition[1] == "en" else "README.ko.md")]
        assert edition[2] or colab in readme
        assert "https://somebody.github.io/a-fork/" in readme


def test_relative_links_lead_somewhere(edition, notebooks):
    links = re.findall(r"\]\((?!https:)([^)]+)\)", markdown(notebooks[edition]))
    folder = (ROOT / path_of(*edition)).parent
    assert [link for link in links if not (folder / link).is_file()] == []
    framework, language, _ = edition
    other = path_of(framework, "en" if language == "ko" else "ko", "")
    assert (ROOT / other).resolve() in [(folder / link).resolve() for link in links]


# Exercises


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("language", FOLDERS)
def test_learners_have_gaps_and_the_solution_folded_below(notebooks, framework, language):
    learners, solved = (exercises(notebooks[framework, language, suffix]) for suffix in ("", "_solved"))
    assert len(learners) == len(solved) > 0
    for (cell, below), (solution, _) in zip(learners, solved, strict=True):
        gaps = [
            node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Constant) and node.value is ...
        ]
        filled = [node for node in ast.parse(solution.source).body if not isinstance(node, ast.Expr)]
        assert "..." not in solution.source
        assert len(gaps) == len(filled) > 0
        (folded,) = re.findall(
            r"<details>\n<summary>.+</summary>\n\n```python\n(.*)\n```\n\n</details>", below.source, re.S
        )
        assert [ast.dump(node) for node in ast.parse(folded).body] == [ast.dump(node) for node in filled]


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("language", FOLDERS)
def test_solved_notebooks_differ_in_the_exercises_alone(notebooks, framework, language):
    learners, solved = (notebooks[framework, language, suffix] for suffix in ("", "_solved"))
    below = [id(folded) for _, folded in exercises(learners)]
    cells = [cell for cell in learners.cells if id(cell) not in below]
    for one, other in zip(cells, solved.cells, strict=True):
        assert one.metadata == other.metadata
        assert one.source == other.source.replace("_solved.ipynb", ".ipynb") or "exercise" in one.metadata["tags"]


SOLVED = '''# Fill in what is missing.  é
def first(a: dict[str, int] = {"a": 1},  # one: two
          b=3) -> int:  # three
    """Say "it"."""
    # four
    if a:

        return b  # five
    # six

# seven
é = b = (  # eight = 8
    1 +  # nine
    2
)  # ten
d = lambda x=1: x


def second(x):
    """Say "it"."""
    return [x]


check(first, é)'''
WITH_GAPS = '''# Fill in what is missing.  é
def first(a: dict[str, int] = {"a": 1},  # one: two
          b=3) -> int:  # three
    """Say "it"."""
    ...

# seven
é = b = ...  # ten
d = ...


def second(x):
    """Say "it"."""
    ...


check(first, é)'''


def test_gaps_leave_the_rest_as_it_was():
    assert make_gaps(SOLVED)[0] == WITH_GAPS


def test_the_solution_is_what_was_taken_out():
    _, solution = make_gaps(SOLVED)
    statements = [node for node in ast.parse(SOLVED).body if not isinstance(node, ast.Expr)]
    assert [ast.dump(node) for node in ast.parse(solution).body] == [ast.dump(node) for node in statements]
    assert "# five" in solution
    assert make_gaps("a = 1  # one\nb = 2\ncheck(a)")[1] == "a = 1\nb = 2"


@pytest.mark.parametrize(
    "source",
    ["check(1)", "import os", "a = 1\nfor b in a: pass", "class A: b = 1", "a = 1\na += 1", "def f(): 1"],
)
def test_an_exercise_that_could_not_be_one_is_refused(source):
    with pytest.raises(ValueError, match=r"an exercise (cannot hold this statement|needs an assignment)"):
        make_gaps(source)
