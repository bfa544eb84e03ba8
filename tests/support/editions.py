"""The notebooks, and runs of them as readers start them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parents[2]
# Editions for tests that show the same of each: one every day, and all of them in the week.
ONE_A_DAY = ["pytorch", *(pytest.param(name, marks=pytest.mark.weekly) for name in ("keras", "tensorflow"))]
NOTEBOOKS = {"en": ROOT / "notebooks", "ko": ROOT / "notebooks" / "ko"}


def python_of(edition: str) -> str:
    """Find the Python whose environment an edition needs; skip the test where it is not set up."""
    if edition != "tensorflow":
        return sys.executable
    python = Path(os.environ.get("TRANSFORMERS4_PYTHON", ROOT / ".venv-transformers4" / "bin" / "python"))
    if not python.exists():
        pytest.skip(f"the environment with transformers 4 is not here: no {python}")
    return str(python)


def lesson(edition: str, language: str = "en") -> Path:
    return NOTEBOOKS[language] / f"token_classification_{edition}.ipynb"


def read_notebook(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs_of(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def errors_of(notebook: nbformat.NotebookNode) -> list[str]:
    """List what a notebook has written to stderr, such as warnings."""
    return [output.text for output in outputs_of(notebook) if output.get("name") == "stderr"]


def link_project(folder: Path) -> Path:
    """Let the project's notebooks be run from a folder, so that nothing lands in the project's own."""
    folder.mkdir(exist_ok=True)
    for name in ("notebooks", "tests"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def write_project(folder: Path, *sources: str, language: str = "en") -> Path:
    """Write a project whose PyTorch notebook has a cell of parameters and then these."""
    cells = [new_code_cell("output_dir = ''", metadata={"tags": ["parameters"]}), *map(new_code_cell, sources)]
    notebook = new_notebook(cells=cells, metadata=read_notebook(lesson("pytorch")).metadata)
    (folder / "notebooks" / "profiles").mkdir(parents=True)
    (folder / "notebooks" / "profiles" / "sample.yaml").write_text("{}")
    path = folder / lesson("pytorch", language).relative_to(ROOT)
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    return folder


def run_command(edition: str = "", profile: str = "smoke", **parameters: object) -> list[str]:
    """Write the command that runs an edition, or both main ones."""
    of_edition = ["--edition", edition] if edition else []
    flags = [part for name, value in parameters.items() for part in ("-p", name, str(value))]
    return [python_of(edition), "-m", "helpers.run", "--profile", profile, *of_edition, *flags]


def run(
    folder: Path, edition: str = "", profile: str = "smoke", environment: dict | None = None, **parameters: object
) -> subprocess.CompletedProcess:
    """Run an edition, or both main ones, from a folder."""
    command = run_command(edition, profile, **parameters)
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def run_whole(folder: Path, edition: str = "", profile: str = "smoke", **settings: object) -> Path:
    """Do the same and see that nothing fails; give the folder of the results."""
    done = run(folder, edition, profile, **settings)
    assert done.returncode == 0, done.stderr
    return folder / "runs" / profile


def environment_without_caches(**variables: str) -> dict[str, str]:
    """Give the environment without what names folders for caches, and with other variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "XDG_", "MPL"))}
    return kept | variables


def wait_until(condition: Callable[[], bool], process: subprocess.Popen) -> None:
    """Wait for something that a process does; fail if it ends before."""
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
