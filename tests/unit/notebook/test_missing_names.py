import subprocess
import sys

import pytest

SCRIPT = """
from IPython.core.interactiveshell import InteractiveShell
from helpers.notebook.language import use_language
from helpers.notebook.missing_names import load_ipython_extension

shell = InteractiveShell.instance(colors="NoColor")
load_ipython_extension(shell)
use_language({language!r})
done = shell.run_cell({cell!r})
print("success:", done.success)
"""


def said(cell, language="en"):
    script = SCRIPT.format(cell=cell, language=language)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout


def test_a_cell_that_is_run_too_early_says_so_without_a_traceback_and_fails():
    shown = said("print(tokenizer)")
    assert shown.startswith("NameError: tokenizer does not exist yet. Run all cells above this one first")
    assert "Traceback" not in shown
    assert "success: False" in shown


@pytest.mark.parametrize(
    "cell",
    [
        "import types; library = types.ModuleType('library'); exec('def f(): missing', vars(library)); library.f()",
        "1 / 0",
    ],
)
def test_other_errors_keep_their_traceback(cell):
    shown = said(cell)
    assert "Traceback" in shown
    assert "does not exist yet" not in shown
