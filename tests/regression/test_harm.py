"""A lesson that is harmed on purpose turns the verdict, by the baselines that the project keeps."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# A case of notebooks/matrices/default.yaml
MATRIX = """\
editions: [pytorch]
parameters:
  seed: [42]
cpus: 1
"""


@pytest.mark.weekly
def test_labels_shifted_by_one_are_noticed(tmp_path):
    for name in ("notebooks", "src"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("output", "__pycache__"))
    lesson = tmp_path / "notebooks" / "token_classification_pytorch.ipynb"
    source = lesson.read_text(encoding="utf-8")
    assert source.count("tags[word] if is_first") == 1
    lesson.write_text(source.replace("tags[word] if is_first", "tags[word - 1] if is_first"), encoding="utf-8")
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    command = [sys.executable, "-m", "regression", "run", "matrix.yaml"]
    command += ["--baselines", str(ROOT / "tests" / "baselines")]
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    report = (tmp_path / "runs" / "regression" / "matrix" / "report.md").read_text(encoding="utf-8")
    assert re.search(r"got worse\n+- pytorch-en-sample: (.*\n- .*)*f1 0\.\d+, baseline 0\.\d+ ± 0\.\d+", report)
