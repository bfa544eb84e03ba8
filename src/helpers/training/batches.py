"""Order sentences by length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

POOL = 50  # batches; within so many the sentences are sorted, so that the order stays random on the whole


@dataclass
class LengthGroupedSampler:
    """Orders the sentences of each epoch, so that both frameworks draw the same batches from one seed.

    Each epoch shuffles all sentences, sorts each pool of batches by length (in subwords), so that they need little
    padding, and shuffles the batches; a pool of 1 leaves a random order. PyTorch's ``DataLoader`` takes it.
    """

    lengths: Sequence[int]
    batch_size: int
    seed: int
    pool: int = POOL
    epoch: int = 0

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        return iter(self.order(self.epoch))

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, from 0, whose order an iteration gives; ``Trainer``'s data loader calls it."""
        self.epoch = epoch

    def order(self, epoch: int) -> list[int]:
        """List all indices of sentences in the order of an epoch, from 0; each `batch_size` of them are a batch.

        Those that do not fill one stand at the end: a random choice too, or the longest would always train together.
        """
        random, lengths = np.random.default_rng((self.seed, epoch)), np.asarray(self.lengths)
        shuffled = random.permutation(len(self.lengths))
        full = len(shuffled) // self.batch_size * self.batch_size
        in_pool = self.pool * self.batch_size
        pools = np.split(shuffled[:full], range(in_pool, full, in_pool))
        grouped = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
        batches = random.permutation(grouped.reshape(-1, self.batch_size))
        return [*batches.ravel().tolist(), *shuffled[full:].tolist()]


def padding_share(lengths: Sequence[int], order: Sequence[int], batch_size: int) -> float:
    """Compute what share of all positions is padding, where each `batch_size` sentences of an order are a batch."""
    ordered = np.asarray(lengths)[np.asarray(order)]
    batches = np.split(ordered, range(batch_size, len(ordered), batch_size))
    positions = sum(len(batch) * batch.max() for batch in batches)
    return float(1 - ordered.sum() / positions)
