"""Make padded batches for Keras."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from datasets import Dataset

from helpers.training.batches import LengthGroupedSampler

if TYPE_CHECKING:
    import tensorflow as tf

MODEL_INPUTS = ("input_ids", "attention_mask")


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
