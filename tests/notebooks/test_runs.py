"""Headless runs of the notebooks, from beginning to end."""

import ast
import json
import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import nbformat
import papermill
import pytest
import yaml
from bs4 import BeautifulSoup
from matplotlib.image import imread
from transformers import AutoConfig

from helpers.notebook.parameters import check_parameters
from helpers.notebook.results import KEYS
from helpers.run.editions import clear, load_profile, main

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORKS = ("pytorch", "tensorflow")
FOLDERS = {"en": Path("runs", "smoke"), "ko": Path("runs", "ko", "smoke")}
FIGURES = {"label_counts", "sentence_lengths", "learning_curves", "type_scores", "confusion_matrix"}


def run(*arguments, cwd=ROOT):
    command = [sys.executable, "-m", "helpers.run", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


@pytest.fixture(scope="module")
def smoke_in(workplace):
    """Run both editions in a language, once; without TensorFlow, the other alone."""
    editions = [] if find_spec("tensorflow") else ["--edition", "pytorch"]

    @cache
    def run_in(language):
        done = run("--profile", "smoke", "--language", language, *editions, cwd=workplace)
        assert done.returncode == 0, done.stderr
        return workplace / FOLDERS[language], done

    return run_in


@pytest.fixture(params=FOLDERS)
def smoke(smoke_in, request):
    return smoke_in(request.param)


def feedback(notebook):
    """Read what the exercises' checks say, by the classes of their boxes."""
    cells = [cell for cell in notebook.cells if "exercise" in cell.metadata.get("tags", [])]
    boxes = [cell.outputs[-1].data["text/html"] for cell in cells]
    return [re.search('class="feedback (.*?)"', box).group(1) for box in boxes]


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


@pytest.mark.tensorflow
def test_the_command_prints_both_results_and_writes_the_report(smoke):
    folder, done = smoke
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.startswith(FRAMEWORKS)}
    assert list(rows) == list(FRAMEWORKS)
    (header,) = [line.split() for line in done.stdout.splitlines() if "precision" in line]
    for framework, row in rows.items():
        test = json.loads((folder / framework / "metrics.json").read_text())["test"]
        cells = dict(zip(header, row.split()[1:], strict=False))
        assert {name: float(cells[name]) for name in ("precision", "recall", "f1", "accuracy")} == {
            name: round(test[name], 3) for name in ("precision", "recall", "f1", "accuracy")
        }
    assert "cell" in done.stderr  # papermill's progress
    report = (folder / "report.html").read_text(encoding="utf-8")
    links = re.findall(r'(?:href|src)="([^"]+)"', report)
    assert {f"{name}.html" for name in FRAMEWORKS} <= set(links)
    of_data = {"label_counts", "sentence_lengths"}
    assert {f"{name}/figures/{figure}.png" for name in FRAMEWORKS for figure in FIGURES - of_data} <= set(links)
    assert {f"pytorch/figures/{figure}.png" for figure in of_data} <= set(links)
    assert all((folder / link).is_file() for link in links)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_artefacts(smoke, framework):
    folder = smoke[0] / framework
    results = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert results.keys() == KEYS
    assert results["framework"] == framework
    assert results["dataset"]["sentences"]["train"] == 32
    assert results["parameters"]["epochs"] == len(results["history"]) == 2
    assert results["model"]["name"] == "./tests/support/tiny_distilbert"
    assert {"data", "tokenization", "model", "training", "test", "total"} == results["seconds"].keys()
    for name, report in results["alignment"].items():
        assert report["words"] == report["labelled"] + report["truncated"] + report["without_subword"], name
    assert {path.stem for path in (folder / "figures").iterdir()} == FIGURES
    assert all(imread(path).std() > 0 for path in (folder / "figures").iterdir())
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {
        path.name for path in (folder / "model").iterdir()
    }
    assert AutoConfig.from_pretrained(folder / "model").id2label[9] == "B-person"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_executed_notebook_reads_well(smoke, framework):
    notebook = nbformat.read(smoke[0] / f"{framework}.ipynb", as_version=4)
    for output in outputs(notebook):
        assert output.get("name") != "stderr", output.text
        assert output.output_type != "error"
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    for cell in notebook.cells:
        # Every cell ends in something to look at, the parameters alone excepted.
        settings = {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", []))
        assert cell.cell_type == "markdown" or cell.outputs or settings, cell.source


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_exercises_are_passed_over(smoke, framework):
    assert set(feedback(nbformat.read(smoke[0] / f"{framework}.ipynb", as_version=4))) == {"open"}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_solutions_are_folded_away_in_the_page(smoke, framework):
    page = BeautifulSoup((smoke[0] / f"{framework}.html").read_text(encoding="utf-8"), "html.parser")
    folded = page.find_all("details")
    assert len(folded) == len(feedback(nbformat.read(smoke[0] / f"{framework}.ipynb", as_version=4)))
    assert all("my_" in details.find("pre").text and not details.has_attr("open") for details in folded)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_both_languages_give_the_same_results(smoke_in, framework):
    files = [smoke_in(language)[0] / framework / "metrics.json" for language in FOLDERS]
    english, korean = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    for key in ("dataset", "model", "test", "errors", "alignment"):
        assert english[key] == korean[key]
    for one, other in zip(english["history"], korean["history"], strict=True):
        assert one == pytest.approx(other, rel=1e-3)  # threads add the losses up in an order of their own


@pytest.mark.parametrize("language", FOLDERS)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_each_solution_passes_its_check(tmp_path, framework, language):
    folder = ROOT / "notebooks" if language == "en" else ROOT / "notebooks" / language
    papermill.execute_notebook(
        folder / f"token_classification_{framework}_solved.ipynb",
        tmp_path / "solved.ipynb",
        load_profile("smoke") | {"output_dir": str(tmp_path / "out"), "export_onnx": True},
        cwd=ROOT,
    )
    notebook = nbformat.read(tmp_path / "solved.ipynb", as_version=4)
    statuses = feedback(notebook)
    assert statuses == ["right"] * len(statuses)
    assert len(statuses) >= 8
    require_a_faithful_export(tmp_path / "out", notebook)


def require_a_faithful_export(folder, notebook):
    results = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    original, whole, int8 = results["onnx"].values()
    assert original["entities"] == whole["entities"] == whole["same_entities"] > 0
    assert whole["same_tags"] == 1
    assert whole["largest_difference"] < 1e-4
    assert 0 < int8["same_tags"] <= 1
    assert original["f1"] == pytest.approx(results["test"]["f1"], abs=0.02)  # that was taken in bfloat16, perhaps
    assert min(entry["milliseconds"] for entry in results["onnx"].values()) > 0
    files = [folder / name for name in ("model/model.safetensors", "onnx/model.onnx", "onnx/model_int8.onnx")]
    assert [entry["megabytes"] * 1e6 for entry in results["onnx"].values()] == [path.stat().st_size for path in files]
    (line,) = [cell.outputs[-1].text for cell in notebook.cells if "by_onnx == by_pipeline" in cell.source]
    assert "True" in line.splitlines()[-1]
    assert not [output.text for output in outputs(notebook) if output.get("name") == "stderr"]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_training_shows_a_table_with_a_row_for_each_epoch(smoke, framework):
    notebook = nbformat.read(smoke[0] / f"{framework}.ipynb", as_version=4)
    (table,) = [o.data["text/html"] for o in outputs(notebook) if "<progress" in o.get("data", {}).get("text/html", "")]
    heads = re.findall(r"<th[^>]*>([^<]+)</th>", table)
    assert heads == ["Epoch", "Training Loss", "Validation Loss", "Precision", "Recall", "F1", "Accuracy"]
    assert [row.split("</td>")[0] for row in re.findall(r"<tr>\s*<td>(.*?)</tr>", table, re.DOTALL)] == ["1", "2"]
    value, total = map(int, re.search(r"value='(\d+)'.*?max='(\d+)'", table, re.DOTALL).groups())
    assert value == total


@pytest.mark.tensorflow
def test_both_editions_begin_with_the_same_weights(smoke_in):
    first_losses = []
    for framework in FRAMEWORKS:
        notebook = nbformat.read(smoke_in("en")[0] / f"{framework}.ipynb", as_version=4)
        (text,) = [cell.outputs[0].text for cell in notebook.cells if "with equal probabilities" in cell.source]
        first_losses.append(re.search(r"loss ([\d.]+);", text).group(1))
    assert first_losses[0] == first_losses[1]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_inference_by_hand_and_by_pipeline_agree(smoke, framework):
    notebook = nbformat.read(smoke[0] / f"{framework}.ipynb", as_version=4)
    (line,) = [cell.outputs[0].text for cell in notebook.cells if "by_hand == by_pipeline" in cell.source]
    by_hand, by_pipeline = map(int, re.findall(r"\d+", line))
    assert "True" in line
    assert by_hand == by_pipeline > 0  # random weights find something, so the comparison has something to compare


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_page_stands_alone(smoke, framework):
    page = (smoke[0] / f"{framework}.html").read_text(encoding="utf-8")
    assert page.count('src="data:image/png;base64') == len(FIGURES)
    assert 'src="data:image/svg+xml;base64' in page  # the badge
    assert "<script" not in page
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)[^"']+\.(?:js|css)""", page)
    assert "widget-view" not in page
    assert not re.search(r"\d%\|", page)  # a progress bar's text


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_sentence_to_try_is_on_the_page_once_and_as_it_was_written(smoke, framework):
    page = BeautifulSoup((smoke[0] / f"{framework}.html").read_text(encoding="utf-8"), "html.parser")
    for kind in page.select("mark span"):
        kind.decompose()
    shown = [output.text for output in page.select(".jp-OutputArea-output")]
    sentence = "My sister Hanna left Nokia, bakes bread in Lisbon now and plays Zelda all night."
    assert sum(text.count(sentence) for text in shown) == 1


LOAD_IN_BOTH = """
import os, sys
os.environ["TF_USE_LEGACY_KERAS"] = "1"
from helpers.notebook.startup import load_triton_first
load_triton_first()
import numpy as np
import torch
from safetensors.numpy import load_file
from transformers import AutoModelForTokenClassification, AutoTokenizer, TFAutoModelForTokenClassification, pipeline
folder = sys.argv[1]
tokenizer = AutoTokenizer.from_pretrained(folder)
sentences = ["Ann Lee moved to Oslo .", "hi"]
first = AutoModelForTokenClassification.from_pretrained(folder)
with torch.no_grad():
    one = first(**tokenizer(sentences, padding=True, return_tensors="pt")).logits.numpy()
second = TFAutoModelForTokenClassification.from_pretrained(folder)
other = second(**tokenizer(sentences, padding=True, return_tensors="tf")).logits.numpy()
weights = load_file(os.path.join(folder, "model.safetensors"))
assert {name: p.shape for name, p in first.named_parameters()} == {name: w.shape for name, w in weights.items()}
print(np.abs(one - other).max(), np.abs(one).max())
print(len(pipeline("ner", model=folder, framework="pt")(sentences[0])))
"""


@pytest.mark.tensorflow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_saved_model_loads_in_both_frameworks_alike(smoke_in, framework):
    command = [sys.executable, "-c", LOAD_IN_BOTH, smoke_in("en")[0] / framework / "model"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    difference, largest = map(float, done.stdout.split()[:2])
    assert difference < 1e-5 < largest


@pytest.mark.tensorflow
def test_both_editions_tell_the_same_story(smoke):
    first, second = (json.loads((smoke[0] / name / "metrics.json").read_text()) for name in FRAMEWORKS)
    for key in ("dataset", "model", "alignment"):
        assert first[key] == second[key]
    assert first["parameters"] | {"output_dir": ""} == second["parameters"] | {"output_dir": ""}
    assert first["history"][0].keys() == second["history"][0].keys()


def test_plain_papermill_with_a_profile_and_a_parameter(tmp_path):
    stale = tmp_path / "out" / "onnx"
    stale.mkdir(parents=True)
    for name in ("model.onnx", "model_int8.onnx"):
        (stale / name).touch()
    command = [
        sys.executable, "-m", "papermill", "notebooks/token_classification_pytorch.ipynb", tmp_path / "out.ipynb",
        "-f", "notebooks/profiles/smoke.yaml", "-p", "epochs", "1", "-p", "output_dir", tmp_path / "out",
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert len(json.loads((tmp_path / "out" / "metrics.json").read_text())["history"]) == 1
    assert not stale.exists()  # made from an earlier model


def test_a_failing_cell_ends_the_run_and_leaves_the_notebook(tmp_path):
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    folder = tmp_path / "runs" / "sample"
    (folder / "pytorch").mkdir(parents=True)
    stale = [folder / "report.html", folder / "pytorch.html", folder / "pytorch" / "metrics.json"]
    for path in stale:
        path.write_text("from an earlier run")
    done = run("--edition", "pytorch", "-p", "dataset", "./missing", cwd=tmp_path)
    assert done.returncode == 1
    message = "DatasetUnavailableError: the data folder missing cannot be read: No such file or directory"
    assert f"\n{message}\n" in done.stderr  # as a line of its own
    assert "Traceback" not in done.stderr  # a person's input was at fault
    notebook = nbformat.read(folder / "pytorch.ipynb", as_version=4)
    (error,) = [output for output in outputs(notebook) if output.output_type == "error"]
    assert error.ename == "DatasetUnavailableError"
    assert message in (folder / "pytorch.html").read_text(encoding="utf-8")
    assert not any(path.exists() and path.read_text() == "from an earlier run" for path in stale)


def test_a_killed_kernel_is_named(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("output_dir = ''"),
            nbformat.v4.new_code_cell("import os; os.kill(os.getpid(), 9)"),
        ],
        metadata=nbformat.read(ROOT / "notebooks" / "token_classification_pytorch.ipynb", 4).metadata,
    )
    notebook.cells[0].metadata["tags"] = ["parameters"]
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    nbformat.write(notebook, tmp_path / "notebooks" / "token_classification_pytorch.ipynb")
    (tmp_path / "notebooks" / "profiles" / "sample.yaml").write_text("{}")
    done = run("--edition", "pytorch", cwd=tmp_path)
    assert done.returncode == 1
    assert "died: killed, perhaps for want of memory" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "runs" / "sample" / "pytorch.ipynb").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--profile", "nope"), "no profile 'nope' in notebooks/profiles; there are: sample, smoke, wnut17"),
        (("-p", "epoch", "1"), "no parameter 'epoch'; they have: dataset, model"),
        (("-p", "output_dir", "x"), "output_dir is set by the run itself"),
    ],
)
def test_mistakes_on_the_command_line_are_named_before_anything_runs(
    workplace, arguments, message, monkeypatch, capsys
):
    monkeypatch.chdir(workplace)
    assert main(list(arguments)) == 1
    shown = capsys.readouterr()
    assert message in shown.err
    assert "Running" not in shown.out


@pytest.mark.parametrize("name", ["model", "dataset"])
@pytest.mark.parametrize("source", ["runs/smoke/pytorch/model", "runs/smoke/../smoke/tensorflow/checkpoints", "link"])
def test_what_a_run_is_to_read_it_does_not_clear(tmp_path, name, source, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("notebooks").symlink_to(ROOT / "notebooks")
    Path("link").symlink_to("runs/smoke/pytorch/model")
    files = [
        Path("runs/smoke", kept) for kept in ("pytorch/model/a", "tensorflow/checkpoints/a", "pytorch/metrics.json")
    ]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert main(["--profile", "smoke", "-p", name, source]) == 1
    message = f"RunError: {name}='{source}' lies in runs/smoke/\\w+, which this run clears first"
    assert re.search(message, capsys.readouterr().err)
    assert all(file.exists() for file in files)


def test_one_edition_may_read_what_the_other_has_left(tmp_path):
    (tmp_path / "pytorch" / "model").mkdir(parents=True)
    clear(("tensorflow",), tmp_path, {"model": str(tmp_path / "pytorch" / "model")})
    assert (tmp_path / "pytorch" / "model").exists()


def test_outside_of_the_project_the_message_says_where_to_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["--profile", "smoke"]) == 1
    assert "run this from the folder of the project" in capsys.readouterr().err


@pytest.mark.parametrize(
    "profile", sorted((ROOT / "notebooks" / "profiles").glob("*.yaml")), ids=lambda path: path.stem
)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_profiles_hold_valid_parameters(profile, framework):
    notebook = papermill.inspect_notebook(ROOT / "notebooks" / f"token_classification_{framework}.ipynb")
    defaults = {name: ast.literal_eval(parameter["default"]) for name, parameter in notebook.items()}
    settings = yaml.safe_load(profile.read_text())
    assert settings.keys() <= defaults.keys()
    assert check_parameters(defaults | settings) == defaults | settings
