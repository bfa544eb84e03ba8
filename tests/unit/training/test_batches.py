import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import BatchSampler, DataLoader

from helpers.training import speed
from helpers.training.batches import POOL, LengthGroupedSampler, padding_share

LENGTHS = st.lists(st.integers(1, 100), min_size=1, max_size=300)


@given(LENGTHS, st.integers(1, 20), st.integers(0, 2**32 - 1), st.integers(0, 5))
def test_every_epoch_takes_every_sentence_once(lengths, batch_size, seed, epoch):
    order = LengthGroupedSampler(lengths, batch_size, seed).order(epoch)
    assert sorted(order) == list(range(len(lengths)))


def test_order_depends_on_seed_and_epoch_alone():
    pairs = [(seed, epoch) for seed in (1, 2) for epoch in (0, 1)] * 2
    orders = [tuple(LengthGroupedSampler(range(1, 200), 8, seed).order(epoch)) for seed, epoch in pairs]
    assert orders[:4] == orders[4:]
    assert len({*orders}) == 4


def test_within_a_pool_batches_are_neighbours_in_length_and_come_in_no_order_of_length():
    lengths = np.random.default_rng(0).permutation(16 * POOL) + 1  # one pool, each length once
    order = LengthGroupedSampler(lengths, 16, seed=3).order(0)
    batches = lengths[order].reshape(-1, 16)
    assert all(batch.max() - batch.min() == 15 for batch in batches)
    longest = batches.max(axis=1)
    assert 0.3 < np.mean(np.diff(longest) > 0) < 0.7


def test_the_smaller_last_batch_is_a_random_choice():
    lengths = np.arange(1, 16 * POOL + 8)  # one pool and seven sentences
    last = [lengths[LengthGroupedSampler(lengths, 16, seed=3).order(epoch)[-7:]] for epoch in range(20)]
    assert np.mean(last) == pytest.approx(np.mean(lengths), rel=0.2)
    assert len({tuple(batch) for batch in last}) == 20


def test_order_is_random_across_pools():
    half = 16 * POOL * 4
    order = LengthGroupedSampler([1] * 2 * half, 16, seed=3).order(0)
    assert np.mean(np.array(order[:half]) < half) == pytest.approx(0.5, abs=0.05)


def test_dataloader_draws_the_batches_of_each_epoch_in_order():
    lengths = list(range(1, 24))
    sampler = LengthGroupedSampler(lengths, 5, seed=1)
    loader = DataLoader(lengths, batch_sampler=BatchSampler(sampler, 5, drop_last=False), collate_fn=list)
    for epoch in (0, 1):
        sampler.set_epoch(epoch)
        batches = list(loader)
        assert [len(batch) for batch in batches] == [5, 5, 5, 5, 3]
        assert [length - 1 for batch in batches for length in batch] == sampler.order(epoch)


def test_padding_share_by_hand():
    # batches (4, 2), (3, 3), (5): 8 + 6 + 5 positions, of which 17 hold a subword
    assert padding_share([2, 4, 3, 5, 3], [1, 0, 2, 4, 3], 2) == pytest.approx(2 / 19)


def test_grouping_saves_padding_on_real_data(wnut17):
    lengths = [len(tokens) for tokens in wnut17["train"]["tokens"]]
    plain = padding_share(lengths, np.random.default_rng(0).permutation(len(lengths)), 16)
    grouped = padding_share(lengths, LengthGroupedSampler(lengths, 16, 0).order(0), 16)
    assert grouped < 0.25 * plain


def test_the_batch_is_never_changed_and_without_speedups_it_is_the_plain_recipe():
    assert not [name for name in speed.settings(True) if "batch" in name]
    assert speed.settings(False).keys() == {"dataloader_pin_memory", "optim"}


@pytest.mark.parametrize(("flags", "fast"), [("fpu avx512_bf16", True), ("fpu avx2", False)])
def test_bfloat16_follows_the_processor(monkeypatch, flags, fast):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setattr(speed.Path, "read_text", lambda path, encoding: f"flags : {flags}\n")
    assert speed.processor_multiplies_bfloat16() is fast
