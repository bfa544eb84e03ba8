"""What the benchmarks make of their measurements, rather than how fast anything is."""

import json
import subprocess
import sys

import pytest
from support.editions import ROOT

BENCHMARKS = ROOT / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import speed


def results(name, pairs):
    """Pairs of results, plain and fast, that differ in one figure."""
    return [tuple({name: figure, "numbers": "bfloat16"} for figure in pair) for pair in pairs]


@pytest.mark.parametrize(
    ("pairs", "figure", "ratio", "met"),
    [([(10, 20), (5, 20), (10, 30)], "20.0", 3.0, True), ([(10, 19)], "19.0", 1.9, False)],
)
def test_a_row_compares_the_median_of_each_pairs_ratio(pairs, figure, ratio, met):
    row = speed.speed_row_of("pytorch", results("sentences_per_second", pairs))
    assert (row.plain, row.figure, row.ratio, row.met) == ("10.0", figure, ratio, met)


@pytest.mark.parametrize(("f1s", "met"), [((0.402, 0.418), True), ((0.400, 0.408), False)])
def test_the_f1_may_fall_by_half_a_point(f1s, met):
    row = speed.f1_row_of("pytorch", results("f1", [(0.41, f1) for f1 in f1s]))
    assert (row.plain, row.met) == ("0.4100", met)


def test_the_table_says_where_16_bits_were_missing():
    rows = [speed.Row(f"keras, {numbers}: speed", "", "", "", None, False) for numbers in ("float32", "bfloat16")]
    without, with_them = (speed.as_markdown([row]) for row in rows)
    assert "no instructions for 16-bit numbers" in without
    assert "no instructions" not in with_them
    assert all("**no**" in text for text in (without, with_them))


def measure(folder, script, *arguments):
    """Run a benchmark on a folder with one sentence, again and again; give what it prints at the end."""
    for split, count in (("train", 96), ("validation", 4), ("test", 4)):  # six steps, of which five are the warm-up
        sentences = ["We\tO\nmet\tO\nin\tO\nOslo\tB-location\n"] * count
        (folder / f"{split}.conll").write_text("\n".join(sentences), encoding="utf-8")
    command = [sys.executable, BENCHMARKS / script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.weekly
@pytest.mark.parametrize("edition", speed.MAIN)
@pytest.mark.parametrize("speedups", [True, False])
def test_each_recipe_trains(tmp_path, edition, speedups):
    settings = {"dataset": str(tmp_path), "seed": 1, "epochs": 2, "learning_rate": 1e-3, "speedups": speedups}
    found = measure(tmp_path, f"train_{edition}.py", json.dumps(settings))
    assert found["f1"] == 1  # learnt by heart
    assert found["sentences_per_second"] > 0
    assert found["numbers"] == "float32" or speedups


@pytest.mark.slow
def test_each_way_of_tokenizing_is_measured(tmp_path):
    found = measure(tmp_path, "tokenizing.py", tmp_path, "50")
    assert found.keys() == {"bare", "lesson", "windows", "peak_memory_bytes"}
    assert min(found.values()) > 0
