"""A clock for training: when each step ended, and when each epoch's scores were there."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tf_keras.callbacks import Callback
    from transformers import TrainerCallback


def trainer_clock(path: str) -> TrainerCallback:
    """Make a callback for `Trainer` that writes its record to a file."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        def on_train_begin(self, *args, **others):
            self.record = {"steps": [], "scored": []}

        def on_step_end(self, *args, **others):
            self.record["steps"].append(time.perf_counter())

        def on_evaluate(self, *args, **others):
            self.record["scored"].append(time.perf_counter() - self.record["steps"][-1])

        def on_train_end(self, *args, **others):
            Path(path).write_text(json.dumps(self.record))

    return Clock()


def keras_clock(path: str) -> Callback:
    """Make a callback for Keras's `fit` that writes its record to a file; it goes behind the one that scores."""
    import tf_keras

    class Clock(tf_keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.record = {"steps": [], "scored": []}

        def on_train_batch_end(self, batch, logs=None):
            self.record["steps"].append(time.perf_counter())

        def on_epoch_end(self, epoch, logs=None):
            self.record["scored"].append(time.perf_counter() - self.record["steps"][-1])

        def on_train_end(self, logs=None):
            Path(path).write_text(json.dumps(self.record))

    return Clock()
