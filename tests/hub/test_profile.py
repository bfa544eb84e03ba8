"""The tutorial as published, from end to end: data and encoder come from a Hub, and the model goes there."""

import json
import subprocess

import nbformat
import pytest
import yaml
from support.editions import ONE_A_DAY, link_project, python_of, run_command

from hub import content
from hub.conftest import settings_for
from hub.server import WRITE_TOKEN, Hub

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
    home = tmp_path_factory.mktemp("home")
    (home / "token").write_text(WRITE_TOKEN)
    settings = settings_for(hub, home, patience="10")
    del settings["HF_HUB_DISABLE_PROGRESS_BARS"]  # Trainer switches them off and on, and would warn that it can't
    return settings


@pytest.fixture(scope="module", params=ONE_A_DAY)
def run(request, settings, tmp_path_factory):
    """Run an edition; returns its name, the folder of its results, and what it printed."""
    workplace = link_project(tmp_path_factory.mktemp("workplace"))
    command = run_command(request.param, "wnut17", **SETTINGS, hub_model_id=f"ada/{request.param}")
    login = {"HF_TOKEN": ""} if request.param == "keras" else {}  # by file there, elsewhere by the variable
    done = subprocess.run(command, cwd=workplace, env=settings | login, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return request.param, workplace / "runs" / "wnut17", done.stdout + done.stderr


@pytest.fixture
def pushed(run, hub):
    return hub.repositories["models", f"ada/{run[0]}"].contents


@pytest.fixture
def results(run):
    return json.loads((run[1] / run[0] / "metrics.json").read_text())


def test_data_and_encoder_are_those_of_the_hub_and_the_notebook_prints_no_warning(run, hub, results):
    edition, folder, _ = run
    assert results["dataset"]["name"] == "wnut_17"
    assert results["dataset"]["sentences"] == content.SENTENCES | {"train": 32}
    encoder = hub.repositories["models", content.ENCODER]
    weights = encoder.commits[encoder.branches["main"]]["model.safetensors"]
    assert results["model"].items() >= {"name": content.ENCODER, "digest": weights.sha256}.items()
    assert hub.unknown == []
    notebook = nbformat.read(folder / f"{edition}.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []


def test_the_model_is_pushed_without_pickles_and_paths_and_nothing_holds_the_token(run, pushed):
    edition, folder, said = run
    local = content.contents(folder / edition / "model")
    assert {"config.json", "tokenizer.json", "README.md"} <= pushed.keys()
    (weights,) = {"model.safetensors", "tf_model.h5"} & pushed.keys()
    if weights in local:  # the TensorFlow edition saves another format than it pushes
        assert pushed[weights] == local[weights]
    assert [name for name in pushed if name.endswith((".bin", ".pt", ".pth")) or "checkpoint" in name] == []
    assert [name for name, file in pushed.items() if str(folder.parent).encode() in file] == []
    assert list(folder.rglob(".git")) == []  # in which transformers 4 would write the token
    kept = [path.read_bytes() for path in folder.rglob("*") if path.is_file()] + list(pushed.values())
    assert len(kept) > 20
    assert [file for file in [*kept, said.encode()] if WRITE_TOKEN.encode() in file] == []


def test_the_card_names_data_metrics_and_licence(run, pushed, results):
    edition, folder, _ = run
    card = (folder / edition / "model" / "README.md").read_text()
    if edition == "keras":  # Trainer and PushToHubCallback push cards of their own
        assert pushed["README.md"].decode() == card
    head = yaml.safe_load(card.split("---\n")[1])
    assert (head["license"], head["datasets"], head["base_model"]) == ("apache-2.0", ["wnut_17"], content.ENCODER)
    assert head["pipeline_tag"] == "token-classification"
    (result,) = head["model-index"][0]["results"]
    assert result["dataset"] == {"name": "wnut_17", "type": "wnut_17", "split": "test"}
    scores = {name: results["test"][name] for name in ("precision", "recall", "f1", "accuracy")}
    assert {metric["type"]: metric["value"] for metric in result["metrics"]} == scores
    assert head["metrics"] == list(scores)
    assert results["dataset"]["digest"] in card
    assert "32 train sentences" in card


PIPELINES = """
import json, os, sys
edition, *models = sys.argv[1:]
choice = {}
if edition == "tensorflow":
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    choice = {"framework": "tf"}
from transformers import pipeline
sentence = "Mara Lindqvist left Lake Como for Acme in Rome."
found = [pipeline("ner", model=model, **choice)(sentence) for model in models]
print(json.dumps(found, default=float))
"""


def test_the_pipeline_finds_the_same_with_the_pushed_model_and_with_the_folder(run, settings):
    edition, folder, _ = run
    command = [python_of(edition), "-c", PIPELINES, edition, f"ada/{edition}", folder / edition / "model"]
    done = subprocess.run(command, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pushed, local = json.loads(done.stdout.splitlines()[-1])
    assert pushed == local != []
