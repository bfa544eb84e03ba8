"""The notebooks with and without `speedups`: they learn the same, and score the same sentences alike."""

import os
import subprocess
import sys

import pytest

from helpers.notebook.results import read_results
from helpers.run.editions import FRAMEWORKS, RUNS

WITHOUT_BFLOAT16 = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}


@pytest.fixture(scope="module", params=FRAMEWORKS)
def untrained(request, workplace):
    """Give the results with and without speedups, of a model that a learning rate of 0 leaves as it was."""

    def run(speedups):
        settings = [("learning_rate", "0.0"), ("epochs", "1"), ("batch_size", "15"), ("speedups", speedups)]
        flags = [part for name, value in settings for part in ("-p", name, value)]
        command = [sys.executable, "-m", "helpers.run", "--profile", "smoke", "--edition", request.param, *flags]
        environment = os.environ | WITHOUT_BFLOAT16
        done = subprocess.run(command, cwd=workplace, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return read_results(workplace / RUNS / "smoke" / request.param)

    return run("True"), run("False")


def test_scores_do_not_depend_on_the_order_of_the_sentences(untrained):
    fast, plain = (results["test"] for results in untrained)
    for name in ("precision", "recall", "f1", "accuracy"):
        assert fast[name] == pytest.approx(plain[name], abs=1e-9)
    assert fast["accuracy"] > 0


def test_validation_loss_is_the_mean_over_words_in_any_batches(untrained):
    fast, plain = (results["history"][0]["validation_loss"] for results in untrained)
    assert fast == pytest.approx(plain, rel=1e-5)


def test_the_data_and_the_account_of_words_are_the_same(untrained):
    fast, plain = untrained
    assert fast["dataset"] == plain["dataset"]
    assert fast["alignment"] == plain["alignment"]
