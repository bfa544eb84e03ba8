"""What a training run does, step by step: recorded in either framework, to be compared."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.checkpoints import find

if TYPE_CHECKING:
    import tensorflow as tf
    from tf_keras.callbacks import Callback
    from transformers import TFPreTrainedModel, Trainer

RECORD = "steps.json"
LAST_WEIGHTS = "last"


def record_trainer(trainer: Trainer, folder: str) -> None:
    """Make a `Trainer` write down its steps, and the weights after the last one; called in the PyTorch edition."""
    from transformers import TrainerCallback

    losses, rates, batches = [], [], []
    training_step = trainer.training_step

    def recorded_step(model, inputs, *others):
        loss = training_step(model, inputs, *others)
        losses.append(loss.item())
        rates.append(trainer.lr_scheduler.get_last_lr()[0])
        batches.append(_digest(inputs["input_ids"].cpu().numpy()))
        return loss

    class Recorder(TrainerCallback):
        def on_step_end(self, args, state, control, model, optimizer, **others):
            if state.global_step == state.max_steps:
                decayed = {id(p) for group in optimizer.param_groups if group["weight_decay"] for p in group["params"]}
                names = [name for name, parameter in model.named_parameters() if id(parameter) in decayed]
                model.save_pretrained(Path(folder) / LAST_WEIGHTS)
                _write_steps(folder, losses, rates, batches, names)

    trainer.training_step = recorded_step
    trainer.add_callback(Recorder())


def keras_recorder(batches: tf.data.Dataset, folder: str) -> Callback:
    """Make a callback that writes down Keras's steps, and the weights after the last; for the TensorFlow edition."""
    import tf_keras

    class Recorder(tf_keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.losses, self.rates = [], []

        def on_train_batch_begin(self, batch, logs=None):
            self.rates.append(float(self.model.optimizer._decayed_lr("float32")))
            self.model.reset_metrics()  # the logs hold means since the last reset

        def on_train_batch_end(self, batch, logs=None):
            self.losses.append(float(logs["loss"]))

        def on_train_end(self, logs=None):
            (Path(folder) / LAST_WEIGHTS).mkdir()
            find.write_pytorch_weights(self.model, str(Path(folder) / LAST_WEIGHTS))
            digests = [_digest(inputs["input_ids"].numpy()) for inputs, _ in batches]
            _write_steps(folder, self.losses, self.rates, digests, _decayed_names(self.model))

    return Recorder()


def _decayed_names(model: TFPreTrainedModel) -> list[str]:
    from transformers.modeling_tf_pytorch_utils import convert_tf_weight_name_to_pt_weight_name

    decayed = [v for v in model.trainable_variables if model.optimizer._do_use_weight_decay(v.name)]
    return [convert_tf_weight_name_to_pt_weight_name(v.name, tf_weight_shape=v.shape)[0] for v in decayed]


def _digest(batch: np.ndarray) -> str:
    return hashlib.sha256(f"{batch.shape}{batch.tolist()}".encode()).hexdigest()


def _write_steps(folder: str, losses: list, rates: list, batches: list, decayed: list) -> None:
    record = {"loss": losses, "learning_rate": rates, "batch": batches, "decayed": sorted(decayed)}
    (Path(folder) / RECORD).write_text(json.dumps(record), encoding="utf-8")
