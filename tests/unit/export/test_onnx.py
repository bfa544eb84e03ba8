"""The export to ONNX, against onnxruntime and PyTorch."""

import json
import re
import signal
import subprocess
import sys
import time
from importlib import util
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnxruntime import InferenceSession
from packaging.requirements import Requirement
from support.trained_models import KINDS, LABELS, TINY, save_model
from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer

from helpers.errors import DiskFullError, ExportError
from helpers.export import onnx as onnx_export
from helpers.export.onnx import export, main

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
TEXTS = ["Bo Li moved to Oslo .", "Ann", "서울 \N{WAVING HAND SIGN}", " ".join(["Oslo"] * 80)]


@pytest.fixture(scope="module", params=KINDS)
def exported(request, tmp_path_factory):
    """Export a model of each kind; its folder, and that of the export."""
    place = tmp_path_factory.mktemp(request.param)
    model = save_model(request.param, place / "model")
    export(str(model), place / "onnx")
    return model, place / "onnx"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_model("distilbert", tmp_path_factory.mktemp("distilbert") / "model")


def answers(file, inputs):
    session = InferenceSession(file, providers=["CPUExecutionProvider"])
    return session.run(None, {item.name: inputs[item.name] for item in session.get_inputs()})


@pytest.mark.parametrize("texts", [*([text] for text in TEXTS), TEXTS], ids=[*"abcd", "batch"])
def test_the_export_answers_as_the_model_does(exported, texts):
    model, folder = exported
    tokenizer = AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer(texts, padding=True, truncation=True, return_tensors="np")
    (logits,) = answers(folder / "model.onnx", inputs)
    original = AutoModelForTokenClassification.from_pretrained(model)
    with torch.no_grad():
        expected = original(**{name: torch.from_numpy(array) for name, array in inputs.items()}).logits.numpy()
    assert logits.shape == (*inputs["input_ids"].shape, len(LABELS))
    read = inputs["attention_mask"] == 1
    assert np.abs(logits - expected)[read].max() < 1e-4 < np.abs(expected)[read].max()
    assert (logits.argmax(axis=-1) == expected.argmax(axis=-1))[read].all()


def test_the_folder_holds_all_that_is_needed(exported):
    model, folder = exported
    names = {path.name for path in folder.iterdir()}
    assert {"model.onnx", "model_int8.onnx", "config.json", "tokenizer.json", "tokenizer_config.json"} <= names
    assert not [name for name in names if name.endswith((".part", ".data"))]
    assert AutoConfig.from_pretrained(folder).id2label == dict(enumerate(LABELS))
    ours, theirs = (AutoTokenizer.from_pretrained(place) for place in (folder, model))
    assert ours(TEXTS)["input_ids"] == theirs(TEXTS)["input_ids"]
    assert ours.model_max_length == theirs.model_max_length
    for name in ("model.onnx", "model_int8.onnx"):
        onnx.checker.check_model(folder / name, full_check=True)
    inputs = {item.name for item in InferenceSession(folder / "model.onnx").get_inputs()}
    segments = {"token_type_ids"} if model.parent.name.startswith("bert") else set()
    assert inputs == {"input_ids", "attention_mask"} | segments


def test_int8_is_smaller_and_near(exported):
    _, folder = exported
    whole, int8 = (folder / name for name in ("model.onnx", "model_int8.onnx"))
    assert int8.stat().st_size < 0.6 * whole.stat().st_size
    inputs = AutoTokenizer.from_pretrained(folder)(TEXTS[:2], padding=True, return_tensors="np")
    (exact,), (rounded,) = answers(whole, inputs), answers(int8, inputs)
    assert 0 < np.abs(exact - rounded).max() < 0.2 * np.abs(exact).max()


@pytest.mark.weekly
def test_the_weights_of_a_large_model_go_into_a_file_of_their_own(model, tmp_path, monkeypatch):
    inputs = AutoTokenizer.from_pretrained(model)(TEXTS, padding=True, truncation=True, return_tensors="np")
    found = []
    for limit in (onnx_export.LARGEST_FILE, 1000):
        monkeypatch.setattr(onnx_export, "LARGEST_FILE", limit)
        export(str(model), tmp_path / "onnx")
        found.append([answers(tmp_path / "onnx" / name, inputs) for name in ("model.onnx", "model_int8.onnx")])
    assert (tmp_path / "onnx" / "model.onnx").stat().st_size < (tmp_path / "onnx" / "model.onnx.data").stat().st_size
    np.testing.assert_array_equal(*found)


@pytest.mark.weekly
def test_an_earlier_export_is_replaced_and_anything_else_left_alone(model, tmp_path, capsys):
    (tmp_path / "onnx").mkdir()
    for name in ("model.onnx", "model_int8.onnx", "stale"):
        (tmp_path / "onnx" / name).touch()
    export(str(model), tmp_path / "onnx")
    assert not (tmp_path / "onnx" / "stale").exists()
    assert (tmp_path / "onnx" / "model_int8.onnx").stat().st_size > 0
    before = sorted(model.iterdir())
    capsys.readouterr()
    assert main([str(model), str(model)]) == 1
    assert re.match("ExportError: .* holds something else than an export, and is left", capsys.readouterr().err)
    assert sorted(model.iterdir()) == before


def without_classifier(folder):
    AutoConfig.from_pretrained(TINY).save_pretrained(folder)
    for name in ("model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((TINY / name).read_bytes())


def of_another_size(folder):
    save_model("distilbert", folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"dim": 32}))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "ExportError: there is no model folder"),
        (lambda folder: folder.mkdir(), "CheckpointUnavailableError: the checkpoint .* has no config.json"),
        (without_classifier, "ExportError: the model in .* is not trained yet: its weights hold no classifier"),
        (of_another_size, "CheckpointUnavailableError: the weights of the checkpoint .* do not fit its config.json"),
    ],
    ids=["missing", "empty", "encoder", "broken"],
)
def test_a_folder_that_cannot_be_exported_is_named_and_nothing_is_written(tmp_path, make, message, capsys):
    make(tmp_path / "model")
    before = sorted(tmp_path.iterdir())
    assert main([str(tmp_path / "model"), str(tmp_path / "onnx")]) == 1
    assert re.match(message, capsys.readouterr().err.splitlines()[-1])  # after the bars of libraries
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.weekly
def test_a_killed_export_leaves_no_folder_that_could_pass_for_one_and_the_next_removes_the_rest(model, tmp_path):
    command = [sys.executable, "-m", "helpers.export.onnx", model, tmp_path / "onnx"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / "onnx.part" / "model.onnx").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [path.name for path in tmp_path.iterdir()] == ["onnx.part"]
    export(str(model), tmp_path / "onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["onnx"]


def test_a_full_disk_is_named_and_nothing_stays_on_it(model, small_disk, tmp_path):
    disk = small_disk(tmp_path / "disk", "200k")
    with pytest.raises(DiskFullError, match=f"the disk of {disk.folder} is full"):
        export(str(model), disk.folder / "onnx")
    assert list(disk.folder.iterdir()) == []


@pytest.mark.weekly
@pytest.mark.parametrize(
    ("step", "error", "raised", "message"),
    [
        ("onnxruntime.quantization.quantize_dynamic", KeyboardInterrupt(), KeyboardInterrupt, "^$"),
        (
            "torch.onnx.export",
            torch.onnx.errors.OnnxExporterError("no such operator\nand more"),
            ExportError,
            "cannot be exported to ONNX: OnnxExporterError: no such operator$",
        ),
    ],
    ids=["is stopped", "cannot be exported"],
)
def test_an_export_that_breaks_leaves_nothing_and_the_model_as_it_was(
    model, tmp_path, monkeypatch, step, error, raised, message
):
    def breaks(*_, **__):
        raise error

    before = {path.name: path.read_bytes() for path in model.iterdir()}
    monkeypatch.setattr(step, breaks)
    with pytest.raises(raised, match=message):
        export(str(model), tmp_path / "onnx")
    assert list(tmp_path.iterdir()) == []
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_missing_packages_are_named_before_anything_else(monkeypatch, tmp_path):
    there = util.find_spec
    monkeypatch.setattr(onnx_export, "find_spec", lambda name: None if name.startswith("onnx") else there(name))
    with pytest.raises(ExportError, match=r"packages that are missing: pip install onnx onnxscript onnxruntime$"):
        export(str(tmp_path), tmp_path / "onnx")


def test_what_it_needs_is_pinned():
    lines = (ROOT / "requirements" / "main.in").read_text().splitlines()
    chosen = {Requirement(line.split("#")[0]).name for line in lines if "==" in line.split("#")[0]}
    assert set(onnx_export.PACKAGES) <= chosen
