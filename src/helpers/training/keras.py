"""What the Keras edition has of its own: an encoder, batches and callbacks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from datasets import Dataset

from helpers.checkpoints.safety import CONFIG, SHARDS, TAGGER, WEIGHTS
from helpers.data.tagging import IGNORED
from helpers.disk.files import atomic_write
from helpers.errors import CheckpointUnavailableError
from helpers.metrics import SCORES
from helpers.notebook.language import translate
from helpers.training.batches import LengthGroupedSampler

if TYPE_CHECKING:
    import keras
    import tensorflow as tf
    from transformers import PretrainedConfig

MODEL_INPUTS = ("input_ids", "attention_mask")
# By model type: what the names of the weights begin with, and what transformers' class is called.
KINDS = {
    "bert": ("bert", "Bert"),
    "distilbert": ("distilbert", "DistilBert"),
    "roberta": ("roberta", "Roberta"),
    "xlm-roberta": ("roberta", "XLMRoberta"),
    "camembert": ("roberta", "Camembert"),
    "electra": ("electra", "Electra"),
}
# What the parts of a layer are called in BERT's checkpoints, and in DistilBERT's.
PARTS = {
    "query": ("encoder.layer.{}.attention.self.query", "transformer.layer.{}.attention.q_lin"),
    "key": ("encoder.layer.{}.attention.self.key", "transformer.layer.{}.attention.k_lin"),
    "value": ("encoder.layer.{}.attention.self.value", "transformer.layer.{}.attention.v_lin"),
    "attention": ("encoder.layer.{}.attention.output.dense", "transformer.layer.{}.attention.out_lin"),
    "attention_norm": ("encoder.layer.{}.attention.output.LayerNorm", "transformer.layer.{}.sa_layer_norm"),
    "wide": ("encoder.layer.{}.intermediate.dense", "transformer.layer.{}.ffn.lin1"),
    "narrow": ("encoder.layer.{}.output.dense", "transformer.layer.{}.ffn.lin2"),
    "norm": ("encoder.layer.{}.output.LayerNorm", "transformer.layer.{}.output_layer_norm"),
}
# What Keras and the checkpoints call the same weights.
WEIGHT_NAMES = {"kernel": "weight", "embeddings": "weight", "gamma": "weight", "beta": "bias", "bias": "bias"}
HEAD = "classifier"


def build_tagger(config: PretrainedConfig, num_labels: int, dropout: float | None = None) -> keras.Model:
    """Build an encoder with a head for token classification, with random weights, by default with its own dropout.

    It makes logits, float32 of shape (sentences, subwords, labels), of ``input_ids`` and ``attention_mask``, of shape
    (sentences, subwords). Raises `CheckpointUnavailableError` if the configuration is of another kind of model.
    """
    from keras import Input, Model, backend, layers, ops

    prefix = _prefix(config)
    distilled = prefix == "distilbert"
    size, heads = config.hidden_size, config.num_attention_heads
    width = config.embedding_size if prefix == "electra" else size  # of the embeddings
    wider = config.hidden_dim if distilled else config.intermediate_size
    if dropout is None:
        dropout = config.dropout if distilled else config.hidden_dropout_prob

    def layer_name(name):
        return f"{prefix}.{name}".replace(".", "-")  # PyTorch, as Keras's backend, takes no name with a dot

    def dense(x, name, units=size, activation=None):
        return layers.Dense(units, activation, name=layer_name(name))(x)

    def norm(x, name):
        return layers.LayerNormalization(epsilon=getattr(config, "layer_norm_eps", 1e-12), name=layer_name(name))(x)

    def embed(ids, name, count):
        return layers.Embedding(count, width, name=layer_name(f"embeddings.{name}_embeddings"))(ids)

    def drop(x):
        return layers.Dropout(dropout)(x)

    def split_heads(x):
        return layers.Permute((2, 1, 3))(layers.Reshape((-1, heads, size // heads))(x))

    def gelu(x):  # through erf, which TensorFlow computes faster than its own
        return 0.5 * x * (1 + ops.erf(x / 2**0.5))

    ids = Input((None,), dtype="int32", name="input_ids")
    mask = Input((None,), dtype="int32", name="attention_mask")

    positions = ops.cumsum(ops.ones_like(ids), axis=1) - 1
    if prefix == "roberta":  # counts from behind the padding's number
        positions = ops.cumsum(mask, axis=1) * mask + config.pad_token_id
    x = embed(ids, "word", config.vocab_size) + embed(positions, "position", config.max_position_embeddings)
    if not distilled:
        x = x + embed(ops.zeros_like(ids), "token_type", config.type_vocab_size)
    x = drop(norm(x, "embeddings.LayerNorm"))
    if width != size:
        x = dense(x, "embeddings_project")

    padding = (1 - ops.cast(mask, x.dtype))[:, None, None, :] * -3e4  # no attention to padding; fits float16
    for number in range(config.num_hidden_layers):
        part = {part: names[distilled].format(number) for part, names in PARTS.items()}
        query, key, value = (split_heads(dense(x, part[name])) for name in ("query", "key", "value"))
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) / (size // heads) ** 0.5 + padding
        mixed = ops.matmul(drop(ops.softmax(scores)), value)
        mixed = dense(layers.Reshape((-1, size))(layers.Permute((2, 1, 3))(mixed)), part["attention"])
        x = norm(x + (mixed if distilled else drop(mixed)), part["attention_norm"])
        x = norm(x + drop(dense(dense(x, part["wide"], wider, gelu), part["narrow"])), part["norm"])
    logits = layers.Dense(num_labels, dtype="float32", name=HEAD)(drop(x))
    model = Model({"input_ids": ids, "attention_mask": mask}, logits)
    if backend.backend() == "tensorflow":
        model.supports_jit = False  # XLA, which Keras would take on a GPU, compiles each length of a batch anew
    return model


def load_pretrained(model: keras.Model, folder: str) -> list[str]:
    """Fill a model of `build_tagger` from a checkpoint's safetensors, and list the head's weights if these stay new.

    Raises `CheckpointUnavailableError` if a weight of the encoder is missing or has another shape.
    """
    from transformers import AutoConfig

    stored = _read_weights(folder)
    if not any(name.endswith(TAGGER) for name in AutoConfig.from_pretrained(folder).architectures or []):
        stored = {name: array for name, array in stored.items() if not name.startswith(HEAD)}  # for another task
    new = []
    for name, variable in _named_weights(model):
        array = stored.get(name, stored.get(name.partition(".")[2]))  # a bare encoder has no prefix
        if array is not None and variable.name == "kernel":
            array = array.T
        if array is not None and array.shape == tuple(variable.shape):
            variable.assign(array)
        elif name.startswith(HEAD):
            new.append(name)
        else:
            message = translate("the checkpoint {folder} has no weights for {name}")
            raise CheckpointUnavailableError(message, folder=folder, name=f"{name} {tuple(variable.shape)}")
    return new


def save_pretrained(model: keras.Model, config: PretrainedConfig, folder: str) -> None:
    """Write a model as transformers' PyTorch class would, so that ``from_pretrained`` and ``pipeline`` load it."""
    from keras import ops
    from safetensors.numpy import save_file

    arrays = {}
    for name, variable in _named_weights(model):
        array = ops.convert_to_numpy(variable)
        # In memory order: safetensors would write a transposed view as it lies in memory, untransposed.
        arrays[name] = np.ascontiguousarray(array.T if variable.name == "kernel" else array)
    config.architectures = [f"{KINDS[config.model_type][1]}{TAGGER}"]
    config.dtype = "float32"  # the checkpoint may have been float16, and `from_pretrained` goes by this
    with atomic_write(Path(folder) / WEIGHTS) as unfinished:
        save_file(arrays, unfinished, metadata={"format": "pt"})
    with atomic_write(Path(folder) / CONFIG) as unfinished:
        config.to_json_file(unfinished)


def _prefix(config: PretrainedConfig) -> str:
    activation = getattr(config, "hidden_act", None) or config.activation
    if config.model_type not in KINDS or activation != "gelu":
        message = translate(
            "the Keras edition has no model of the type {kind} with the activation {activation};"
            " choose one of {kinds}, or take the PyTorch edition"
        )
        kind = repr(config.model_type)
        raise CheckpointUnavailableError(message, kind=kind, activation=repr(activation), kinds=", ".join(KINDS))
    return KINDS[config.model_type][0]


def _named_weights(model: keras.Model) -> Iterator[tuple[str, keras.Variable]]:
    """Yield all weights with their names in the checkpoints."""
    for layer in model.layers:
        for variable in layer.weights:
            yield f"{layer.name.replace('-', '.')}.{WEIGHT_NAMES[variable.name]}", variable


def _read_weights(folder: str) -> dict[str, np.ndarray]:
    """Read all safetensors of a folder; old files call a layer norm's weights gamma and beta."""
    from safetensors.torch import load_file  # NumPy has no bfloat16

    arrays = {}
    for name, tensor in (item for path in Path(folder).glob(SHARDS) for item in load_file(path).items()):
        name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
        arrays[name] = tensor.float().numpy()
    return arrays


def fast_dtype_policy() -> str:
    """Choose the numbers in which Keras multiplies matrices fast, for ``keras.config.set_dtype_policy``."""
    import tensorflow as tf

    from helpers.training.speed import processor_multiplies_bfloat16

    gpus = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    if gpus:
        return "mixed_bfloat16" if gpus[0].get("compute_capability", (0, 0)) >= (8, 0) else "mixed_float16"
    return "mixed_bfloat16" if processor_multiplies_bfloat16() else "float32"


def padded_batches(
    rows: Dataset,
    batch_size: int,
    data_collator: Callable[[list[dict]], dict],
    shuffle: bool = False,
    seed: int = 0,
    first_epoch: int = 0,
) -> tf.data.Dataset:
    """Make batches of inputs and labels, int64 of shape (sentences, subwords), as long as their longest sentence.

    If shuffled, each epoch has another order, by `LengthGroupedSampler`, from that of `first_epoch` on, where a
    training is resumed. The collator pads a list of rows and gives NumPy arrays.
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

    It adds each score to the logs as ``val_<name>``, so it goes before callbacks that look for one, or that save. It
    raises `TrainingDivergedError`. `compute_metrics` gets the logits of all batches, of shape (sentences, subwords,
    labels), and their labels, of shape (sentences, subwords), padded with -100.
    """
    import keras

    from helpers.training.divergence import require_finite

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
    """Make a callback with the progress bar and table of scores that transformers' `Trainer` displays in a notebook.

    Keras's own bar leaves debris in a saved notebook. It goes behind the callbacks that add scores.
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
