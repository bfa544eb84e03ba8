import subprocess
import sys

import pytest

SCRIPT = """
from IPython.core.interactiveshell import InteractiveShell
from helpers.notebook.missing_names import load_ipython_extension

shell = InteractiveShell.instance(colors="NoColor")
load_ipython_extension(shell)
done = shell.run_cell({cell!r})
print("success:", done.success)
"""
IN_A_LIBRARY = "import types; library = types.ModuleType('x'); exec('def f(): missing', vars(library)); library.f()"


@pytest.mark.parametrize("cell", ["print(tokenizer)", IN_A_LIBRARY, "1 / 0"])
def test_a_cell_that_is_run_too_early_says_so_other_errors_keep_their_traceback_and_both_fail(cell):
    command = [sys.executable, "-c", SCRIPT.format(cell=cell)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    explained = shown.startswith("NameError: tokenizer does not exist yet. Run all cells above this one first")
    assert explained == ("does not exist yet" in shown) == ("Traceback" not in shown) == ("tokenizer" in cell)
    assert "success: False" in shown
