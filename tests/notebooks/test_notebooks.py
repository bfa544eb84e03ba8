"""The committed notebooks: built from their sources, within the budgets, with the calls that the field uses."""

import ast
import re
import shutil
import subprocess
import sys

import papermill
import pytest
from support.editions import ROOT, code_cells, lesson, python_of, read_notebook

import build
from gaps import make_gaps
from helpers.notebook.editions import EDITIONS
from helpers.notebook.parameters import RULES

PATTERNS = ("*.ipynb", "*/*.ipynb", "ko/*/*.ipynb")
ALL = sorted(path for pattern in PATTERNS for path in (ROOT / "notebooks").glob(pattern))
SHARED_CALLS = (
    *("datasets.load_dataset(", 'features["ner_tags"].feature.names', "AutoTokenizer.from_pretrained("),
    *("is_split_into_words=True", ".word_ids(", "def tokenize_and_align_labels(", "def compute_metrics("),
    *(".map(tokenize_and_align_labels, batched=True)", "DataCollatorForTokenClassification(", "id2label", "label2id"),
    *('evaluate.load("seqeval")', 'pipeline("ner"'),
)
CALLS = {
    "pytorch": (
        *("AutoModelForTokenClassification.from_pretrained(", "TrainingArguments(", "push_to_hub=push_to_hub"),
        *("Trainer(", "trainer.train()", "trainer.evaluate()", "trainer.push_to_hub()"),
    ),
    "keras": (".compile(", ".fit(", "callbacks=callbacks", "save_pretrained(", "upload_folder(", "ignore_class=-100"),
    "tensorflow": (
        *('return_tensors="tf"', "create_optimizer(", "TFAutoModelForTokenClassification.from_pretrained("),
        *("prepare_tf_dataset(", ".compile(", "KerasMetricCallback(", "PushToHubCallback(", ".fit("),
        *('framework="tf"', "tf.math.argmax("),
    ),
}


@pytest.fixture(params=EDITIONS)
def edition(request):
    return request.param


def code_of(edition):
    return [cell.source for cell in code_cells(read_notebook(lesson(edition)))]


def markdown(path):
    return "\n".join(cell.source for cell in read_notebook(path).cells if cell.cell_type == "markdown")


def headings(path):
    return re.findall(r"^#+ .*$", markdown(path), re.MULTILINE)


# Built


def run_build(folder, *arguments):
    command = [sys.executable, folder / "notebooks" / "source" / "build.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_everything_built_is_up_to_date():
    check = run_build(ROOT, "--check")
    assert check.returncode == 0, check.stderr
    assert {ROOT / target.path for target in build.targets()} == set(ALL)


@pytest.fixture
def copy(tmp_path):
    """A copy of what is built, and of what it is built from."""
    ignored = shutil.ignore_patterns("output", ".ipynb_checkpoints", "__pycache__")
    for folder in ("notebooks", "src/helpers", "website", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "README.ko.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_a_changed_source_is_noticed_and_changes_no_other_cell(copy):
    source = copy / "notebooks" / "source" / "lesson.md"
    heading = "## 4. Pad batches\n"
    text = source.read_text(encoding="utf-8").replace(heading, f"{heading}\nOne more sentence.\n")
    source.write_text(text, encoding="utf-8")
    check = run_build(copy, "--check")
    assert check.returncode == 1
    assert check.stderr.count("token_classification_") == 2 * len(EDITIONS)
    assert run_build(copy).returncode == 0
    for name in EDITIONS:
        books = (read_notebook(lesson(name)), read_notebook(copy / lesson(name).relative_to(ROOT)))
        before, after = ({cell.id: cell.source for cell in book.cells} for book in books)
        (removed,), (added,) = before.keys() - after.keys(), after.keys() - before.keys()
        assert "One more sentence." not in before[removed]
        assert "One more sentence." in after[added]


def test_nothing_is_written_where_something_cannot_be(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError):
        build.write_all({tmp_path / "a": "new", tmp_path / "file" / "b": "new"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "file"]
    assert (tmp_path / "a").read_text() == "old"


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_each_notebook_says_what_it_is_built_from_has_no_outputs_and_links_lead_somewhere(path):
    notebook = read_notebook(path)
    assert (ROOT / notebook.metadata["built_from"]).is_file()
    assert notebook.metadata["built_from"] in notebook.cells[-1].source
    assert [cell.id for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")] == []
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert "{{" not in "\n".join(cell.source for cell in notebook.cells)
    links = re.findall(r"\]\((?!https:)([^)#]+)", markdown(path))
    assert [link for link in links if not (path.parent / link).is_file()] == []


# The lesson


def test_editions_share_their_headings_and_parameters(edition):
    assert headings(lesson(edition)) == headings(lesson("pytorch"))
    assert len(headings(lesson(edition, "ko"))) == len(headings(lesson(edition)))
    parameters = papermill.inspect_notebook(lesson(edition))
    assert [*parameters] == [name for name in RULES if name != "speedups" or edition != "tensorflow"]
    assert all(parameter["help"] for parameter in parameters.values())
    assert len(parameters) <= 12


def test_the_lesson_keeps_its_budgets(edition):
    code = code_of(edition)
    lines = [[line for line in cell.splitlines() if line.strip()] for cell in code]
    assert len(read_notebook(lesson(edition)).cells) <= 80
    assert len(markdown(lesson(edition)).split()) <= 2000
    assert sum(not line.strip().startswith("#") for cell in lines for line in cell) <= 190
    assert max(map(len, lines)) <= 20
    assert next(number for number, cell in enumerate(code, 1) if re.search(r"\.train\(|\.fit\(", cell)) <= 25


LOADED = """
import sys
modules = [module for name, module in sys.modules.items() if name.startswith("helpers.")]
print(len([module for module in modules if not hasattr(module, "__path__")]))
"""


def test_the_lesson_names_and_loads_few_helpers(edition):
    trees = [ast.parse(cell) for cell in code_of(edition) if "%pip" not in cell]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    nodes = [node for node in nodes if node.module.split(".")[0] == "helpers"]
    named = {name.name if node.module == "helpers" else node.module for node in nodes for name in node.names}
    assert 5 < len(named) <= 9
    script = "\n".join(map(ast.unparse, nodes)) + LOADED
    done = subprocess.run([python_of(edition), "-c", script], capture_output=True, text=True, check=True)
    assert 5 < int(done.stdout) <= 24


def test_the_lesson_has_the_calls_of_the_field(edition):
    code = "\n".join(code_of(edition))
    assert [call for call in (*SHARED_CALLS, *CALLS[edition]) if call not in code] == []
    for line in code.splitlines():  # of the batch that is trained with, the size is what the parameter says
        assert not re.search(r"\* *batch_size", line) or re.search(r"eval|validation|test", line, re.IGNORECASE), line


# Exercises


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


def test_gaps_leave_the_rest_as_it_was_and_the_solution_is_what_was_taken_out():
    exercise, solution = make_gaps(SOLVED)
    assert exercise == WITH_GAPS
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
