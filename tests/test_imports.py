"""Reading a helper must not cost the seconds that loading both frameworks takes."""

import pkgutil
import subprocess
import sys
from importlib.util import find_spec

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
