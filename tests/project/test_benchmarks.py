"""What the benchmarks make of their measurements, rather than how fast anything is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import speed


def results(**figures):
    """Pairs of results, plain and fast, that differ in one figure."""
    ((name, pairs),) = figures.items()
    return [tuple({name: figure, "numbers": "bfloat16"} for figure in pair) for pair in pairs]


def test_a_row_compares_the_median_of_each_pairs_ratio():
    row = speed.speed_row_of("pytorch", results(sentences_per_second=[(10, 20), (5, 20), (10, 30)]))
    assert (row.ratio, row.met, row.figure, row.plain) == (3.0, True, "20.0", "10.0")
    row = speed.speed_row_of("keras", results(sentences_per_second=[(10, 19)]))
    assert (row.ratio, row.met) == (1.9, False)


@pytest.mark.parametrize(("f1s", "met"), [((0.402, 0.418), True), ((0.400, 0.408), False)])
def test_the_f1_may_fall_by_half_a_point(f1s, met):
    row = speed.f1_row_of("pytorch", results(f1=[(0.41, f1) for f1 in f1s]))
    assert (row.plain, row.met) == ("0.4100", met)


def test_the_table_says_where_16_bits_were_missing():
    rows = [speed.Row(f"keras, {numbers}: speed", "", "", "", None, False) for numbers in ("float32", "bfloat16")]
    without, with_them = (speed.as_markdown([row]) for row in rows)
    assert "no instructions for 16-bit numbers" in without
    assert "no instructions" not in with_them
    assert all("**no**" in text for text in (without, with_them))


@pytest.mark.parametrize("edition", speed.MAIN)
@pytest.mark.parametrize("speedups", [True, False])
def test_each_recipe_trains(tmp_path, edition, speedups):
    sentence = "We\tO\nmet\tO\nin\tO\nOslo\tB-location\n"
    for split in ("train", "validation", "test"):
        count = 96 if split == "train" else 4  # six steps, of which five are the warm-up
        (tmp_path / f"{split}.conll").write_text("\n".join([sentence] * count), encoding="utf-8")
    settings = {"dataset": str(tmp_path), "seed": 1, "epochs": 2, "learning_rate": 1e-3, "speedups": speedups}
    command = [sys.executable, BENCHMARKS / f"train_{edition}.py", json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["f1"] == 1  # one sentence, learnt by heart
    assert found["sentences_per_second"] > 0
    assert found["numbers"] == "float32" or speedups


def test_each_way_of_tokenizing_is_measured(tmp_path):
    for split in ("train", "validation", "test"):
        (tmp_path / f"{split}.conll").write_text("Oslo\tB-location\n", encoding="utf-8")
    command = [sys.executable, BENCHMARKS / "tokenizing.py", tmp_path, "50"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found.keys() == {"bare", "lesson", "windows", "peak_memory_bytes"}
    assert min(found.values()) > 0
