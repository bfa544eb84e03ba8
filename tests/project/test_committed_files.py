"""What is in the repository: notebooks without outputs, and no secrets."""

import re
import shutil
import subprocess

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from support.editions import ROOT, code_cells, read_notebook

# Patterns, and one of each kind; put together here, so that this file does not hold what it looks for.
SECRETS = {
    r"\b(hf_(oauth_|jwt_)?|api_(org_)?)[A-Za-z0-9]{20,}": ("hf_" + 34 * "a", "hf_oauth_" + 34 * "a"),  # Hugging Face
    r"\b(gh[opsur]_[A-Za-z0-9]{36}|github_pat_\w{40,})": ("ghp_" + 36 * "A", "github_pat_" + 82 * "a"),
    r"\bglpat-[\w-]{20}": ("glpat-" + 20 * "a",),  # GitLab
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b": ("AKIA" + 16 * "A",),  # AWS
    r"\bAIza[\w-]{35}": ("AIza" + 35 * "a",),  # Google
    r"\bpypi-AgEIcHlwaS5vcmc[\w-]{20,}": ("pypi-" + "AgEIcHlwaS5vcmc" + 60 * "a",),
    r"\bxox[abprs]-[\w-]{10,}": ("xoxb-" + 12 * "1",),  # Slack
    r"\bsk-[\w-]{32,}": ("sk-" + "proj-" + 40 * "a",),  # OpenAI
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----": ("-----BEGIN OPENSSH " + "PRIVATE KEY-----",),
    r"\w+://[^\s/:@\"'<>{}]+:[^\s/:@\"'<>{}]+@": ("https://ada:" + "lovelace@example.org",),
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
    return [f"{path.name}: {pattern}" for pattern in SECRETS if re.search(pattern, text)]


def traces_of_a_run(path):
    notebook = read_notebook(path)
    traces = [key for key in ("widgets", "papermill") if key in notebook.metadata]
    traces += [cell.id for cell in code_cells(notebook) if cell.outputs or cell.execution_count is not None]
    return [f"{path.name}: {trace}" for trace in traces]


def test_no_secrets_are_committed_and_no_notebook_that_was_run():
    files = tracked_files()
    notebooks = [path for path in files if path.suffix == ".ipynb"]
    assert len(files) > 100 and len(notebooks) >= 8
    assert [secret for path in files for secret in secrets_in(path)] == []
    assert [trace for path in notebooks for trace in traces_of_a_run(path)] == []


@pytest.fixture
def write(tmp_path):
    """What writes a notebook of one cell."""

    def write(cell, **metadata):
        nbformat.write(new_notebook(cells=[cell], metadata=metadata), tmp_path / "a.ipynb")
        return tmp_path / "a.ipynb"

    return write


@pytest.mark.parametrize("secret", [secret for secrets in SECRETS.values() for secret in secrets])
def test_a_secret_in_a_notebook_is_found(write, secret):
    assert len(secrets_in(write(new_code_cell(f'login(token="{secret}")')))) == 1


@pytest.mark.parametrize(
    ("cell", "metadata", "count"),
    [
        (new_code_cell("1", outputs=[new_output("stream", text="1")]), {}, 1),
        (new_code_cell("1", execution_count=1), {}, 1),
        (new_code_cell("1"), {"widgets": {"application/vnd.jupyter.widget-state+json": {}}}, 1),
        (new_code_cell("1"), {"papermill": {"parameters": {}}}, 1),
        (new_code_cell("login()"), {}, 0),
    ],
)
def test_a_notebook_that_was_run_is_found(write, cell, metadata, count):
    path = write(cell, **metadata)
    assert (len(traces_of_a_run(path)), secrets_in(path)) == (count, [])
