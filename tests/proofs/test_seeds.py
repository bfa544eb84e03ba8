from pathlib import Path

import pandas as pd
import pytest
from proofs import seeds
from proofs.seeds import SEEDS, difference_of_means, main

ROOT = Path(__file__).resolve().parents[2]


def test_difference_and_its_standard_error():
    scores = pd.DataFrame({"pytorch": [0.40, 0.42, 0.41], "keras": [0.39, 0.44, 0.43]})
    difference, error = difference_of_means(scores)
    assert difference == pytest.approx(0.42 - 0.41)
    # squared distances from the means: 0.0002 and 0.0014, each over 3 - 1 for the variance, and over 3 for the mean's
    assert error == pytest.approx((0.0001 / 3 + 0.0007 / 3) ** 0.5)


@pytest.mark.parametrize(
    ("keras", "status"),
    [
        ((0.405, 0.415, 0.425), 0),  # 0.005 apart
        ((0.430, 0.440, 0.450), 1),  # 0.030 apart, with a standard error of 0.008
        ((0.330, 0.430, 0.530), 0),  # 0.020 apart, with a standard error of 0.058
    ],
)
def test_editions_agree_within_the_bound_or_their_standard_error(monkeypatch, capsys, keras, status):
    scores = {"pytorch": (0.40, 0.41, 0.42), "keras": keras}

    def finished(framework, parameters):  # in place of ten minutes of training each
        return scores[framework][SEEDS.index(parameters["seed"])]

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(seeds, "run_for_f1", finished)
    assert main([]) == status
    table = capsys.readouterr().out
    assert [line.split()[0] for line in table.splitlines()[2:6]] == ["42", "43", "44", "mean"]
    assert f"{sum(keras) / 3:.4f}" in table


def test_the_series_is_run_on_the_data_set_that_was_asked_for(tmp_path, monkeypatch, capsys):
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    monkeypatch.chdir(tmp_path)
    assert main(["--dataset", "./missing"]) == 1
    assert "DatasetUnavailableError: the data folder missing cannot be read" in capsys.readouterr().err
