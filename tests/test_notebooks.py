"""The committed notebooks: built from the source, parallel, clean."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest

from helpers.parameters import RULES

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
FRAMEWORKS = ("pytorch", "tensorflow")
STEPS = 12


@pytest.fixture(scope="module")
def editions():
    return {name: nbformat.read(NOTEBOOKS / f"token_classification_{name}.ipynb", as_version=4) for name in FRAMEWORKS}


def headings(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.findall(r"^#+ .*$", text, re.MULTILINE)


def test_source_and_notebooks_agree():
    check = subprocess.run(
        [sys.executable, NOTEBOOKS / "source" / "build.py", "--check"], capture_output=True, text=True
    )
    assert check.returncode == 0, check.stderr


def test_a_changed_source_is_noticed_and_changes_no_other_cell(tmp_path):
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks", ignore=shutil.ignore_patterns("output", ".ipynb_checkpoints"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    source = tmp_path / "notebooks" / "source" / "token_classification.md"
    text = source.read_text(encoding="utf-8")
    source.write_text(
        text.replace("## 6. Pad batches\n", "## 6. Pad batches\n\nOne more sentence.\n"), encoding="utf-8"
    )
    build = [sys.executable, tmp_path / "notebooks" / "source" / "build.py"]
    check = subprocess.run([*build, "--check"], capture_output=True, text=True)
    assert check.returncode == 1
    assert "token_classification_pytorch.ipynb, token_classification_tensorflow.ipynb" in check.stderr
    subprocess.run(build, check=True)
    for name in FRAMEWORKS:
        before, after = (
            {cell.id: cell.source for cell in nbformat.read(folder / f"token_classification_{name}.ipynb", 4).cells}
            for folder in (NOTEBOOKS, tmp_path / "notebooks")
        )
        (removed,), (added,) = before.keys() - after.keys(), after.keys() - before.keys()
        assert "One more sentence." not in before[removed]
        assert "One more sentence." in after[added]


def test_both_editions_have_the_same_headings(editions):
    assert headings(editions["pytorch"]) == headings(editions["tensorflow"])
    numbered = re.findall(r"^## (\d+)\. ", "\n".join(headings(editions["pytorch"])), re.MULTILINE)
    assert numbered == [str(step) for step in range(1, STEPS + 1)]


def test_both_editions_have_the_same_parameters():
    parameters = {
        name: papermill.inspect_notebook(NOTEBOOKS / f"token_classification_{name}.ipynb") for name in FRAMEWORKS
    }
    assert parameters["pytorch"] == parameters["tensorflow"]
    assert list(parameters["pytorch"]) == list(RULES)
    assert all(parameter["help"] for parameter in parameters["pytorch"].values())


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_no_cell_of_the_other_framework(editions, framework):
    other = {
        "pytorch": r"\btensorflow as tf\b|\btf\.|TFAuto|keras",
        "tensorflow": r"\btorch\.|import torch|\bTrainer\(",
    }
    code = "\n".join(cell.source for cell in editions[framework].cells if cell.cell_type == "code")
    assert not re.search(other[framework], code)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_committed_notebooks_hold_no_outputs(editions, framework):
    for cell in editions[framework].cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_cell_ids_are_unique(editions):
    for notebook in editions.values():
        ids = [cell.id for cell in notebook.cells]
        assert len(ids) == len(set(ids))


def test_the_repositorys_address_comes_from_pyproject(editions):
    specification = importlib.util.spec_from_file_location("build", NOTEBOOKS / "source" / "build.py")
    build = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(build)
    source = build.SOURCE.read_text(encoding="utf-8")
    assert "github.com" not in source
    for name, notebook in editions.items():
        text = "\n".join(cell.source for cell in notebook.cells)
        assert "{{" not in text
        assert f"/blob/main/notebooks/token_classification_{name}.ipynb)" in text
