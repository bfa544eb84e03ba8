"""The right releases from the first cell on, threads that sleep where others are at work, and cells run too early."""

import os
import subprocess
import sys
from importlib.metadata import version
from types import SimpleNamespace

import pytest

from helpers.errors import RestartNeededError
from helpers.notebook.startup import require_fresh_imports


def test_what_was_imported_before_it_was_replaced_needs_a_restart(monkeypatch):
    import datasets  # noqa: F401
    import torch  # noqa: F401 (its release may name a build, such as +cpu)

    monkeypatch.setitem(sys.modules, "transformers", SimpleNamespace(__version__="3.0.0"))
    said = rf"^transformers 3\.0\.0 was imported, {version('transformers')} is installed\. Restart the runtime"
    for language, text in {"en": said, "ko": "런타임을 다시 시작"}.items():
        with pytest.raises(RestartNeededError, match=text):
            require_fresh_imports(language)


@pytest.mark.parametrize("module", [None, SimpleNamespace(), SimpleNamespace(__version__="2.0.0-rc1")])
def test_what_cannot_be_compared_needs_none(monkeypatch, module):
    """Left out on purpose; without a release; of a package that is not installed under this name."""
    monkeypatch.setattr("helpers.notebook.startup.REPLACEABLE", ("no_such_package",))
    monkeypatch.setitem(sys.modules, "no_such_package", module)
    assert require_fresh_imports("en") is None


POLICY = """
import os
from helpers.notebook.startup import prepare_framework
prepare_framework("pytorch")
os.environ["OMP_DISPLAY_ENV"] = "VERBOSE"
import torch
"""


@pytest.mark.weekly
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere other libraries run PyTorch's threads")
@pytest.mark.parametrize(("chosen", "spins"), [({}, "0"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "30000000000")])
def test_where_others_are_at_work_pytorchs_threads_sleep_while_they_wait(chosen, spins):
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        done = subprocess.run([sys.executable, "-c", POLICY], capture_output=True, text=True, env=os.environ | chosen)
    finally:
        for other in others:
            other.kill()
            other.wait()
    assert f"GOMP_SPINCOUNT = '{spins}'" in done.stderr  # as the library itself says


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
