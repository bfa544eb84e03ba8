"""Build a BERT-like tagger in Keras 3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.checkpoints.safety import CONFIG, SHARDS, TAGGER, WEIGHTS
from helpers.errors import CheckpointUnavailableError
from helpers.files import written_whole
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
    """Build an encoder with a head for token classification, with random weights.

    It takes ``input_ids`` and ``attention_mask``, integers of shape (sentences, subwords), and gives logits, float32 of
    shape (sentences, subwords, labels). With TensorFlow, ``compile`` leaves XLA off. The dropout is by default the
    configuration's. Raises `CheckpointUnavailableError` if that is of another kind of model.
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
    """Fill a model of `build_tagger` from a checkpoint's safetensors, and list the weights that stay new.

    Those are the head's, unless the checkpoint is a token classifier with as many labels. Raises
    `CheckpointUnavailableError` if a weight of the encoder is missing or has another shape.
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
            raise CheckpointUnavailableError(message.format(folder=folder, name=f"{name} {tuple(variable.shape)}"))
    return new


def save_pretrained(model: keras.Model, config: PretrainedConfig, folder: str) -> None:
    """Write a model as transformers' PyTorch class would, so that ``from_pretrained`` and ``pipeline`` load it.

    The configuration keeps its ``id2label``, and gets the name of the class and of the numbers' type.
    """
    from keras import ops
    from safetensors.numpy import save_file

    arrays = {}
    for name, variable in _named_weights(model):
        array = ops.convert_to_numpy(variable)
        # In memory order: safetensors would write a transposed view as it lies in memory, untransposed.
        arrays[name] = np.ascontiguousarray(array.T if variable.name == "kernel" else array)
    config.architectures = [f"{KINDS[config.model_type][1]}{TAGGER}"]
    config.dtype = "float32"  # the checkpoint may have been float16, and `from_pretrained` goes by this
    with written_whole(Path(folder) / WEIGHTS) as unfinished:
        save_file(arrays, unfinished, metadata={"format": "pt"})
    with written_whole(Path(folder) / CONFIG) as unfinished:
        config.to_json_file(unfinished)


def _prefix(config: PretrainedConfig) -> str:
    activation = getattr(config, "hidden_act", None) or config.activation
    if config.model_type not in KINDS or activation != "gelu":
        message = translate(
            "the Keras edition has no model of the type {kind} with the activation {activation};"
            " choose one of {kinds}, or take the PyTorch edition"
        )
        settings = {"kind": repr(config.model_type), "activation": repr(activation), "kinds": ", ".join(KINDS)}
        raise CheckpointUnavailableError(message.format(**settings))
    return KINDS[config.model_type][0]


def _named_weights(model: keras.Model) -> Iterator[tuple[str, keras.Variable]]:
    """Yield all weights with their names in the checkpoints."""
    for layer in model.layers:
        for variable in layer.weights:
            yield f"{layer.name.replace('-', '.')}.{WEIGHT_NAMES[variable.name]}", variable


def _read_weights(folder: str) -> dict[str, np.ndarray]:
    """Read all safetensors of a folder; old files call a layer norm's weights gamma and beta."""
    from safetensors.torch import load_file  # NumPy has no bfloat16

    tensors = {name: tensor for path in Path(folder).glob(SHARDS) for name, tensor in load_file(path).items()}
    return {
        name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias"): (
            tensor.float().numpy()
        )
        for name, tensor in tensors.items()
    }
