"""Where the notebooks lie, and which Python runs which edition."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = {"en": ROOT / "notebooks", "ko": ROOT / "notebooks" / "ko"}


def python_of(edition):
    """The Python whose environment an edition needs; skips the test where it is not set up."""
    if edition != "tensorflow":
        return sys.executable
    python = Path(os.environ.get("TRANSFORMERS4_PYTHON", ROOT / ".venv-transformers4" / "bin" / "python"))
    if not python.exists():
        pytest.skip(f"the environment with transformers 4 is not here: no {python}")
    return str(python)


def lesson(edition, language="en"):
    return NOTEBOOKS[language] / f"token_classification_{edition}.ipynb"
