"""Batches and callbacks of the Keras edition; passes on what else it needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from datasets import Dataset

from helpers.data.tagging import IGNORED
from helpers.metrics import SCORES, require_finite
from helpers.training.batches import LengthGroupedSampler
from helpers.training.keras_encoder import build_tagger as build_tagger
from helpers.training.keras_encoder import load_pretrained as load_pretrained
from helpers.training.keras_encoder import save_pretrained as save_pretrained
from helpers.training.speed import fast_dtype_policy as fast_dtype_policy

if TYPE_CHECKING:
    import keras
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

    If shuffled, each epoch has another order, by `LengthGroupedSampler`; that of `first_epoch`, where a training is
    resumed, comes first. Otherwise the rows keep theirs. The collator pads a list of rows, such as
    `transformers.DataCollatorForTokenClassification` with ``return_tensors="np"``.

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
    options = tf.data.Options()
    options.autotune.enabled = False  # its threads delay the end of each epoch, and there is nothing to tune
    data = tf.data.Dataset.from_generator(batches, output_signature=(dict.fromkeys(MODEL_INPUTS, spec), spec))
    known_length = tf.data.experimental.assert_cardinality(math.ceil(len(rows) / batch_size))
    return data.apply(known_length).prefetch(1).with_options(options)


def metric_callback(
    compute_metrics: Callable[[tuple[np.ndarray, np.ndarray]], dict[str, float]], batches: tf.data.Dataset
) -> keras.callbacks.Callback:
    """Make a callback that scores the validation split after each epoch, as `Trainer` does.

    It adds each score to the epoch's logs as ``val_<name>``, so it goes before callbacks that look for one, or that
    save. Where training has diverged, it raises `TrainingDivergedError`.

    `compute_metrics` gets all logits of the batches, which come in order, of shape (sentences, subwords, labels), and
    their labels, of shape (sentences, subwords), padded with -100; it gives scores by name.
    """
    import keras

    class MetricCallback(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            pairs = [(self.model.predict_on_batch(inputs), labels) for inputs, labels in batches.as_numpy_iterator()]
            longest = max(labels.shape[1] for _, labels in pairs)
            logits = np.concatenate([_padded(logits, longest, 0) for logits, _ in pairs])
            labels = np.concatenate([_padded(labels, longest, IGNORED) for _, labels in pairs])
            require_finite(logits[labels != IGNORED], epoch + 1)
            logs |= {f"val_{name}": float(score) for name, score in compute_metrics((logits, labels)).items()}

    return MetricCallback()


def _padded(batch: np.ndarray, length: int, value: float) -> np.ndarray:
    widths = [(0, length - batch.shape[1] if axis == 1 else 0) for axis in range(batch.ndim)]
    return np.pad(batch, widths, constant_values=value)


def progress_table(steps_per_epoch: int, epochs: int) -> keras.callbacks.Callback:
    """Make a callback with a progress bar and a table of scores that grows by a row each epoch.

    The table is the one that transformers' `Trainer` displays in a notebook. Keras's own bar moves back over its
    line with control characters, which a saved notebook keeps as debris. It goes behind the callbacks that add scores.
    """
    import keras
    from transformers.utils.notebook import NotebookTrainingTracker

    class ProgressTable(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.tracker = NotebookTrainingTracker(steps_per_epoch * epochs)
            # Left to the first step, this makes TensorFlow trace that step twice, which takes twice as long.
            if self.model.built:  # so not where a model of your own gets its weights in the first step
                self.model.optimizer.build(self.model.trainable_variables)

        def on_epoch_begin(self, epoch, logs=None):
            self.epoch, self.step = epoch, epoch * steps_per_epoch  # not from 0 where a training is continued

        def on_train_batch_end(self, batch, logs=None):
            self.step += 1
            self.tracker.update(self.step, comment=f"Epoch {self.epoch}/{epochs}")

        def on_epoch_end(self, epoch, logs=None):
            self.epoch = epoch + 1
            scores = {"Epoch": self.epoch, "Training Loss": logs["loss"], "Validation Loss": logs["val_loss"]}
            self.tracker.write_line(scores | {name.capitalize(): logs[f"val_{name}"] for name in SCORES})
            self.tracker.update(self.step, comment=f"Epoch {self.epoch}/{epochs}", force_update=True)

    return ProgressTable()
