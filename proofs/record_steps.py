"""Make two trainings equal, and record their steps; called in a cell before each notebook's training."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.training.batches import LengthGroupedSampler
from helpers.training.keras import WEIGHT_NAMES, save_pretrained

if TYPE_CHECKING:
    import keras
    from transformers import PretrainedConfig, Trainer

RECORD, LAST_WEIGHTS = "steps.json", "last"
EPSILON = 1e-6  # BERT's: with less, rounding noise moves weights whose gradient is 0, such as the biases of keys


class Steps(list):
    """The batch, loss and learning rate of each step."""

    def add(self, ids: np.ndarray, loss: float, learning_rate: float) -> None:
        """Add a step; `ids` are the subwords of its batch, shape (sentences, subwords)."""
        digest = hashlib.sha256(f"{ids.shape}{ids.tolist()}".encode()).hexdigest()
        self.append((digest, float(loss), float(learning_rate)))

    def write(self, folder: str, decayed: list[str]) -> None:
        """Write all steps, and which weights decay, to ``steps.json``."""
        record = dict(zip(("batch", "loss", "learning_rate"), zip(*self, strict=True), strict=True))
        Path(folder, RECORD).write_text(json.dumps(record | {"decayed": decayed}), encoding="utf-8")


def matched_trainer(trainer_class: type[Trainer], folder: str) -> type[Trainer]:
    """Derive a `Trainer` that takes the sentences in the Keras edition's order, and records its steps in a folder."""
    from transformers import TrainerCallback

    steps = Steps()

    class WriteAtTheEnd(TrainerCallback):
        def on_step_end(self, args, state, control, model, optimizer, **others):
            if state.global_step == state.max_steps:  # `on_train_end` comes after the best weights are loaded
                groups = [group["params"] for group in optimizer.param_groups if group["weight_decay"]]
                decayed = {id(weight) for group in groups for weight in group}
                model.save_pretrained(Path(folder, LAST_WEIGHTS))
                steps.write(folder, [name for name, weight in model.named_parameters() if id(weight) in decayed])

    class MatchedTrainer(trainer_class):
        def __init__(self, *, args, **others):
            args.adam_epsilon = EPSILON
            super().__init__(args=args, callbacks=[WriteAtTheEnd()], **others)

        def _get_train_sampler(self, train_dataset=None):
            lengths = [len(ids) for ids in self.train_dataset["input_ids"]]
            return LengthGroupedSampler(lengths, self.args.train_batch_size, self.args.seed)

        def training_step(self, model, inputs, *others):
            loss = super().training_step(model, inputs, *others)
            steps.add(inputs["input_ids"].numpy(), loss, self.lr_scheduler.get_last_lr()[0])
            return loss

    return MatchedTrainer


def match_model(model: keras.Model, config: PretrainedConfig, folder: str) -> None:
    """Have a compiled Keras model, on TensorFlow, take PyTorch's steps, and record them in a folder."""
    import tensorflow as tf

    steps = Steps()
    optimizer, compute_loss, fit = model.optimizer, model.compute_loss, model.fit
    match_optimizer(optimizer)

    def recorded_loss(x, *others, training=True):
        loss = compute_loss(x, *others, training=training)
        if training:
            tf.numpy_function(steps.add, [x["input_ids"], loss, optimizer.learning_rate], [])
        return loss

    def recorded_fit(*data, **settings):
        fitted = fit(*data, **settings)
        weights = [(layer.name, weight) for layer in model.layers for weight in layer.trainable_variables]
        decayed = [(layer, weight.name) for layer, weight in weights if optimizer._use_weight_decay(weight)]
        save_pretrained(model, config, str(Path(folder, LAST_WEIGHTS)))
        steps.write(folder, [f"{layer.replace('-', '.')}.{WEIGHT_NAMES[name]}" for layer, name in decayed])
        return fitted

    model.compute_loss, model.fit = recorded_loss, recorded_fit


def match_optimizer(optimizer: keras.optimizers.AdamW) -> None:
    """Have Keras's AdamW, on TensorFlow, take the steps of PyTorch's.

    Keras adds epsilon before it corrects the mean squares for having started at 0; PyTorch adds it afterwards.
    TensorFlow keeps the gradient of the embeddings as rows, one for each occurrence of a subword, and Keras squares
    these, to clip and to scale; PyTorch first sums the rows of a subword.
    """
    import tensorflow as tf

    apply, update_step = optimizer.apply, optimizer.update_step

    def apply_summed(gradients, variables=None):
        apply([tf.convert_to_tensor(gradient) for gradient in gradients], variables)

    def update_with_epsilon_last(gradient, variable, learning_rate):
        step = tf.cast(optimizer.iterations + 1, tf.float32)
        optimizer.epsilon = EPSILON * tf.sqrt(1 - optimizer.beta_2**step)
        update_step(gradient, variable, learning_rate)
        optimizer.epsilon = EPSILON

    optimizer.apply, optimizer.update_step = apply_summed, update_with_epsilon_last
