"""Train with Keras, fast or by the plain recipe, and print speed and F1; `speed.py` runs it.

python benchmarks/train_keras.py '{"dataset": "sample", "speedups": true, "seed": 42, "epochs": 1, ...}'
"""

import math
import os
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from helpers.notebook.startup import prepare_framework

prepare_framework("keras")

import keras
from recipe import BATCH_SIZE, WARM_UP, WEIGHT_DECAY, Recipe, print_results, read_recipe
from transformers import AutoConfig, DataCollatorForTokenClassification

from helpers.metrics import tags_from_logits
from helpers.training.keras import build_tagger, fast_dtype_policy, load_pretrained, padded_batches


def main() -> None:
    """Train with a clock and score the test split."""
    recipe = read_recipe()
    speedups, seed, epochs = (recipe.settings[name] for name in ("speedups", "seed", "epochs"))
    collator = DataCollatorForTokenClassification(recipe.tokenizer, return_tensors="np")
    keras.utils.set_random_seed(seed)
    model, clock = compiled_model(recipe), Clock()
    for epoch in range(epochs):
        # Plain is a new random order for each epoch; fast also groups sentences of similar length.
        rows = recipe.train if speedups else recipe.train.shuffle(seed=seed + epoch)
        batches = padded_batches(rows, BATCH_SIZE, collator, shuffle=speedups, seed=seed, first_epoch=epoch)
        model.fit(batches, initial_epoch=epoch, epochs=epoch + 1, callbacks=[clock], shuffle=False, verbose=0)
    measured = len(recipe.train) * epochs - WARM_UP * BATCH_SIZE
    predicted, true = [], []
    for inputs, labels in padded_batches(recipe.test, 2 * BATCH_SIZE, collator):
        of_batch = tags_from_logits(model.predict_on_batch(inputs), labels.numpy(), recipe.names)
        predicted, true = predicted + of_batch[0], true + of_batch[1]
    numbers = keras.config.dtype_policy().name.removeprefix("mixed_")
    print_results(numbers, measured / (clock.last - clock.first), true, predicted)


def compiled_model(recipe: Recipe) -> keras.Model:
    """Build the lesson's model, with its optimizer and loss."""
    speedups, learning_rate = recipe.settings["speedups"], recipe.settings["learning_rate"]
    if speedups:
        keras.config.set_dtype_policy(fast_dtype_policy())
    model = build_tagger(AutoConfig.from_pretrained(recipe.checkpoint), num_labels=len(recipe.names))
    load_pretrained(model, recipe.checkpoint)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Embedding):
            layer.trainable = not speedups
    steps = math.ceil(len(recipe.train) / BATCH_SIZE) * recipe.settings["epochs"]
    schedule = keras.optimizers.schedules.PolynomialDecay(learning_rate, steps, end_learning_rate=0.0)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY, global_clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100))
    return model


class Clock(keras.callbacks.Callback):
    """Notes when the warm-up and when the last step ended."""

    def __init__(self):
        super().__init__()
        self.steps = 0

    def on_train_batch_end(self, batch, logs=None):
        """Note the time; the warm-up, with the making of the graph, is the first steps of all."""
        self.steps += 1
        self.last = time.perf_counter()
        if self.steps == WARM_UP:
            self.first = self.last


if __name__ == "__main__":
    main()
