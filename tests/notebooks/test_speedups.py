"""The lesson with and without `speedups` scores the same sentences alike."""

import os
import subprocess
import sys

import pytest

from helpers.metrics import SCORES
from helpers.notebook.editions import MAIN
from helpers.notebook.results import read_results

WITHOUT_BFLOAT16 = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}


@pytest.mark.parametrize("edition", MAIN)
def test_scores_of_an_untrained_model_do_not_depend_on_speedups(workplace, edition):
    def run(speedups):
        settings = [("learning_rate", "0.0"), ("epochs", "1"), ("batch_size", "15"), ("speedups", speedups)]
        flags = [part for name, value in settings for part in ("-p", name, value)]
        command = [sys.executable, "-m", "helpers.run", "--profile", "smoke", "--edition", edition, *flags]
        environment = os.environ | WITHOUT_BFLOAT16
        done = subprocess.run(command, cwd=workplace, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return read_results(workplace / "runs" / "smoke" / edition)

    fast, plain = run("True"), run("False")
    for name in SCORES:
        assert fast["test"][name] == pytest.approx(plain["test"][name], abs=1e-9)
    assert fast["test"]["accuracy"] > 0
    assert fast["dataset"] == plain["dataset"]
