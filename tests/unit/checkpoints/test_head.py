"""A checkpoint's head is used for the labels that it was trained for, and for no others.

These tests also run with transformers 4 and TensorFlow (TF_USE_LEGACY_KERAS=1), where PyTorch is not installed.
"""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import transformers
from safetensors.numpy import load_file, save_file
from support.hostile import TINY
from transformers import AutoTokenizer

from helpers.checkpoints.find import resolve_checkpoint
from helpers.checkpoints.head import fit_head, has_head

NAMES = ["O", "B-x", "I-x"]
TORCH = find_spec("torch") is not None
Classifier = getattr(transformers, f"{'' if TORCH else 'TF'}AutoModelForTokenClassification")


def write_tagger(folder, names=NAMES, architecture="DistilBertForTokenClassification", head="classifier", parts=1):
    """Give the tiny encoder a head, and split its weights over several files."""
    shutil.copytree(TINY, folder)
    config = json.loads((folder / "config.json").read_text())
    labels = {"id2label": dict(enumerate(names)), "label2id": {name: label for label, name in enumerate(names)}}
    architectures = {"architectures": [architecture]} if architecture else {}
    (folder / "config.json").write_text(json.dumps(config | labels | {"architectures": None} | architectures))
    arrays = {f"distilbert.{name}": array for name, array in load_file(folder / "model.safetensors").items()}
    arrays[f"{head}.weight"] = np.random.default_rng(0).normal(size=(len(names), 16)).astype(np.float32)
    arrays[f"{head}.bias"] = np.arange(len(names), dtype=np.float32)
    (folder / "model.safetensors").unlink()
    files = {name: f"model-0000{number % parts + 1}-of-0000{parts}.safetensors" for number, name in enumerate(arrays)}
    if parts == 1:
        files = dict.fromkeys(arrays, "model.safetensors")
    for file in set(files.values()):
        save_file({name: arrays[name] for name in arrays if files[name] == file}, folder / file, {"format": "pt"})
    if parts > 1:
        (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": files}))
    return str(folder)


def load(folder, names):
    as_float = {"dtype": "float32"} if TORCH else {}
    labels = {"id2label": dict(enumerate(names)), "label2id": {name: label for label, name in enumerate(names)}}
    return Classifier.from_pretrained(folder, **labels, use_safetensors=True, **as_float)


def logits(model):
    """Those of each label, by its name."""
    inputs = AutoTokenizer.from_pretrained(TINY)("a text", return_tensors="pt" if TORCH else "tf")
    values = np.asarray(model(**inputs).logits.detach() if TORCH else model(**inputs).logits)
    return {name: values[0, :, label] for label, name in model.config.id2label.items()}


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("names", [NAMES, ["B-x", "I-x", "O"]])
@pytest.mark.parametrize("architecture", [None, "DistilBertForTokenClassification"])
def test_the_same_labels_keep_their_rows_whatever_their_order(tmp_path, capsys, names, parts, architecture):
    assert fit_head(str(TINY), names) == str(TINY)  # there is no head, and nothing is printed
    folder = write_tagger(tmp_path / "tagger", parts=parts, architecture=architecture)
    fitted = fit_head(resolve_checkpoint(folder), names)
    assert ("its rows are put in" in capsys.readouterr().out) == (names != NAMES)
    assert (fitted == folder) == (names == NAMES)
    expected, found = logits(load(folder, NAMES)), logits(load(fitted, names))
    assert expected.keys() == found.keys()
    for name in NAMES:
        assert np.allclose(expected[name], found[name], atol=1e-6), name


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize(
    ("tagger", "names"),
    [
        ({}, ["O", "B-x", "I-x", "B-y", "I-y"]),
        ({"names": ["LABEL_0", "LABEL_1", "LABEL_2"]}, NAMES),
        ({"names": ["LABEL_0", "LABEL_1", "LABEL_2"], "architecture": None}, NAMES),
        ({"architecture": "DistilBertForSequenceClassification"}, NAMES),
    ],
)
def test_another_head_gives_way_to_a_new_one_and_the_encoder_stays(tmp_path, capsys, tagger, names, parts):
    folder = write_tagger(tmp_path / "tagger", **tagger, parts=parts)
    before = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    fitted = fit_head(resolve_checkpoint(folder), names)
    assert capsys.readouterr().out.startswith("Head: new")
    assert not has_head(fitted)
    assert resolve_checkpoint(fitted) == fitted
    assert len(logits(load(fitted, names))) == len(names)
    stored, kept = (
        {name: array for path in Path(place).glob("*.safetensors") for name, array in load_file(path).items()}
        for place in (folder, fitted)
    )
    assert all(np.array_equal(stored[name], kept[name]) for name in stored if name.startswith("distilbert."))
    assert {path.name: path.read_bytes() for path in Path(folder).iterdir()} == before


def test_heads_of_another_name_and_type_are_put_in_order_too(tmp_path):
    folder = write_tagger(tmp_path / "tagger", head="score")
    path = Path(folder) / "model.safetensors"
    arrays = {name: array.astype(np.float16) for name, array in load_file(path).items()}
    save_file(arrays, path, {"format": "pt"})
    fitted = load_file(Path(fit_head(folder, NAMES[::-1])) / "model.safetensors")
    for name, array in arrays.items():
        assert np.array_equal(fitted[name], array[::-1] if name.startswith("score") else array)


@pytest.mark.skipif(TORCH, reason="transformers 5 writes no weights of TensorFlow")
def test_what_the_tensorflow_edition_saves_is_put_in_order_too(tmp_path):
    model = load(write_tagger(tmp_path / "tagger"), NAMES)
    model.save_pretrained(tmp_path / "saved", safe_serialization=True)
    for names in (NAMES[::-1], ["B-y"]):
        fitted = load(fit_head(str(tmp_path / "saved"), names), names)
        assert names == ["B-y"] or all(np.allclose(logits(model)[name], logits(fitted)[name]) for name in names)
