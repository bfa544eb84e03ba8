"""Digests of code: what changes them, and what does not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

import helpers
from helpers.disk import locks
from helpers.errors import ResumeError
from helpers.training.resume import TrainingCheckpoints

CELLS = [
    "import math\nscale = 2",
    "def inner(x):\n    return scale * math.sqrt(x)",
    "class Model:\n    def forward(self, x):\n        return inner(x)",
    "def train():\n    return Model().forward(1)",
]
LAST = "from helpers.notebook.sources import functions_digest\nfound = functions_digest(train)"


def digest(*cells):
    shell = InteractiveShell()
    for cell in (*cells, LAST):
        shell.run_cell(cell, store_history=True).raise_error()
    return shell.user_ns["found"]


def test_of_the_notebook_only_what_the_functions_use_counts():
    again = [*CELLS, "print(train())", CELLS[1], "def other():\n    return train()", CELLS[3]]
    assert digest(*CELLS) == digest(*again)


@pytest.mark.parametrize("cell", CELLS[1:])
def test_a_changed_function_is_noticed_and_so_is_one_that_it_calls(cell):
    before = digest(*CELLS)
    changed = cell.replace("return", "return 2 *")
    assert digest(*CELLS, changed) != before
    assert digest(*CELLS, changed, cell) == before


NEWEST = """\
from pathlib import Path
from helpers.training.resume import TrainingCheckpoints
print(TrainingCheckpoints(Path("checkpoints"), {"seed": 1}).newest())
"""


@pytest.mark.slow
@pytest.mark.parametrize("change", [None, "metrics.py", "data/new.py", ".DS_Store", "run/page.css"])
def test_helpers_that_have_changed_do_not_continue_a_training(tmp_path, change):
    copied = tmp_path / "src" / "helpers"
    shutil.copytree(Path(helpers.__path__[0]), copied, ignore=shutil.ignore_patterns("__pycache__"))
    if change:
        with (copied / change).open("a", encoding="utf-8") as file:
            file.write("\n")
    checkpoints = TrainingCheckpoints(tmp_path / "checkpoints", {"seed": 1})
    checkpoints.path(8).mkdir()
    checkpoints.mark_complete(8, best=8)
    locks.release(checkpoints.folder)  # as the end of the process would
    environment = os.environ | {"PYTHONPATH": str(copied.parent)}
    command = [sys.executable, "-c", NEWEST]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    if change in ("metrics.py", "data/new.py"):
        assert done.returncode == 1
        assert f"{ResumeError.__name__}: checkpoints/checkpoint-8 is of another training: helpers was '" in done.stderr
    else:
        assert done.stdout.splitlines()[-1] == "checkpoints/checkpoint-8", done.stderr
