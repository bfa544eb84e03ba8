"""Headless runs of the notebooks, from beginning to end."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import papermill
import pytest
import yaml
from bs4 import BeautifulSoup
from matplotlib.image import imread
from support.browsing import too_wide, watched_page
from support.editions import ROOT, lesson, python_of
from transformers import AutoConfig

from helpers.notebook.editions import EDITIONS, MAIN
from helpers.notebook.parameters import check_parameters
from helpers.notebook.results import KEYS, read_results
from helpers.run import editions
from helpers.run.__main__ import main

REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
FIGURES = {"label_counts", "learning_curves", "confusion_matrix"}


def run(*arguments, cwd=ROOT, python=sys.executable):
    command = [python, "-m", "helpers.run", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


@pytest.fixture(scope="module")
def smoke(workplace):
    """The folder of runs of all editions, and what the first command has said."""
    done = run("--profile", "smoke", cwd=workplace)
    assert done.returncode == 0, done.stderr
    return workplace / "runs" / "smoke", done


@pytest.fixture(scope="module")
def smoke_of(smoke, workplace):
    @cache
    def folder_with(edition):
        if edition not in MAIN:
            done = run("--profile", "smoke", "--edition", edition, cwd=workplace, python=python_of(edition))
            assert done.returncode == 0, done.stderr
        return smoke[0]

    return folder_with


@pytest.fixture(params=EDITIONS)
def edition(request):
    return request.param


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def test_the_command_prints_both_results_and_writes_the_report(smoke):
    folder, done = smoke
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.startswith(MAIN)}
    assert list(rows) == list(MAIN)
    (header,) = [line.split() for line in done.stdout.splitlines() if "precision" in line]
    for edition, row in rows.items():
        test = json.loads((folder / edition / "metrics.json").read_text())["test"]
        cells = dict(zip(header, row.split()[1:], strict=False))
        for name in ("precision", "recall", "f1", "accuracy"):
            assert float(cells[name]) == round(test[name], 3)
    assert "cell" in done.stderr  # papermill's progress
    report = (folder / "report.html").read_text(encoding="utf-8")
    links = re.findall(r'(?:href|src)="([^":#]+)"', report)
    assert {f"{name}.html" for name in MAIN} <= set(links)
    assert {f"{name}/figures/{figure}.png" for name in MAIN for figure in FIGURES - {"label_counts"}} <= set(links)
    assert all((folder / link).is_file() for link in links)


def test_artefacts(smoke_of, edition):
    folder = smoke_of(edition) / edition
    results = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert results.keys() == KEYS | {"seconds"}
    assert results["edition"] == edition
    assert results["dataset"]["sentences"]["train"] == 32
    assert results["parameters"]["epochs"] == len(results["history"]) == 2
    assert 0 < results["seconds"]["training"] < results["seconds"]["total"]
    assert {path.stem for path in (folder / "figures").iterdir()} == FIGURES
    assert all(imread(path).std() > 0 for path in (folder / "figures").iterdir())
    files = {path.name for path in (folder / "model").iterdir()}
    assert {"config.json", "tokenizer.json", "README.md"} <= files
    assert AutoConfig.from_pretrained(folder / "model").id2label[9] == "B-person"


def test_executed_notebook_reads_well(smoke_of, edition):
    notebook = nbformat.read(smoke_of(edition) / f"{edition}.ipynb", as_version=4)
    for output in outputs(notebook):
        assert output.get("name") != "stderr", output.text
        assert output.output_type != "error"
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_inference_by_hand_and_by_pipeline_agree(smoke_of, edition):
    notebook = nbformat.read(smoke_of(edition) / f"{edition}.ipynb", as_version=4)
    (text,) = [cell.outputs[0].text for cell in notebook.cells if cell.source.startswith("by_hand = [")]
    assert text.startswith("[('")  # random weights find something, so the comparison has something to compare
    assert text.endswith("as the pipeline: True\n")


@pytest.mark.parametrize("edition", MAIN)
def test_training_shows_a_table_with_a_row_for_each_epoch(smoke, edition):
    notebook = nbformat.read(smoke[0] / f"{edition}.ipynb", as_version=4)
    tables = [o.data["text/html"] for o in outputs(notebook) if "<progress" in o.get("data", {}).get("text/html", "")]
    heads = re.findall(r"<th[^>]*>([^<]+)</th>", tables[0])
    assert heads == ["Epoch", "Training Loss", "Validation Loss", "Precision", "Recall", "F1", "Accuracy"]
    assert [row.split("</td>")[0] for row in re.findall(r"<tr>\s*<td>(.*?)</tr>", tables[0], re.DOTALL)] == ["1", "2"]


@pytest.mark.parametrize("edition", MAIN)
def test_page_stands_alone(smoke, edition):
    page = (smoke[0] / f"{edition}.html").read_text(encoding="utf-8")
    assert page.count('src="data:image/png;base64') == len(FIGURES)
    assert 'src="data:image/svg+xml;base64' in page  # the badge and the drawing
    assert "<script" not in page
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)[^"']+\.(?:js|css)""", page)
    assert "widget-view" not in page


@pytest.mark.parametrize("name", [*MAIN, "report"])
def test_links_of_a_page_lead_somewhere(smoke, name):
    page = BeautifulSoup((smoke[0] / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    links = {urlsplit(link["href"]) for link in page.select("a[href]")}
    beside = {link.path for link in links if not link.scheme and link.path}
    assert beside >= {f"{other}.html" for other in (*MAIN, "report") if other != name}
    assert all((smoke[0] / path).is_file() for path in beside)
    places = [unquote(link.fragment) for link in links if not link.path]
    assert [place for place in places if not page.find(id=place)] == []
    repository = urlsplit(REPOSITORY)
    on_github = [link.path for link in links if link.netloc == repository.netloc]
    of_ours = [path for path in on_github if path.startswith(f"{repository.path}/blob/main/")]
    assert len(of_ours) >= (1 if name == "report" else 5)
    assert all((ROOT / path.removeprefix(f"{repository.path}/blob/main/")).is_file() for path in of_ours)


@pytest.mark.parametrize("edition", MAIN)
def test_a_page_lists_its_sections(smoke, edition):
    page = BeautifulSoup((smoke[0] / f"{edition}.html").read_text(encoding="utf-8"), "html.parser")
    headings = [heading.text for heading in page.select("main h2")]
    assert [entry.text for entry in page.select("nav.contents a[href^='#']")] == headings
    assert headings[0].startswith("1. ")
    assert len(headings) >= 10


@pytest.mark.parametrize("width", [1366, 700])
@pytest.mark.parametrize("name", [*MAIN, "report"])
def test_nothing_on_a_page_is_cut_off(smoke, browser, name, width):
    page, fired = watched_page(browser)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((smoke[0] / f"{name}.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert too_wide(page, "body") == []
    prose = page.locator("main p").evaluate_all("all => Math.max(...all.map(p => p.getBoundingClientRect().width))")
    assert prose <= 45 * 16  # some 90 letters
    assert fired == []
    page.close()


def test_shown_source_is_monospaced(smoke, browser):
    page, _ = watched_page(browser)
    page.goto((smoke[0] / "keras.html").as_uri())
    source = page.locator(".output_subarea pre", has_text="def build_tagger")
    assert "mono" in source.evaluate("element => getComputedStyle(element).fontFamily")
    page.close()


@pytest.mark.parametrize("edition", MAIN)
def test_the_sentence_to_try_is_on_the_page_once_and_as_it_was_written(smoke, edition):
    page = BeautifulSoup((smoke[0] / f"{edition}.html").read_text(encoding="utf-8"), "html.parser")
    for kind in page.select("mark span"):
        kind.decompose()
    shown = [output.text for output in page.select(".output_subarea")]
    sentence = "My sister Hanna left Nokia, bakes bread in Lisbon now and plays Zelda all night."
    assert sum(text.count(sentence) for text in shown) == 1


def test_the_editions_tell_the_same_story(smoke_of, edition):
    first, second = (json.loads((smoke_of(name) / name / "metrics.json").read_text()) for name in ("pytorch", edition))
    assert first["dataset"] == second["dataset"]
    assert first["model"] == second["model"]
    assert first["history"][0].keys() == second["history"][0].keys()


@pytest.mark.parametrize("edition", MAIN)
def test_the_same_seed_gives_the_same_to_the_last_digit(smoke, tmp_path, edition):
    for name in ("notebooks", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    done = run("--profile", "smoke", "--edition", edition, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    one, other = (folder / edition for folder in (smoke[0], tmp_path / "runs" / "smoke"))
    first, second = (json.loads((folder / "metrics.json").read_text()) for folder in (one, other))
    assert [first[key] for key in ("history", "test", "errors")] == [
        second[key] for key in ("history", "test", "errors")
    ]
    assert first["test"]["accuracy"] > 0
    weights = "model/model.safetensors"
    assert (one / weights).read_bytes() == (other / weights).read_bytes()


def test_plain_papermill_with_a_profile_and_a_parameter(tmp_path):
    command = [
        sys.executable, "-m", "papermill", "notebooks/token_classification_pytorch.ipynb", tmp_path / "out.ipynb",
        "-f", "notebooks/profiles/smoke.yaml", "-p", "epochs", "1", "-p", "output_dir", tmp_path / "out",
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert len(json.loads((tmp_path / "out" / "metrics.json").read_text())["history"]) == 1


@pytest.mark.parametrize("edition", EDITIONS)
def test_plain_papermill_with_a_name_that_is_no_parameter(tmp_path, edition):
    command = [
        python_of(edition), "-m", "papermill", lesson(edition), tmp_path / "out.ipynb",
        "-p", "epoch", "1", "-p", "seed", "7", "-p", "output_dir", tmp_path / "out",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "ParameterError: the notebooks have no parameter 'epoch', but 'epochs'; they have: " in done.stderr
    assert not (tmp_path / "out").exists()


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "unfinished" not in str(path)}


@pytest.fixture
def earlier(smoke, tmp_path):
    """A folder from which the notebooks can be run, with the results of earlier runs, and notes of a reader's."""
    for name in ("notebooks", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    folder = tmp_path / "runs" / "smoke"
    shutil.copytree(smoke[0], folder)
    for notes in (folder / "notes.txt", folder / "pytorch" / "notes.txt"):
        notes.write_text("mine")
    return folder


def test_a_run_that_fails_leaves_the_earlier_results_and_its_own_notebook(earlier):
    before = contents(earlier)
    left = earlier / "pytorch.unfinished" / "figures" / "of_a_killed_run.png"
    left.parent.mkdir(parents=True)
    left.touch()
    done = run("--profile", "smoke", "-p", "dataset", "./missing", cwd=earlier.parents[1])
    assert done.returncode == 1
    message = "DatasetUnavailableError: the data folder missing cannot be read: No such file or directory"
    assert f"\n{message}\n" in done.stderr  # as a line of its own
    assert "Traceback" not in done.stderr  # a person's input was at fault
    assert f"the notebook up to there is {earlier / 'pytorch.unfinished.ipynb'}" in done.stderr
    notebook = nbformat.read(earlier / "pytorch.unfinished.ipynb", as_version=4)
    (error,) = [output for output in outputs(notebook) if output.output_type == "error"]
    assert error.ename == "DatasetUnavailableError"
    assert message in (earlier / "pytorch.unfinished.html").read_text(encoding="utf-8")
    assert contents(earlier) == before
    assert not left.exists()


def test_a_run_replaces_the_one_before_and_nothing_else(earlier):
    keras = earlier / "keras"
    (keras / "metrics.json").write_text('{"schema_version": 2')
    (earlier / "keras.ipynb").write_text("[]")
    (earlier / "pytorch" / "model" / "of_the_earlier_run").touch()
    (earlier / "pytorch.unfinished").mkdir()
    before = contents(earlier)
    command = [sys.executable, "-m", "helpers.run", "--profile", "smoke", "--edition", "pytorch", "-p", "seed", "7"]
    command += ["-p", "model", "runs/smoke/pytorch/model"]  # of the earlier run
    read, write = os.pipe()
    os.close(read)  # so that nothing can be printed
    done = subprocess.run(command, cwd=earlier.parents[1], stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert done.returncode == 0, done.stderr
    assert read_results(earlier / "pytorch")["parameters"]["seed"] == 7
    assert "<td>7</td>" in (earlier / "report.html").read_text(encoding="utf-8")
    assert "<th>Keras</th>" not in (earlier / "report.html").read_text(encoding="utf-8")
    after = contents(earlier)
    kept = [path for path in before if keras in path.parents or path.name in ("notes.txt", "keras.ipynb", "keras.html")]
    assert {path: after.get(path) for path in kept} == {path: before[path] for path in kept}
    assert not (earlier / "pytorch" / "model" / "of_the_earlier_run").exists()
    assert [path for path in earlier.rglob("*") if path.suffix in (".unfinished", ".replaced")] == []
    assert [path for path, text in after.items() if path.suffix != ".bin" and b"unfinished" in text] == []
    assert read_results(earlier / "pytorch")["parameters"]["output_dir"] == "runs/smoke/pytorch"


def test_a_killed_kernel_is_named(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("output_dir = ''"),
            nbformat.v4.new_code_cell("import os; os.kill(os.getpid(), 9)"),
        ],
        metadata=nbformat.read(lesson("pytorch"), 4).metadata,
    )
    notebook.cells[0].metadata["tags"] = ["parameters"]
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    nbformat.write(notebook, tmp_path / "notebooks" / "token_classification_pytorch.ipynb")
    (tmp_path / "notebooks" / "profiles" / "sample.yaml").write_text("{}")
    done = run("--edition", "pytorch", cwd=tmp_path)
    assert done.returncode == 1
    assert "died: killed, perhaps for want of memory" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "runs" / "sample" / "pytorch.unfinished.ipynb").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--profile", "nope"), "no profile 'nope' in notebooks/profiles; there are: sample, smoke, wnut17"),
        (("-p", "epoch", "1"), "no parameter 'epoch', but 'epochs'; they have: dataset, model"),
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
@pytest.mark.parametrize(
    "source", ["runs/smoke/pytorch.unfinished/model", "runs/smoke/../smoke/keras.unfinished", "link"]
)
def test_what_a_run_is_to_read_it_does_not_remove(tmp_path, name, source, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("notebooks").symlink_to(ROOT / "notebooks")
    Path("link").symlink_to("runs/smoke/pytorch.unfinished/model")
    files = [Path("runs/smoke", kept) for kept in ("pytorch.unfinished/model/a", "keras.unfinished/a")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert main(["--profile", "smoke", "-p", name, source]) == 1
    message = f"RunError: {name}='{source}' lies in runs/smoke/\\w+.unfinished, which this run removes first"
    assert re.search(message, capsys.readouterr().err)
    assert all(file.exists() for file in files)


def test_a_profile_with_relative_paths_runs_from_any_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["--profile", "smoke", "--edition", "pytorch"]) == 0, capsys.readouterr().err
    assert (tmp_path / "runs" / "smoke" / "report.html").exists()


def test_without_a_project_the_message_says_where_to_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(editions, "CHECKOUT", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["--profile", "smoke"]) == 1
    assert "run this from the folder of the project" in capsys.readouterr().err


@pytest.mark.parametrize(
    "profile", sorted((ROOT / "notebooks" / "profiles").glob("*.yaml")), ids=lambda path: path.stem
)
def test_profiles_hold_valid_parameters(profile):
    notebook = papermill.inspect_notebook(lesson("pytorch"))
    defaults = {name: ast.literal_eval(parameter["default"]) for name, parameter in notebook.items()}
    settings = yaml.safe_load(profile.read_text())
    assert settings.keys() <= defaults.keys()
    assert check_parameters(defaults | settings) == defaults | settings
