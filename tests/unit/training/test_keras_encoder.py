"""The encoder in Keras computes, reads and writes what transformers does, in PyTorch."""

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
    AutoTokenizer,
    pipeline,
)

from helpers.checkpoints.find import resolve_checkpoint
from helpers.checkpoints.head import fit_head
from helpers.errors import CheckpointUnavailableError
from helpers.training.keras_encoder import build_tagger, load_pretrained, save_pretrained

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


def pytorch_logits(folder, batch):
    model = AutoModelForTokenClassification.from_pretrained(folder, use_safetensors=True, dtype="float32").eval()
    padding = model.config.pad_token_id
    ids = np.where(batch["attention_mask"], batch["input_ids"], padding)
    with torch.no_grad():
        return model(torch.from_numpy(ids), torch.from_numpy(batch["attention_mask"])).logits.numpy()


def furthest(ours, theirs, batch):
    """The largest difference where there is no padding."""
    return np.abs(ours - theirs)[batch["attention_mask"] == 1].max()


@every_architecture
def test_logits_are_pytorchs(architecture, tmp_path, batch):
    folder = checkpoint(tmp_path, architecture)
    model, new = tagger(folder)
    assert new == []
    expected = pytorch_logits(folder, batch)
    assert np.abs(expected).max() > 0.5
    assert furthest(model.predict_on_batch(batch), expected, batch) < BOUND


@every_architecture
def test_transformers_loads_what_is_saved(architecture, tmp_path, batch):
    folder = checkpoint(tmp_path / "checkpoint", architecture)
    model, _ = tagger(folder)
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
    assert {name: tensor.shape for name, tensor in loaded.state_dict().items()} == {
        name: tensor.shape for name, tensor in named.state_dict().items()
    }
    assert not any(report.values()), report
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
    expected = AutoModel.from_pretrained(folder, use_safetensors=True).eval()
    ids = np.where(batch["attention_mask"], batch["input_ids"], expected.config.pad_token_id)
    with torch.no_grad():
        states = expected(torch.from_numpy(ids), torch.from_numpy(batch["attention_mask"])).last_hidden_state.numpy()
    encoder = keras.Model(model.inputs, model.layers[-2].output)
    assert furthest(encoder.predict_on_batch(batch), states, batch) < BOUND


@pytest.mark.parametrize("stray", [None, -1, 8])
def test_only_electra_has_embeddings_of_another_size(stray, tmp_path, batch):
    folder = checkpoint(tmp_path, "bert")
    expected = pytorch_logits(folder, batch)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"embedding_size": stray}))
    assert furthest(tagger(folder)[0].predict_on_batch(batch), expected, batch) < BOUND


def test_a_tagger_with_other_labels_gives_no_head(tmp_path):
    folder = checkpoint(tmp_path, "bert")
    model = build_tagger(AutoConfig.from_pretrained(folder), LABELS + 2)
    assert load_pretrained(model, folder) == ["classifier.weight", "classifier.bias"]


def test_a_tagger_with_its_labels_in_another_order_keeps_its_head(tmp_path, batch):
    folder = checkpoint(tmp_path, "bert")
    names = [f"LABEL_{label}" for label in range(LABELS)]  # as the configuration calls them
    expected = tagger(folder)[0].predict_on_batch(batch)
    model, new = tagger(fit_head(folder, names[::-1]))
    assert new == []
    assert np.abs(model.predict_on_batch(batch) - expected[..., ::-1]).max() < BOUND


def test_bundled_encoder(batch, tmp_path):
    folder = resolve_checkpoint("bundled")
    config = AutoConfig.from_pretrained(folder)
    model = build_tagger(config, LABELS)
    assert load_pretrained(model, folder) == ["classifier.weight", "classifier.bias"]
    config.id2label = {number: f"B-{number}" for number in range(LABELS)}
    save_pretrained(model, config, str(tmp_path))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.save_pretrained(tmp_path)
    batch["input_ids"] += 2000  # words
    assert furthest(model.predict_on_batch(batch), pytorch_logits(tmp_path, batch), batch) < BOUND
    text = "The Golden State Warriors play in San Francisco."
    inputs = tokenizer(text, return_tensors="np")
    best = model.predict_on_batch({name: inputs[name] for name in batch}).argmax(axis=-1)[0, 1:-1]
    assert [item["entity"] for item in pipeline("ner", model=str(tmp_path))(text)] == [f"B-{label}" for label in best]


def rewrite(folder, change):
    path = Path(folder) / "model.safetensors"
    save_file(
        {name: tensor for pair in load_file(path).items() for name, tensor in change(*pair)}, path, {"format": "pt"}
    )


def test_weights_in_several_files(tmp_path, batch):
    folder = checkpoint(tmp_path, "bert", max_shard_size="20KB")
    assert len(list(tmp_path.glob("model-0*.safetensors"))) > 2
    model, new = tagger(folder)
    assert new == []
    assert furthest(model.predict_on_batch(batch), pytorch_logits(folder, batch), batch) < BOUND


def test_old_names_of_layer_norms(tmp_path, batch):
    folder = checkpoint(tmp_path, "bert")
    expected = pytorch_logits(folder, batch)
    rewrite(
        folder,
        lambda name, tensor: [
            (
                name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"),
                tensor,
            )
        ],
    )
    assert furthest(tagger(folder)[0].predict_on_batch(batch), expected, batch) < BOUND


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_in_short_numbers(dtype, tmp_path, batch):
    folder = checkpoint(tmp_path, "bert")
    rewrite(folder, lambda name, tensor: [(name, tensor.to(dtype))])
    model, _ = tagger(folder)
    assert furthest(model.predict_on_batch(batch), pytorch_logits(folder, batch), batch) < BOUND


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda name, tensor: [] if "layer.1.output.dense.bias" in name else [(name, tensor)], "has no weights for"),
        (lambda name, tensor: [(name, tensor[:-1].clone() if "position" in name else tensor)], "weights of the shape"),
    ],
)
def test_an_encoder_with_a_gap_is_refused(change, message, tmp_path):
    folder = checkpoint(tmp_path, "bert")
    rewrite(folder, change)
    with pytest.raises(CheckpointUnavailableError, match=message):
        tagger(folder)


@pytest.mark.parametrize("change", [{"model_type": "deberta-v2"}, {"hidden_act": "gelu_new"}])
def test_another_kind_of_model_is_refused_by_name(change, tmp_path):
    folder = checkpoint(tmp_path, "bert")
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CheckpointUnavailableError, match=next(iter(change.values()))):
        tagger(folder)


@pytest.fixture
def policy(request):
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"], indirect=True)
def test_short_numbers_compute_nearly_the_same_and_train(policy, tmp_path, batch):
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
tokenizer = AutoTokenizer.from_pretrained(checkpoint)
rows = Dataset.from_list([
    {"input_ids": [2, *range(5, 5 + n), 3], "attention_mask": [1] * (n + 2), "labels": [-100, *[n % 2] * n, -100]}
    for n in range(2, 12)
])
collator = DataCollatorForTokenClassification(tokenizer, return_tensors="np")
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


def accuracy(pair):
    logits, labels = pair
    return {"f1": (logits.argmax(-1) == labels)[labels != -100].mean()}


best = keras.callbacks.ModelCheckpoint(
    folder + "/best.weights.h5", monitor="val_f1", mode="max", save_best_only=True, save_weights_only=True
)
fitted = model.fit(
    train, validation_data=validation, epochs=2, callbacks=[metric_callback(accuracy, validation), best], shuffle=False,
    verbose=0,
)
model.load_weights(folder + "/best.weights.h5")
save_pretrained(model, config, folder)
print(keras.backend.backend(), *fitted.history["loss"], *fitted.history["val_loss"], *fitted.history["val_f1"])
"""


def test_the_recipe_runs_on_each_backend_and_gives_the_same(tmp_path):
    figures = {}
    for backend, package in {"tensorflow": "tensorflow", "torch": "torch", "jax": "jax"}.items():
        if find_spec(package):
            folder = tmp_path / backend
            folder.mkdir()
            done = subprocess.run(
                [sys.executable, "-c", RECIPE, ROOT / "tests/support/tiny_distilbert", folder],
                env=os.environ | {"KERAS_BACKEND": backend},
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
            name, *values = done.stdout.split()
            assert name == backend
            figures[backend] = [float(value) for value in values]
            assert AutoModelForTokenClassification.from_pretrained(folder).config.id2label[1] == "B-person"
    assert len(figures) > 1
    for values in figures.values():
        assert values == pytest.approx(figures["tensorflow"], abs=1e-3)
