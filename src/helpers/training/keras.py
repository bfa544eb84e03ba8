"""Score and show each epoch of Keras; pass on what else the Keras edition needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from helpers.alignment import IGNORED
from helpers.metrics import SCORES, require_finite
from helpers.training.batches import padded_batches
from helpers.training.keras_encoder import build_tagger, load_pretrained, save_pretrained
from helpers.training.speed import fast_dtype_policy

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

__all__ = [
    "build_tagger",
    "fast_dtype_policy",
    "load_pretrained",
    "metric_callback",
    "padded_batches",
    "progress_table",
    "save_pretrained",
]


def metric_callback(
    compute_metrics: Callable[[tuple[np.ndarray, np.ndarray]], dict[str, float]], batches: tf.data.Dataset
) -> keras.callbacks.Callback:
    """Make a callback that scores the validation split after each epoch, as `Trainer` does.

    Parameters
    ----------
    compute_metrics : callable
        Gets all logits, of shape (sentences, subwords, labels), and labels, of shape (sentences, subwords), padded with
        -100; gives scores by name.
    batches : tf.data.Dataset
        Of the validation split, in order.

    Returns
    -------
    keras.callbacks.Callback
        Adds each score to the epoch's logs as ``val_<name>``; to be put before callbacks that look for it, or that
        save. Where training has diverged, it raises `TrainingDivergedError`.
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
    widths = [(0, 0)] * batch.ndim
    widths[1] = (0, length - batch.shape[1])
    return np.pad(batch, widths, constant_values=value)


def progress_table(steps_per_epoch: int, epochs: int) -> keras.callbacks.Callback:
    """Make a callback with a progress bar and a table of scores that grows by a row each epoch.

    The table is the one that transformers' `Trainer` displays in a notebook. Keras's own bar moves back over its
    line with control characters, which a saved notebook keeps as debris.

    Parameters
    ----------
    steps_per_epoch, epochs : int

    Returns
    -------
    keras.callbacks.Callback
        To be put behind the callbacks that add scores to the logs. It also builds the optimizer before the first step.
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
