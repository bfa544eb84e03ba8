"""What the benchmarks compute, rather than how fast anything is."""

import sys
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModelForTokenClassification

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import limit
import speed


@pytest.mark.parametrize(
    "config",
    [
        AutoConfig.for_model("distilbert", vocab_size=50, dim=24, n_layers=3, n_heads=2, hidden_dim=40, num_labels=5),
        AutoConfig.for_model(
            "bert",
            vocab_size=50,
            hidden_size=24,
            num_hidden_layers=2,
            num_attention_heads=3,
            intermediate_size=56,
            num_labels=5,
        ),
    ],
    ids=lambda config: config.model_type,
)
def test_the_work_of_training_is_what_pytorch_counts(config):
    model = AutoModelForTokenClassification.from_config(config, attn_implementation="eager")
    words = torch.randint(50, (4, 17))
    with FlopCounterMode(display=False) as counter:
        model(input_ids=words, labels=words % 5).loss.backward()
    assert limit.training_work([17] * 4, config, 5) == counter.get_total_flops()


def test_a_row_compares_the_median_of_each_pairs_ratio():
    pairs = [({"s": 10.0}, {"s": 20.0}), ({"s": 5.0}, {"s": 20.0}), ({"s": 10.0}, {"s": 30.0})]
    row = speed.compared("speed", pairs, "s", 2.5, more=True)
    assert (row.ratio, row.met, row.figure, row.plain) == (3.0, True, "20.0", "10.0")
    row = speed.compared("seconds", pairs, "s", 0.4, more=False)
    assert (row.ratio, row.met) == (pytest.approx(1 / 3), False)


@pytest.mark.parametrize(("f1s", "met"), [((0.402, 0.418), True), ((0.400, 0.408), False)])
def test_the_f1_may_fall_by_half_a_point(f1s, met):
    row = speed.f1_row_of("pytorch", [({"f1": 0.41}, {"f1": f1}) for f1 in f1s])
    assert (row.plain, row.met) == ("0.4100", met)


@pytest.mark.parametrize(("f1s", "seconds", "met"), [((0.40, 0.43), 599, True), ((0.40, 0.43), 601, False)])
def test_the_best_f1_counts_only_within_ten_minutes(f1s, seconds, met):
    runs = [{"f1": f1, "training_seconds": seconds, "peak_memory_bytes": 2_400_000_000} for f1 in f1s]
    best, memory = speed.best_rows_of("pytorch", runs)
    assert (best.figure, best.met) == ("0.4300 (0.4150)", met)
    assert (memory.figure, memory.met) == ("2.40", True)


def test_groups_that_are_not_measured_keep_their_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(speed, "RESULTS", tmp_path)
    speed.write_group("f1", [speed.at_most("old", 1.0, 2.0, ".0f")])
    speed.write_group("speed", [speed.at_most("new", 3.0, 2.0, ".0f")])
    rows = [line for line in (tmp_path / "speed.md").read_text().splitlines() if "at most" in line]
    assert [("old" in row, "**no**" in row) for row in rows] == [(True, False), (False, True)]
