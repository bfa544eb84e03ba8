"""Order sentences by length, and pad them in batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from datasets import Dataset

if TYPE_CHECKING:
    import tensorflow as tf

MODEL_INPUTS = ("input_ids", "attention_mask")
POOL = 50  # batches; within so many the sentences are sorted, so that the order stays random on the whole


class LengthGroupedSampler:
    """Orders the sentences of each epoch, so that both frameworks draw the same batches from one seed.

    A batch is as long as its longest sentence, so sentences of similar length side by side need little padding. Each
    epoch shuffles all sentences, sorts each pool of batches by length, and shuffles the batches. It is made for
    PyTorch's ``DataLoader``, which takes anything with a length that can be iterated.

    Parameters
    ----------
    lengths : sequence of int
        The number of subwords of each sentence.
    batch_size : int
        Sentences per batch.
    seed : int
    pool : int
        Batches that are sorted together; 1 leaves the sentences in a random order.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int, pool: int = POOL):
        self.lengths = np.asarray(lengths)
        self.batch_size = batch_size
        self.seed = seed
        self.pool = pool
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        return iter(self.order(self.epoch))

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, from 0, whose order an iteration gives; ``Trainer``'s data loader calls it."""
        self.epoch = epoch

    def order(self, epoch: int) -> list[int]:
        """List all indices of sentences in the order of an epoch, from 0.

        Each `batch_size` of them are a batch. Those that do not fill one stand at the end: a random choice too, or the
        longest sentences of all would always train together.
        """
        random = np.random.default_rng((self.seed, epoch))
        shuffled = random.permutation(len(self.lengths))
        full = len(shuffled) // self.batch_size * self.batch_size
        in_pool = self.pool * self.batch_size
        pools = np.split(shuffled[:full], range(in_pool, full, in_pool))
        grouped = np.concatenate([pool[np.argsort(self.lengths[pool], kind="stable")] for pool in pools])
        batches = random.permutation(grouped.reshape(-1, self.batch_size))
        return [*batches.ravel().tolist(), *shuffled[full:].tolist()]


def padding_share(lengths: Sequence[int], order: Sequence[int], batch_size: int) -> float:
    """Compute what share of all positions is padding, where each batch is padded to its longest sentence.

    Parameters
    ----------
    lengths : sequence of int
        The number of subwords of each sentence.
    order : sequence of int
        Indices of sentences; each `batch_size` of them are a batch.
    batch_size : int

    Returns
    -------
    float
        Between 0 and 1.
    """
    ordered = np.asarray(lengths)[np.asarray(order)]
    batches = np.split(ordered, range(batch_size, len(ordered), batch_size))
    positions = sum(len(batch) * batch.max() for batch in batches)
    return float(1 - ordered.sum() / positions)


def padded_batches(
    rows: Dataset,
    batch_size: int,
    data_collator: Callable[[list[dict]], dict],
    shuffle: bool = False,
    seed: int = 0,
    first_epoch: int = 0,
) -> tf.data.Dataset:
    """Make batches that are as long as their longest sentence.

    Parameters
    ----------
    rows : Dataset
        With the columns ``input_ids``, ``attention_mask`` and ``labels``.
    batch_size : int
    data_collator : callable
        Pads a list of rows, such as `transformers.DataCollatorForTokenClassification` with ``return_tensors="np"``.
    shuffle : bool
        Draw another order for each epoch, with sentences of similar length in one batch (`LengthGroupedSampler`).
        Otherwise the rows keep theirs.
    seed : int
        Of the order.
    first_epoch : int
        Whose order comes first; that of a training that is resumed is not 0.

    Returns
    -------
    tf.data.Dataset
        Pairs of inputs and labels, int64 of shape (sentences, subwords). Its length is known.
    """
    import tensorflow as tf

    rows = rows.select_columns([*MODEL_INPUTS, "labels"])
    sampler = LengthGroupedSampler([len(ids) for ids in rows["input_ids"]], batch_size, seed)
    sampler.set_epoch(first_epoch)

    def batches() -> Iterator[tuple[dict, np.ndarray]]:
        order = list(sampler) if shuffle else range(len(rows))
        for first in range(0, len(rows), batch_size):
            batch = dict(data_collator(rows.select(order[first : first + batch_size]).to_list()))
            labels = batch.pop("labels")
            if first + batch_size >= len(rows):  # only then: Keras may first look at a batch, to build the model
                sampler.set_epoch(sampler.epoch + 1)
            yield {name: batch[name] for name in MODEL_INPUTS}, labels

    # Open, as batches differ in length; Keras and tf.data would guess from the first ones.
    spec = tf.TensorSpec((None, None), tf.int64)
    signature = (dict.fromkeys(MODEL_INPUTS, spec), spec)
    options = tf.data.Options()
    options.autotune.enabled = False  # its threads delay the end of each epoch, and there is nothing to tune
    data = tf.data.Dataset.from_generator(batches, output_signature=signature)
    known_length = tf.data.experimental.assert_cardinality(math.ceil(len(rows) / batch_size))
    return data.apply(known_length).prefetch(1).with_options(options)
