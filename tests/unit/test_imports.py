"""What helpers import: no framework, nothing that one system lacks, and never in a circle."""

import ast
import os
import pkgutil
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import pytest

import helpers
import regression

# evaluate reads the metric script and imports the frameworks itself; Ray is there for `make test` alone.
LEFT_OUT = ("seqeval_metric",) if find_spec("ray") else ("seqeval_metric", "on_ray")
MODULES = [
    module.name
    for package in (helpers, regression)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith((*LEFT_OUT, "__main__"))
]
OTHER_SYSTEM = Path(__file__).resolve().parents[1] / "support" / "other_system"
# What tools for whole runs are made of; the lesson's helpers do not import them.
TOOLS = ("helpers.run", "regression")
CODE = """\
import importlib, sys

for module in sys.argv[1:]:
    importlib.import_module(module)
    assert not {"torch", "tensorflow", "keras", "tf_keras"} & set(sys.modules), module
"""


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [False, True], ids=["here", "without the modules that Windows lacks"])
def test_helpers_import_no_framework(hidden):
    path = [OTHER_SYSTEM] * hidden + sys.path
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run([sys.executable, "-c", CODE, *MODULES], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(MODULES) > 30


def test_helpers_import_each_other_in_one_direction():
    imports = {name: imported_helpers(find_spec(name).origin) for name in MODULES}
    TopologicalSorter(imports).prepare()  # which raises CycleError where they go in a circle
    of_lesson = {name for name in MODULES if not name.startswith(TOOLS)}
    assert [name for name in of_lesson if any(other.startswith(TOOLS) for other in imports[name])] == []
    assert "helpers.data.tagging" in imports["helpers.alignment"]


def imported_helpers(file):
    """The names of the modules of this project that a module imports, at its top or in a function."""
    names = set()
    for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in ("helpers", "regression"):
            names |= {f"{node.module}.{alias.name}" for alias in node.names} & set(MODULES) or {node.module}
    return names & set(MODULES)
