"""The tutorial as published, from end to end: data and encoder come from a Hub, and the model goes there."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from hub import content
from hub.conftest import settings_for
from hub.server import WRITE_TOKEN, Hub

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = {"max_train_examples": 32, "epochs": 1, "push_to_hub": True}


@pytest.fixture(scope="module")
def hub():
    hub = Hub()
    content.add_dataset(hub)
    content.add_encoder(hub)
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def settings(hub, tmp_path_factory):
    return settings_for(hub, tmp_path_factory.mktemp("home"), HF_HUB_ETAG_TIMEOUT="10", HF_HUB_DOWNLOAD_TIMEOUT="10")


@pytest.fixture(scope="module", params=["pytorch", "tensorflow"])
def run(request, hub, settings, tmp_path_factory):
    """Run an edition; returns its name, the folder of its results, and what it printed."""
    workplace = tmp_path_factory.mktemp("workplace")
    (workplace / "notebooks").symlink_to(ROOT / "notebooks")
    command = [sys.executable, "-m", "helpers.run", "--profile", "wnut17", "--edition", request.param]
    for name, value in (SETTINGS | {"hub_model_id": request.param}).items():
        command += ["-p", name, str(value)]
    done = subprocess.run(command, cwd=workplace, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return request.param, workplace / "runs" / "wnut17", done.stdout + done.stderr


@pytest.fixture
def pushed(run, hub):
    return hub.repositories["models", f"ada/{run[0]}"]


def test_data_and_encoder_are_those_of_the_hub(run, hub):
    framework, folder, _ = run
    results = json.loads((folder / framework / "metrics.json").read_text())
    assert results["dataset"]["name"] == "wnut_17"
    assert results["dataset"]["sentences"] == content.SENTENCES | {"train": 32}
    assert results["model"]["name"] == content.ENCODER
    weights = hub.repositories["models", content.ENCODER].at("main")[1]["model.safetensors"]
    assert results["model"]["digest"] == weights.sha256
    assert hub.unknown == []


def test_the_notebook_reads_well(run):
    framework, folder, _ = run
    notebook = nbformat.read(folder / f"{framework}.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    said = "".join(output.get("text", "") for output in outputs)
    assert f"The model will go to ada/{framework}." in said


def test_what_is_pushed_is_the_models_folder(run, pushed):
    framework, folder, _ = run
    local = {path.name: path.read_bytes() for path in (folder / framework / "model").iterdir()}
    files = dict(pushed.contents)
    files.pop(".gitattributes")
    assert files == local
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= files.keys()
    assert len(pushed.commits) == 2  # the first made the repository


def test_the_card_names_data_metrics_and_licence(run, pushed):
    framework, folder, _ = run
    results = json.loads((folder / framework / "metrics.json").read_text())
    card = pushed.contents["README.md"].decode()
    head = yaml.safe_load(card.split("---\n")[1])
    assert head["license"] == "apache-2.0"
    assert head["datasets"] == ["wnut_17"]
    assert head["base_model"] == content.ENCODER
    assert head["pipeline_tag"] == "token-classification"
    (result,) = head["model-index"][0]["results"]
    assert result["dataset"] == {"name": "wnut_17", "type": "wnut_17", "split": "test"}
    scores = {name: results["test"][name] for name in ("precision", "recall", "f1", "accuracy")}
    assert {metric["type"]: metric["value"] for metric in result["metrics"]} == scores
    assert head["metrics"] == list(scores)
    assert results["dataset"]["digest"] in card
    assert "32 train sentences" in card


def test_the_token_is_in_nothing_that_a_run_leaves(run, pushed):
    _, folder, said = run
    kept = [path.read_bytes() for path in folder.rglob("*") if path.is_file()] + list(pushed.contents.values())
    assert len(kept) > 20
    assert [content for content in [*kept, said.encode()] if WRITE_TOKEN.encode() in content] == []


PIPELINES = """
import json, os, sys
framework, *models = sys.argv[1:]
os.environ |= {"pytorch": {"USE_TF": "0"}, "tensorflow": {"TF_USE_LEGACY_KERAS": "1"}}[framework]
choice = {"framework": "tf"} if framework == "tensorflow" else {}  # newer releases have no choice
from helpers.notebook.startup import load_triton_first
load_triton_first()
from transformers import pipeline
sentence = "Mara Lindqvist left Lake Como for Acme in Rome."
found = [pipeline("ner", model=model, **choice)(sentence) for model in models]
print(json.dumps(found, default=float))
"""


def test_the_pipeline_finds_the_same_with_the_pushed_model_and_with_the_folder(run, settings):
    framework, folder, _ = run
    command = [sys.executable, "-c", PIPELINES, framework, f"ada/{framework}", folder / framework / "model"]
    done = subprocess.run(command, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pushed, local = json.loads(done.stdout.splitlines()[-1])
    assert pushed == local
    assert len(pushed) > 0
