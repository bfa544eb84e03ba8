"""The committed notebooks: built from their sources, within the budgets, with the calls that the field uses."""

import ast
import re
import shutil
import subprocess
import sys

import nbformat
import papermill
import pytest
from support.editions import ROOT, lesson, python_of

import build
from gaps import make_gaps
from helpers.notebook.editions import EDITIONS
from helpers.notebook.parameters import RULES

ALL = sorted(
    path
    for folder in ("notebooks/*.ipynb", "notebooks/*/*.ipynb", "notebooks/ko/*/*.ipynb")
    for path in ROOT.glob(folder)
)
SHARED_CALLS = (
    "load_dataset(",
    'features["ner_tags"].feature.names',
    "AutoTokenizer.from_pretrained(",
    "is_split_into_words=True",
    ".word_ids(",
    "def tokenize_and_align_labels(",
    ".map(tokenize_and_align_labels, batched=True)",
    "DataCollatorForTokenClassification(",
    'evaluate.load("seqeval")',
    "def compute_metrics(",
    "id2label",
    "label2id",
    'pipeline("ner"',
)
CALLS = {
    "pytorch": (
        "AutoModelForTokenClassification.from_pretrained(",
        "TrainingArguments(",
        "push_to_hub=push_to_hub",
        "Trainer(",
        "trainer.train()",
        "trainer.evaluate()",
        "trainer.push_to_hub()",
    ),
    "keras": (".compile(", ".fit(", "callbacks=callbacks", "save_pretrained(", "upload_folder(", "ignore_class=-100"),
    "tensorflow": (
        'return_tensors="tf"',
        "create_optimizer(",
        "TFAutoModelForTokenClassification.from_pretrained(",
        "prepare_tf_dataset(",
        ".compile(",
        "KerasMetricCallback(",
        "PushToHubCallback(",
        ".fit(",
        'framework="tf"',
        "tf.math.argmax(",
    ),
}


@pytest.fixture(params=EDITIONS)
def edition(request):
    return request.param


def code_cells(edition):
    cells = nbformat.read(lesson(edition), as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def markdown(path):
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def headings(path):
    return re.findall(r"^#+ .*$", markdown(path), re.MULTILINE)


def run_build(folder, *arguments):
    command = [sys.executable, folder / "notebooks" / "source" / "build.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


# Built


def test_everything_built_is_up_to_date():
    check = run_build(ROOT, "--check")
    assert check.returncode == 0, check.stderr
    assert {ROOT / target.path for target in build.targets()} == set(ALL)


@pytest.fixture
def copy(tmp_path):
    """A copy of what is built, and of what it is built from."""
    ignored = shutil.ignore_patterns("output", ".ipynb_checkpoints", "__pycache__")
    for folder in ("notebooks", "src/helpers", "website"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "README.ko.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_a_changed_source_is_noticed_and_changes_no_other_cell(copy):
    source = copy / "notebooks" / "source" / "lesson.md"
    text = source.read_text(encoding="utf-8")
    source.write_text(
        text.replace("## 4. Pad batches\n", "## 4. Pad batches\n\nOne more sentence.\n"), encoding="utf-8"
    )
    check = run_build(copy, "--check")
    assert check.returncode == 1
    assert check.stderr.count("token_classification_") == 2 * len(EDITIONS)
    assert run_build(copy).returncode == 0
    for name in EDITIONS:
        changed = nbformat.read(copy / lesson(name).relative_to(ROOT), as_version=4)
        committed = nbformat.read(lesson(name), as_version=4)
        before, after = ({cell.id: cell.source for cell in book.cells} for book in (committed, changed))
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
def test_each_notebook_says_what_it_is_built_from_and_has_no_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    assert (ROOT / notebook.metadata["built_from"]).is_file()
    assert notebook.metadata["built_from"] in notebook.cells[-1].source
    assert [cell.id for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")] == []
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert "{{" not in "\n".join(cell.source for cell in notebook.cells)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_relative_links_lead_somewhere(path):
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
    cells, code = nbformat.read(lesson(edition), as_version=4).cells, code_cells(edition)
    lines = [[line for line in cell.splitlines() if line.strip()] for cell in code]
    assert len(cells) <= 80
    assert len(markdown(lesson(edition)).split()) <= 2000
    assert sum(not line.strip().startswith("#") for cell in lines for line in cell) <= 190
    assert max(map(len, lines)) <= 20
    assert next(number for number, cell in enumerate(code, 1) if re.search(r"\.train\(|\.fit\(", cell)) <= 25
    trees = [ast.parse(cell) for cell in code if "%pip" not in cell]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules = set()
    for node in imports:
        if node.module == "helpers":
            modules |= {alias.name for alias in node.names}
        elif node.module.startswith("helpers."):
            modules.add(node.module)
    assert 5 < len(modules) <= 9


LOADED = """\
import sys
{imports}
modules = [module for name, module in sys.modules.items() if name.startswith("helpers.")]
print(len([module for module in modules if not hasattr(module, "__path__")]))
"""


def test_the_lesson_loads_few_helpers(edition):
    trees = [ast.parse(cell) for cell in code_cells(edition) if "%pip" not in cell]
    nodes = [node for tree in trees for node in tree.body if isinstance(node, ast.ImportFrom)]
    imports = [ast.unparse(node) for node in nodes if node.module.split(".")[0] == "helpers"]
    script = LOADED.format(imports="\n".join(imports))
    done = subprocess.run([python_of(edition), "-c", script], capture_output=True, text=True, check=True)
    assert 5 < int(done.stdout) <= 24


def test_the_lesson_has_the_calls_of_the_field(edition):
    code = "\n".join(code_cells(edition))
    needed = [call for call in SHARED_CALLS if call != "load_dataset("] + ["datasets.load_dataset(", *CALLS[edition]]
    assert [call for call in needed if call not in code] == []


def test_no_line_multiplies_the_batch_that_is_trained_with(edition):
    for line in "\n".join(code_cells(edition)).splitlines():
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
