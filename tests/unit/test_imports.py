"""What helpers import: no framework, as reading a helper must not cost the seconds that this takes; and no circle."""

import ast
import pkgutil
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import helpers

# evaluate reads the metric script and imports the frameworks itself; Ray is there for `make test` alone.
LEFT_OUT = ("seqeval_metric",) if find_spec("ray") else ("seqeval_metric", "on_ray")
MODULES = [m.name for m in pkgutil.walk_packages(helpers.__path__, "helpers.") if not m.name.endswith(LEFT_OUT)]
CODE = """\
import importlib, sys

for module in sys.argv[1:]:
    importlib.import_module(module)
    assert not {"torch", "tensorflow", "tf_keras"} & set(sys.modules), module
"""


def test_helpers_import_no_framework():
    done = subprocess.run([sys.executable, "-c", CODE, *MODULES], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(MODULES) > 30


def test_helpers_import_each_other_in_one_direction():
    tools = {"run", "report", "render", "lab", "parity", "seeds"}
    imports = {file.stem: imported_helpers(file) for file in Path(helpers.__path__[0]).glob("*.py")}
    TopologicalSorter(imports).prepare()  # which raises CycleError where they go in a circle
    assert {name for name, others in imports.items() if others & tools} <= tools
    assert "exceptions" in imports["conll"]


def imported_helpers(file):
    """The names of the helpers that a helper imports, at its top or in a function."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "helpers":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module.startswith("helpers."):
            names.add(node.module.removeprefix("helpers."))
    return names
