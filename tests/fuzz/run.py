"""Let atheris look for bytes that break a target: `python tests/fuzz/run.py TARGET FOLDER [options of libFuzzer]`.

The folder keeps the bytes that reached new code, for the next time. Bytes that break the target are written to a file
``crash-...`` or ``timeout-...``; they belong into a test.
"""

import importlib
import pkgutil
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
with atheris.instrument_imports(include=["helpers"]):
    import helpers.data

    for module in pkgutil.walk_packages(helpers.data.__path__, "helpers.data."):
        importlib.import_module(module.name)  # as readers are imported where they are needed, too late to be watched
    from fuzz.targets import SEEDS, TARGETS

if __name__ == "__main__":
    name = sys.argv.pop(1)
    for number, seed in enumerate(SEEDS.get(name, ())):
        Path(sys.argv[1], f"seed-{number}").write_bytes(seed)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()
