"""Build a BERT-like tagger in Keras 3."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.checkpoints.safety import CONFIG, SHARDS, TAGGER, WEIGHTS
from helpers.errors import CheckpointUnavailableError
from helpers.files import atomic_write
from helpers.notebook.language import translate

if TYPE_CHECKING:
    import keras
    from transformers import PretrainedConfig

# By model type: what the names of the weights begin with, and what transformers' class is called.
KINDS = {
    "bert": ("bert", "Bert"),
    "distilbert": ("distilbert", "DistilBert"),
    "roberta": ("roberta", "Roberta"),
    "xlm-roberta": ("roberta", "XLMRoberta"),
    "camembert": ("roberta", "Camembert"),
    "electra": ("electra", "Electra"),
}
# The names of a layer's parts in the checkpoints.
BERT = {
    "query": "encoder.layer.{}.attention.self.query",
    "key": "encoder.layer.{}.attention.self.key",
    "value": "encoder.layer.{}.attention.self.value",
    "attention": "encoder.layer.{}.attention.output.dense",
    "attention_norm": "encoder.layer.{}.attention.output.LayerNorm",
    "wide": "encoder.layer.{}.intermediate.dense",
    "narrow": "encoder.layer.{}.output.dense",
    "norm": "encoder.layer.{}.output.LayerNorm",
}
DISTILBERT = {
    "query": "transformer.layer.{}.attention.q_lin",
    "key": "transformer.layer.{}.attention.k_lin",
    "value": "transformer.layer.{}.attention.v_lin",
    "attention": "transformer.layer.{}.attention.out_lin",
    "attention_norm": "transformer.layer.{}.sa_layer_norm",
    "wide": "transformer.layer.{}.ffn.lin1",
    "narrow": "transformer.layer.{}.ffn.lin2",
    "norm": "transformer.layer.{}.output_layer_norm",
}
# What Keras and the checkpoints call the same weights.
WEIGHT_NAMES = {"kernel": "weight", "embeddings": "weight", "gamma": "weight", "beta": "bias", "bias": "bias"}
HEAD = "classifier"


def build_tagger(config: PretrainedConfig, num_labels: int, dropout: float | None = None) -> keras.Model:
    """Build an encoder with a head for token classification, with random weights.

    Parameters
    ----------
    config : PretrainedConfig
        Of BERT, DistilBERT, RoBERTa, XLM-R, CamemBERT or ELECTRA.
    num_labels : int
    dropout : float, optional
        By default the configuration's.

    Returns
    -------
    keras.Model
        Takes ``input_ids`` and ``attention_mask``, integers of shape (sentences, subwords); gives logits, float32 of
        shape (sentences, subwords, labels). With TensorFlow, ``compile`` leaves XLA off.

    Raises
    ------
    CheckpointUnavailableError
        If the configuration is of another kind of model.
    """
    from keras import Input, Model, backend, layers, ops

    prefix, names = _names(config)
    size, heads = config.hidden_size, config.num_attention_heads
    width = config.embedding_size if prefix == "electra" else size  # of the embeddings
    dropout = _dropout(config) if dropout is None else dropout

    def dense(x, name, units=size, activation=None):
        return layers.Dense(units, activation, name=_layer_name(prefix, name))(x)

    def norm(x, name):
        epsilon = getattr(config, "layer_norm_eps", 1e-12)
        return layers.LayerNormalization(epsilon=epsilon, name=_layer_name(prefix, name))(x)

    def embed(ids, name, count):
        return layers.Embedding(count, width, name=_layer_name(prefix, f"embeddings.{name}_embeddings"))(ids)

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
    if prefix != "distilbert":
        x = x + embed(ops.zeros_like(ids), "token_type", config.type_vocab_size)
    x = drop(norm(x, "embeddings.LayerNorm"))
    if width != size:
        x = dense(x, "embeddings_project")

    padding = (1 - ops.cast(mask, x.dtype))[:, None, None, :] * -3e4  # no attention to padding; fits float16
    for number in range(config.num_hidden_layers):
        part = {part: name.format(number) for part, name in names.items()}
        query, key, value = (split_heads(dense(x, part[name])) for name in ("query", "key", "value"))
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) / (size // heads) ** 0.5 + padding
        mixed = ops.matmul(drop(ops.softmax(scores)), value)
        mixed = dense(layers.Reshape((-1, size))(layers.Permute((2, 1, 3))(mixed)), part["attention"])
        x = norm(x + (mixed if prefix == "distilbert" else drop(mixed)), part["attention_norm"])
        wide = dense(x, part["wide"], _width(config), gelu)
        x = norm(x + drop(dense(wide, part["narrow"])), part["norm"])
    logits = layers.Dense(num_labels, dtype="float32", name=HEAD)(drop(x))
    model = Model({"input_ids": ids, "attention_mask": mask}, logits)
    if backend.backend() == "tensorflow":
        model.supports_jit = False  # XLA, which Keras would take on a GPU, compiles each length of a batch anew
    return model


def load_pretrained(model: keras.Model, folder: str) -> list[str]:
    """Fill a model from a checkpoint's safetensors.

    Parameters
    ----------
    model : keras.Model
        As `build_tagger` makes it; changed in place.
    folder : str
        Of the checkpoint.

    Returns
    -------
    list of str
        The names of the weights that stay new: those of the head, unless the checkpoint is a token classifier with
        as many labels.

    Raises
    ------
    CheckpointUnavailableError
        If a weight of the encoder is missing or has another shape.
    """
    from transformers import AutoConfig

    stored = _read_weights(folder)
    if not any(name.endswith(TAGGER) for name in AutoConfig.from_pretrained(folder).architectures or []):
        stored = {name: array for name, array in stored.items() if not name.startswith(HEAD)}  # for another task
    new = []
    for layer in model.layers:
        for variable in layer.weights:
            name = _weight_name(layer, variable)
            array = stored.get(name, stored.get(name.partition(".")[2]))  # a bare encoder has no prefix
            if array is not None and variable.name == "kernel":
                array = array.T
            if array is not None and array.shape == tuple(variable.shape):
                variable.assign(array)
            elif layer.name == HEAD:
                new.append(name)
            else:
                message = (
                    translate("the checkpoint {folder} has no weights for {name}")
                    if array is None
                    else translate("the checkpoint {folder} has weights of the shape {shape} for {name}")
                )
                shape = None if array is None else array.shape
                raise CheckpointUnavailableError(message.format(folder=folder, shape=shape, name=name))
    return new


def save_pretrained(model: keras.Model, config: PretrainedConfig, folder: str) -> None:
    """Write a model as transformers' PyTorch class would, so that ``from_pretrained`` and ``pipeline`` load it.

    Parameters
    ----------
    model : keras.Model
        As `build_tagger` makes it.
    config : PretrainedConfig
        Keeps its ``id2label``, and gets the name of the class and of the numbers' type.
    folder : str
        Created where it is missing.
    """
    from keras import ops
    from safetensors.numpy import save_file

    arrays = {}
    for layer in model.layers:
        for variable in layer.weights:
            array = ops.convert_to_numpy(variable)
            # In memory order: safetensors would write a transposed view as it lies in memory, untransposed.
            arrays[_weight_name(layer, variable)] = np.ascontiguousarray(
                array.T if variable.name == "kernel" else array
            )
    config.architectures = [f"{KINDS[config.model_type][1]}{TAGGER}"]
    config.dtype = "float32"  # the checkpoint may have been float16, and `from_pretrained` goes by this
    with atomic_write(Path(folder) / WEIGHTS) as unfinished:
        save_file(arrays, unfinished, metadata={"format": "pt"})
    with atomic_write(Path(folder) / CONFIG) as unfinished:
        config.to_json_file(unfinished)


def _names(config: PretrainedConfig) -> tuple[str, dict[str, str]]:
    activation = getattr(config, "hidden_act", None) or config.activation
    if config.model_type not in KINDS or activation != "gelu":
        raise CheckpointUnavailableError(
            translate(
                "the Keras edition has no model of the type {kind} with the activation {activation};"
                " choose one of {kinds}, or take the PyTorch edition"
            ).format(kind=repr(config.model_type), activation=repr(activation), kinds=", ".join(KINDS))
        )
    prefix, _ = KINDS[config.model_type]
    return prefix, DISTILBERT if prefix == "distilbert" else BERT


def _width(config: PretrainedConfig) -> int:
    return config.hidden_dim if config.model_type == "distilbert" else config.intermediate_size


def _dropout(config: PretrainedConfig) -> float:
    return config.dropout if config.model_type == "distilbert" else config.hidden_dropout_prob


def _layer_name(prefix: str, name: str) -> str:
    return f"{prefix}.{name}".replace(".", "-")  # PyTorch, as Keras's backend, takes no name with a dot


def _weight_name(layer: keras.Layer, variable: keras.Variable) -> str:
    return f"{layer.name.replace('-', '.')}.{WEIGHT_NAMES[variable.name]}"


def _read_weights(folder: str) -> dict[str, np.ndarray]:
    """Read all safetensors of a folder; old files call a layer norm's weights gamma and beta."""
    from safetensors.torch import load_file  # NumPy has no bfloat16

    return {
        name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias"): (
            tensor.float().numpy()
        )
        for path in sorted(Path(folder).glob(SHARDS))
        for name, tensor in load_file(path).items()
    }
