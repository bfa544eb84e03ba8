"""`helpers.training.keras`: what the Keras edition's callbacks do."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.errors import TrainingDivergedError
from helpers.metrics import SCORES
from helpers.training.keras import metric_callback, progress_table


class Traced(keras.Model):
    """Counts how often TensorFlow runs through the training step to make a graph of it."""

    traces = 0

    def train_step(self, data):
        self.traces += 1
        return super().train_step(data)


class Scores(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs |= dict.fromkeys([f"val_{name}" for name in SCORES], 0.5)


def test_the_training_step_is_traced_once():
    inputs = keras.Input((2,))
    model = Traced(inputs, keras.layers.Dense(1)(inputs))
    model.compile("adam", "mse")
    data = (np.ones((4, 2)), np.ones((4, 1)))
    model.fit(*data, validation_data=data, epochs=2, callbacks=[Scores(), progress_table(1, 2)], verbose=0)
    assert model.traces == 1


class Spoil(keras.callbacks.Callback):
    """Makes a weight NaN in the second epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            self.model.layers[-1].bias.assign([np.nan, 0.0])


def test_an_epoch_with_nan_stops_the_training_before_a_later_callback_could_save_or_hide_it(tmp_path):
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100))
    data = tf.data.Dataset.from_tensors((np.ones((4, 5, 3)), np.array([[0, 1, -100, 1, 0]] * 4)))
    callbacks = [
        Spoil(),
        metric_callback(lambda prediction: {"f1": 0.5}, data),
        keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.weights.h5", save_weights_only=True),
    ]
    with pytest.raises(TrainingDivergedError, match="after epoch 2"):
        model.fit(data, validation_data=data, epochs=3, callbacks=callbacks, verbose=0)
    assert [path.name for path in tmp_path.iterdir()] == ["1.weights.h5"]
