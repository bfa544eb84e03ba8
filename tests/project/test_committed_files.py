"""What is in the repository: notebooks without outputs, and no secrets."""

import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {
    "Hugging Face token": r"\b(hf_(oauth_|jwt_)?|api_(org_)?)[A-Za-z0-9]{20,}",
    "GitHub token": r"\b(gh[opsur]_[A-Za-z0-9]{36}|github_pat_\w{40,})",
    "GitLab token": r"\bglpat-[\w-]{20}",
    "AWS key": r"\b(AKIA|ASIA)[A-Z0-9]{16}\b",
    "Google key": r"\bAIza[\w-]{35}",
    "PyPI token": r"\bpypi-AgEIcHlwaS5vcmc[\w-]{20,}",
    "Slack token": r"\bxox[abprs]-[\w-]{10,}",
    "OpenAI key": r"\bsk-[\w-]{32,}",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "password in an address": r"\w+://[^\s/:@\"'<>{}]+:[^\s/:@\"'<>{}]+@",
}


def tracked_files():
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("this is no git repository, so nothing tells what is committed")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in (ROOT / name for name in listed.split("\0") if name) if path.is_file()]


def secrets_in(path):
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return []  # pictures and weights
    return [f"{path.name}: {kind}" for kind, pattern in SECRETS.items() if re.search(pattern, text)]


def traces_of_a_run(path):
    notebook = nbformat.read(path, as_version=4)
    traces = [key for key in ("widgets", "papermill") if key in notebook.metadata]
    for cell in notebook.cells:
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
            traces.append(f"cell {cell.id}")
    return [f"{path.name}: {trace}" for trace in traces]


def test_no_secrets_are_committed():
    files = tracked_files()
    assert len(files) > 100
    assert [secret for path in files for secret in secrets_in(path)] == []


def test_no_notebook_is_committed_that_was_run():
    notebooks = [path for path in tracked_files() if path.suffix == ".ipynb"]
    assert len(notebooks) >= 8
    assert [trace for path in notebooks for trace in traces_of_a_run(path)] == []


# Put together here, so that this file does not hold what it looks for.
@pytest.mark.parametrize(
    "secret",
    [
        "hf_" + 34 * "a",
        "hf_oauth_" + 34 * "a",
        "ghp_" + 36 * "A",
        "github_pat_" + 82 * "a",
        "glpat-" + 20 * "a",
        "AKIA" + 16 * "A",
        "AIza" + 35 * "a",
        "pypi-" + "AgEIcHlwaS5vcmc" + 60 * "a",
        "xoxb-" + 12 * "1",
        "sk-" + "proj-" + 40 * "a",
        "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
        "https://ada:" + "lovelace@example.org",
    ],
)
def test_a_secret_in_a_notebook_is_found(tmp_path, secret):
    nbformat.write(new_notebook(cells=[new_code_cell(f'login(token="{secret}")')]), tmp_path / "a.ipynb")
    assert len(secrets_in(tmp_path / "a.ipynb")) == 1


@pytest.mark.parametrize(
    ("cell", "metadata"),
    [
        (new_code_cell("1", outputs=[new_output("stream", text="1")]), {}),
        (new_code_cell("1", execution_count=1), {}),
        (new_code_cell("1"), {"widgets": {"application/vnd.jupyter.widget-state+json": {}}}),
        (new_code_cell("1"), {"papermill": {"parameters": {}}}),
    ],
)
def test_a_notebook_that_was_run_is_found(tmp_path, cell, metadata):
    nbformat.write(new_notebook(cells=[cell], metadata=metadata), tmp_path / "a.ipynb")
    assert len(traces_of_a_run(tmp_path / "a.ipynb")) == 1


def test_a_notebook_as_it_is_committed_passes(tmp_path):
    nbformat.write(new_notebook(cells=[new_code_cell("login()")]), tmp_path / "a.ipynb")
    assert traces_of_a_run(tmp_path / "a.ipynb") == secrets_in(tmp_path / "a.ipynb") == []
