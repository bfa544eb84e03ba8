"""Executing a notebook, finding it, and printing where nobody reads, or not all characters."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.run.editions import execute, load_profile, notebook_path

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
TRANSPORT = "from ipykernel import get_connection_info\nprint(get_connection_info(unpack=True)['transport'])"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no sockets in folders")
def test_a_kernel_listens_in_a_folder_however_long_the_name_of_the_one_for_temporary_files(tmp_path, monkeypatch):
    # On a machine whose network is off, TCP does not even reach the machine itself.
    folder = tmp_path / ("x" * 200)
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    notebook = new_notebook(cells=[new_code_cell(TRANSPORT)], metadata=KERNEL)
    execute(notebook, tmp_path / "executed.ipynb", {"output_dir": str(tmp_path)}, progress_bar=False)
    *_, cell = nbformat.read(tmp_path / "executed.ipynb", as_version=4).cells
    assert cell.outputs[0].text == "ipc\n"


FEW_FILES = """
import resource, sys; from pathlib import Path
from helpers.errors import TutorialError
from helpers.run.editions import execute
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]), int(sys.argv[2])))
executed = Path(sys.argv[1], "executed.ipynb")
try:
    execute(executed.with_name("notebook.ipynb"), executed, {"output_dir": sys.argv[1]}, progress_bar=False)
except TutorialError as error:
    print(type(error).__name__, error)
"""
OPENS_MANY = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))\n"
OPENS_MANY += "files = [open('notebook.ipynb') for _ in range(100)]  # No space left on device"


@pytest.mark.weekly
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
@pytest.mark.parametrize(
    ("limit", "named"),
    [(30, "RunError the notebook's process did not start"), (256, ("OpenFilesError", "RunError cell 1 failed"))],
)
def test_too_few_open_files_are_called_that(limit, named, tmp_path):
    notebook = new_notebook(cells=[new_code_cell(OPENS_MANY)], metadata=KERNEL)
    nbformat.write(notebook, tmp_path / "notebook.ipynb")
    command = [sys.executable, "-c", FEW_FILES, str(tmp_path), str(limit)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.startswith(named), done.stderr
    assert "`ulimit -n 4096`" in done.stdout


def test_each_profile_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert notebook_path("keras", "ko").is_file()
    assert os.path.isdir(load_profile("smoke")["model"])
    assert load_profile("sample")["model"] == "bundled"


PRINTS = """
import subprocess, sys
from helpers.run.__main__ import survive_closed_streams
survive_closed_streams()
for stream in (sys.stdout, sys.stderr):
    for _ in range(3):
        print("한국어", file=stream, flush=True)
subprocess.run([sys.executable, "-c", "print('a process of its own', flush=True)"], check=True)
print("the end, which is written when the process ends")
"""


@pytest.mark.weekly
@pytest.mark.skipif(sys.platform == "win32", reason="the shell is a POSIX one")
@pytest.mark.parametrize("where", ["", ">&-", "2>&-", ">&- 2>&-", ">/dev/full", "2>&1 | true; exit ${PIPESTATUS[0]}"])
def test_a_process_ends_well_whoever_reads_what_it_prints(where, tmp_path):
    (tmp_path / "prints.py").write_text(PRINTS, encoding="utf-8")
    command = f"PYTHONIOENCODING=ascii {sys.executable} {tmp_path / 'prints.py'} {where}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert where or done.stdout.startswith("\\ud55c\\uad6d\\uc5b4\n")
