"""The encoder in Keras computes, reads and writes what transformers does, in PyTorch; and the callbacks beside it."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from helpers.checkpoints.head import fit_head
from helpers.errors import CheckpointUnavailableError, TrainingDivergedError
from helpers.metrics import SCORES
from helpers.training.keras import build_tagger, load_pretrained, metric_callback, progress_table, save_pretrained

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
BOUND = 6e-6
LABELS = 5
COMMON = {"vocab_size": 99, "max_position_embeddings": 40, "num_labels": LABELS}
BERT = COMMON | {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
ARCHITECTURES = {
    "bert": BERT,
    "distilbert": COMMON | {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48},
    "roberta": BERT | {"pad_token_id": 1, "type_vocab_size": 1},
    "xlm-roberta": BERT | {"pad_token_id": 1, "type_vocab_size": 1, "layer_norm_eps": 1e-5},
    "camembert": BERT | {"pad_token_id": 3},
    "electra": BERT | {"embedding_size": 16},
}
every_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)


def checkpoint(folder, architecture, auto=AutoModelForTokenClassification, **settings):
    """Save a model whose weights are all random, biases and layer norms too, and large enough to matter."""
    torch.manual_seed(0)
    model = auto.from_config(AutoConfig.for_model(architecture, **ARCHITECTURES[architecture]))
    for name, parameter in model.named_parameters():
        parameter.data.normal_(mean=float(name.endswith("norm.weight") or "LayerNorm.weight" in name), std=0.2)
    model.save_pretrained(folder, **settings)
    return str(folder)


def tagger(folder, **settings):
    model = build_tagger(AutoConfig.from_pretrained(folder), LABELS, **settings)
    return model, load_pretrained(model, folder)


@pytest.fixture
def batch():
    """Three sentences of 12, 7 and 2 subwords."""
    random = np.random.default_rng(0)
    mask = (np.arange(12) < np.array([[12], [7], [2]])).astype(np.int64)
    return {"input_ids": np.where(mask, random.integers(4, 99, (3, 12)), 0), "attention_mask": mask}


def run_pytorch(model, batch):
    ids = np.where(batch["attention_mask"], batch["input_ids"], model.config.pad_token_id)
    with torch.no_grad():
        return model.eval()(torch.from_numpy(ids), torch.from_numpy(batch["attention_mask"]))


def pytorch_logits(folder, batch):
    model = AutoModelForTokenClassification.from_pretrained(folder, use_safetensors=True, dtype="float32")
    return run_pytorch(model, batch).logits.numpy()


def furthest(ours, theirs, batch):
    """The largest difference where there is no padding."""
    return np.abs(ours - theirs)[batch["attention_mask"] == 1].max()


@every_architecture
def test_logits_are_pytorchs_and_transformers_loads_what_is_saved(architecture, tmp_path, batch):
    folder = checkpoint(tmp_path / "checkpoint", architecture)
    model, new = tagger(folder)
    assert new == []
    expected = pytorch_logits(folder, batch)
    assert np.abs(expected).max() > 0.5
    assert furthest(model.predict_on_batch(batch), expected, batch) < BOUND
    for variable in model.trainable_variables:  # as if it had been trained
        variable.assign(variable * 1.25)
    config = AutoConfig.from_pretrained(folder)
    config.dtype = "float16"  # as a checkpoint's may be
    save_pretrained(model, config, str(tmp_path / "saved"))
    assert sorted(path.name for path in (tmp_path / "saved").iterdir()) == ["config.json", "model.safetensors"]
    assert furthest(model.predict_on_batch(batch), pytorch_logits(tmp_path / "saved", batch), batch) < BOUND
    named = AutoModelForTokenClassification.from_pretrained(folder)
    loaded, report = AutoModelForTokenClassification.from_pretrained(tmp_path / "saved", output_loading_info=True)
    assert loaded.dtype == torch.float32
    assert loaded.state_dict().keys() == named.state_dict().keys()
    assert not any(report.values()), report  # nothing is missing, left over or of another shape
    assert loaded.config.architectures == [type(named).__name__]
    again, new = tagger(str(tmp_path / "saved"))
    assert new == []
    assert np.array_equal(again.predict_on_batch(batch), model.predict_on_batch(batch))


@every_architecture
@pytest.mark.parametrize("auto", [AutoModel, AutoModelForMaskedLM, AutoModelForSequenceClassification])
def test_checkpoints_for_other_tasks_give_the_encoder_and_no_head(architecture, auto, tmp_path, batch):
    folder = checkpoint(tmp_path, architecture, auto)  # a sequence classifier with as many labels is among them
    model, new = tagger(folder)
    assert new == ["classifier.weight", "classifier.bias"]
    states = run_pytorch(AutoModel.from_pretrained(folder, use_safetensors=True), batch).last_hidden_state.numpy()
    encoder = keras.Model(model.inputs, model.layers[-2].output)
    assert furthest(encoder.predict_on_batch(batch), states, batch) < BOUND


def change_config(folder, **changes):
    path = Path(folder) / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_tagger_with_its_labels_in_another_order_keeps_its_head(tmp_path, batch):
    folder = checkpoint(tmp_path, "bert")
    names = [f"LABEL_{label}" for label in range(LABELS)]  # as the configuration calls them
    expected = tagger(folder)[0].predict_on_batch(batch)
    model, new = tagger(fit_head(folder, names[::-1]))
    assert new == []
    assert np.abs(model.predict_on_batch(batch) - expected[..., ::-1]).max() < BOUND
    other = build_tagger(AutoConfig.from_pretrained(folder), LABELS + 2)  # for other labels, the head is a new one
    assert load_pretrained(other, folder) == ["classifier.weight", "classifier.bias"]


def rewrite(folder, change):
    """Replace the weights by those that a function of name and tensor gives; None leaves one out."""
    path = Path(folder) / "model.safetensors"
    pairs = [change(name, tensor) for name, tensor in load_file(path).items()]
    save_file(dict(pair for pair in pairs if pair), path, {"format": "pt"})


def in_old_names(name, tensor):
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"), tensor


# What is done to a checkpoint of BERT, which computes the same afterwards
OTHER_FORMS = {
    "old names of layer norms": lambda folder: rewrite(folder, in_old_names),
    "float16": lambda folder: rewrite(folder, lambda name, tensor: (name, tensor.to(torch.float16))),
    "bfloat16": lambda folder: rewrite(folder, lambda name, tensor: (name, tensor.to(torch.bfloat16))),
    "several files": lambda folder: None,
    # Only ELECTRA has embeddings of another size.
    "no embedding size": lambda folder: change_config(folder, embedding_size=None),
    "another embedding size": lambda folder: change_config(folder, embedding_size=8),
}


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_weights_in_other_forms(form, tmp_path, batch):
    folder = checkpoint(tmp_path, "bert", max_shard_size="20KB" if form == "several files" else "10MB")
    assert (len(list(tmp_path.glob("*.safetensors"))) > 1) == (form == "several files")
    OTHER_FORMS[form](folder)
    assert furthest(tagger(folder)[0].predict_on_batch(batch), pytorch_logits(folder, batch), batch) < BOUND


def without_a_bias(name, tensor):
    return None if "layer.1.output.dense.bias" in name else (name, tensor)


def with_fewer_positions(name, tensor):
    return name, tensor[:-1].clone() if "position" in name else tensor


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: rewrite(folder, without_a_bias), r"has no weights for .*bias \(32,\)"),
        (lambda folder: rewrite(folder, with_fewer_positions), r"has no weights for .*weight \(40, 32\)"),
        (lambda folder: change_config(folder, model_type="deberta-v2"), "no model of the type 'deberta-v2'"),
        (lambda folder: change_config(folder, hidden_act="gelu_new"), "with the activation 'gelu_new'"),
    ],
)
def test_what_does_not_fit_the_encoder_is_refused(spoil, message, tmp_path):
    spoil(checkpoint(tmp_path, "bert"))
    with pytest.raises(CheckpointUnavailableError, match=message):
        tagger(str(tmp_path))


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16"])
def short_numbers(request):
    keras.config.set_dtype_policy(request.param)
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.weekly
def test_short_numbers_compute_nearly_the_same_and_train(short_numbers, tmp_path, batch):
    folder = checkpoint(tmp_path, "bert")
    model, _ = tagger(folder, dropout=0.1)
    logits, expected = model.predict_on_batch(batch), pytorch_logits(folder, batch)
    assert logits.dtype == np.float32
    assert 1e-4 < furthest(logits, expected, batch) < 0.1 * np.abs(expected).max()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100)
    model.compile(keras.optimizers.AdamW(1e-3, global_clipnorm=1.0), loss)
    labels = np.where(batch["attention_mask"], 1, -100)
    losses = [float(model.train_on_batch(batch, labels)) for _ in range(8)]
    assert losses[-1] < losses[0]


def test_keras_leaves_xla_off_on_a_gpu(monkeypatch, tmp_path):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *_: [SimpleNamespace(device_type="GPU")])
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model, _ = tagger(checkpoint(tmp_path, "bert"))
    for each in (other, model):
        each.compile("adam", "mse")
    assert (other.jit_compile, model.jit_compile) == (True, False)


RECIPE = """
import sys

import keras
import numpy as np
from datasets import Dataset
from transformers import AutoConfig, AutoTokenizer, DataCollatorForTokenClassification

from helpers.training.keras import build_tagger, load_pretrained, metric_callback, padded_batches, save_pretrained

checkpoint, folder = sys.argv[1:]
keras.utils.set_random_seed(1)
rows = Dataset.from_list([
    {"input_ids": [2, *range(5, 5 + n), 3], "attention_mask": [1] * (n + 2), "labels": [-100, *[n % 2] * n, -100]}
    for n in range(2, 12)
])
collator = DataCollatorForTokenClassification(AutoTokenizer.from_pretrained(checkpoint), return_tensors="np")
train, validation = padded_batches(rows, 4, collator, shuffle=True, seed=1), padded_batches(rows, 4, collator)
config = AutoConfig.from_pretrained(checkpoint)
config.id2label = {0: "O", 1: "B-person"}
model = build_tagger(config, 2, dropout=0.0)
load_pretrained(model, checkpoint)
model.get_layer("classifier").kernel.assign(np.linspace(-0.1, 0.1, 2 * config.hidden_size).reshape(-1, 2))
schedule = keras.optimizers.schedules.PolynomialDecay(1e-2, len(train) * 2, end_learning_rate=0.0)
optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.01, global_clipnorm=1.0)
optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100))
score = metric_callback(lambda pair: {"f1": (pair[0].argmax(-1) == pair[1])[pair[1] != -100].mean()}, validation)
best = keras.callbacks.ModelCheckpoint(
    folder + "/best.weights.h5", monitor="val_f1", mode="max", save_best_only=True, save_weights_only=True
)
settings = {"epochs": 2, "callbacks": [score, best], "shuffle": False, "verbose": 0}
fitted = model.fit(train, validation_data=validation, **settings)
model.load_weights(folder + "/best.weights.h5")
save_pretrained(model, config, folder)
print(keras.backend.backend(), *fitted.history["loss"], *fitted.history["val_loss"], *fitted.history["val_f1"])
"""


@pytest.mark.weekly
def test_the_recipe_runs_on_each_backend_and_gives_the_same(tmp_path):
    figures = []
    for backend in filter(find_spec, ("tensorflow", "torch", "jax")):
        (tmp_path / backend).mkdir()
        command = [sys.executable, "-c", RECIPE, ROOT / "tests/support/tiny_distilbert", tmp_path / backend]
        environment = os.environ | {"KERAS_BACKEND": backend}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        name, *values = done.stdout.split()
        assert name == backend
        figures.append([*map(float, values)])
        assert AutoModelForTokenClassification.from_pretrained(tmp_path / backend).config.id2label[1] == "B-person"
    assert len(figures) > 1
    assert all(values == pytest.approx(figures[0], abs=1e-3) for values in figures)


class Traced(keras.Model):
    """Counts how often TensorFlow runs through the training step to make a graph of it."""

    traces = 0

    def train_step(self, data):
        self.traces += 1
        return super().train_step(data)


def test_the_training_step_is_traced_once():
    inputs = keras.Input((2,))
    model = Traced(inputs, keras.layers.Dense(1)(inputs))
    model.compile("adam", "mse")
    data = (np.ones((4, 2)), np.ones((4, 1)))
    scores = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logs.update(dict.fromkeys([f"val_{name}" for name in SCORES], 0.5))
    )
    model.fit(*data, validation_data=data, epochs=2, callbacks=[scores, progress_table(1, 2)], verbose=0)
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
