"""`helpers.training.keras`: what the Keras edition's callbacks do."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np

from helpers.metrics import SCORES
from helpers.training.keras import progress_table


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
