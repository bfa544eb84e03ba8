"""Printing where nobody reads, or not all characters."""

import subprocess
import sys

import pytest

PRINTS = """
import subprocess, sys
from helpers.run.__main__ import survive_closed_streams
survive_closed_streams()
for stream in (sys.stdout, sys.stderr):
    for _ in range(3):
        print("한국어", file=stream, flush=True)
subprocess.run([sys.executable, "-c", "print('a process of its own', flush=True)"], check=True)
print("the end, which is written when the process ends")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the shell is a POSIX one")
@pytest.mark.parametrize("where", ["", ">&-", "2>&-", ">&- 2>&-", ">/dev/full", "2>&1 | true; exit ${PIPESTATUS[0]}"])
def test_a_process_ends_well_whoever_reads_what_it_prints(where, tmp_path):
    (tmp_path / "prints.py").write_text(PRINTS, encoding="utf-8")
    command = f"PYTHONIOENCODING=ascii {sys.executable} {tmp_path / 'prints.py'} {where}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert where or done.stdout.startswith("\\ud55c\\uad6d\\uc5b4\n")
