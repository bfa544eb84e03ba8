import pkgutil
import subprocess
import sys

import pytest

import helpers

# evaluate reads the metric script and imports the frameworks itself.
MODULES = [m.name for m in pkgutil.walk_packages(helpers.__path__, "helpers.") if not m.name.endswith("seqeval_metric")]


@pytest.mark.parametrize("module", MODULES)
def test_helpers_import_no_framework(module):
    code = f"import sys, {module}; print({{'torch', 'tensorflow', 'tf_keras'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
