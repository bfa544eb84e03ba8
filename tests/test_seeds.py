import json
from pathlib import Path

import pandas as pd
import pytest

from helpers.results import KEYS, SCHEMA_VERSION
from helpers.run import load_profile
from helpers.seeds import PROFILE, SEEDS, difference_of_means, main

ROOT = Path(__file__).resolve().parent.parent


def test_difference_and_its_standard_error():
    scores = pd.DataFrame({"pytorch": [0.40, 0.42, 0.41], "tensorflow": [0.39, 0.44, 0.43]})
    difference, error = difference_of_means(scores)
    assert difference == pytest.approx(0.42 - 0.41)
    # squared distances from the means: 0.0002 and 0.0014, each over 3 - 1 for the variance, and over 3 for the mean's
    assert error == pytest.approx((0.0001 / 3 + 0.0007 / 3) ** 0.5)


@pytest.fixture
def finished_runs(tmp_path, monkeypatch):
    """Write the results of a whole series, in a folder without data, so that a run that is started fails."""
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    monkeypatch.chdir(tmp_path)

    def write(scores):
        for framework, column in scores.items():
            for seed, f1 in zip(SEEDS, column, strict=True):
                folder = tmp_path / "runs" / "seeds" / str(seed) / framework
                folder.mkdir(parents=True)
                parameters = load_profile(PROFILE) | {"dataset": "./missing", "seed": seed}
                run = {"schema_version": SCHEMA_VERSION, "parameters": parameters, "test": {"f1": f1}}
                (folder / "metrics.json").write_text(json.dumps(dict.fromkeys(KEYS) | run))

    return write


@pytest.mark.parametrize(
    ("tensorflow", "status"),
    [
        ((0.405, 0.415, 0.425), 0),  # 0.005 apart
        ((0.430, 0.440, 0.450), 1),  # 0.030 apart, with a standard error of 0.008
        ((0.330, 0.430, 0.530), 0),  # 0.020 apart, with a standard error of 0.058
    ],
)
def test_editions_agree_within_the_bound_or_their_standard_error(finished_runs, capsys, tensorflow, status):
    finished_runs({"pytorch": (0.40, 0.41, 0.42), "tensorflow": tensorflow})
    assert main(["--dataset", "./missing"]) == status
    table = capsys.readouterr().out
    assert [line.split()[0] for line in table.splitlines()[2:6]] == ["42", "43", "44", "mean"]
    assert f"{sum(tensorflow) / 3:.4f}" in table


def test_results_with_other_parameters_are_not_taken_for_the_series(finished_runs, capsys):
    finished_runs({"pytorch": (0.40, 0.41, 0.42), "tensorflow": (0.40, 0.41, 0.42)})
    assert main(["--dataset", "./elsewhere"]) == 1  # it begins a run, which finds no data
    assert "DatasetUnavailableError: the data folder elsewhere cannot be read" in capsys.readouterr().err
