"""Headless runs of the notebooks, from beginning to end."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import papermill
import pytest
import yaml
from bs4 import BeautifulSoup
from matplotlib.image import imread
from support.browsing import too_wide
from support.editions import (
    ONE_A_DAY,
    ROOT,
    code_cells,
    environment_without_caches,
    errors_of,
    lesson,
    link_project,
    outputs_of,
    python_of,
    read_notebook,
    run,
    run_command,
    run_whole,
    write_project,
)
from transformers import AutoConfig

from helpers.notebook.editions import EDITIONS, MAIN
from helpers.notebook.parameters import check_parameters
from helpers.notebook.results import KEYS, read_results
from helpers.run import editions
from helpers.run.__main__ import main

REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
FIGURES = {"label_counts", "learning_curves", "confusion_matrix"}
PAGES = [*MAIN, "report"]


@pytest.fixture(scope="module")
def first(workplace):
    """The run of both main editions, by one command."""
    done = run(workplace)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def smoke(workplace, first):
    """The folder of that run."""
    return workplace / "runs" / "smoke"


@pytest.fixture(scope="module", params=EDITIONS)
def edition(request, workplace, smoke):
    """An edition, which has run."""
    if request.param not in MAIN:
        run_whole(workplace, request.param)
    return request.param


@pytest.fixture(scope="module")
def notebook(smoke, edition):
    return read_notebook(smoke / f"{edition}.ipynb")


def page_of(smoke, name):
    return BeautifulSoup((smoke / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


# What a run leaves


def test_the_command_prints_both_results_and_writes_the_report(smoke, first):
    rows = {line.split()[0]: line for line in first.stdout.splitlines() if line.startswith(MAIN)}
    assert list(rows) == list(MAIN)
    (header,) = [line.split() for line in first.stdout.splitlines() if "precision" in line]
    for edition, row in rows.items():
        test = read_results(smoke / edition)["test"]
        cells = dict(zip(header, row.split()[1:], strict=False))
        for name in ("precision", "recall", "f1", "accuracy"):
            assert float(cells[name]) == round(test[name], 3)
    assert "cell" in first.stderr  # papermill's progress
    links = re.findall(r'(?:href|src)="([^":#]+)"', (smoke / "report.html").read_text(encoding="utf-8"))
    assert {f"{name}.html" for name in MAIN} <= set(links)
    assert {f"{name}/figures/{figure}.png" for name in MAIN for figure in FIGURES - {"label_counts"}} <= set(links)
    assert all((smoke / link).is_file() for link in links)


def test_artefacts(smoke, edition):
    folder, results = smoke / edition, read_results(smoke / edition)
    assert results.keys() == KEYS | {"seconds"}
    assert results["edition"] == edition
    assert results["dataset"]["sentences"]["train"] == 32
    assert results["parameters"]["epochs"] == len(results["history"]) == 2
    assert 0 < results["seconds"]["training"] < results["seconds"]["total"]
    assert {path.stem for path in (folder / "figures").iterdir()} == FIGURES
    assert all(imread(path).std() > 0 for path in (folder / "figures").iterdir())
    assert {"config.json", "tokenizer.json", "README.md"} <= {path.name for path in (folder / "model").iterdir()}
    assert AutoConfig.from_pretrained(folder / "model").id2label[9] == "B-person"
    other = read_results(smoke / "pytorch")  # the editions tell the same story
    assert (results["dataset"], results["model"]) == (other["dataset"], other["model"])
    assert results["history"][0].keys() == other["history"][0].keys()


def test_executed_notebook_reads_well(notebook):
    assert errors_of(notebook) == []
    assert "error" not in {output.output_type for output in outputs_of(notebook)}
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_inference_by_hand_and_by_pipeline_agree(notebook):
    (text,) = [cell.outputs[0].text for cell in notebook.cells if cell.source.startswith("by_hand = [")]
    assert text.startswith("[('")  # random weights find something, so the comparison has something to compare
    assert text.endswith("as the pipeline: True\n")


@pytest.fixture(scope="module", params=ONE_A_DAY)
def again(request, smoke, tmp_path_factory):
    """An edition, and the folder of its second run: from an empty one, without a home that can be written to."""
    environment = environment_without_caches(HOME="/dev/null/nobody")
    return request.param, run_whole(tmp_path_factory.mktemp("empty"), request.param, environment=environment)


def test_without_a_home_that_can_be_written_to_the_sample_runs_from_any_folder_and_it_is_said(again):
    edition, again = again
    said = (again / f"{edition}.ipynb").read_text(encoding="utf-8")
    assert "The cache /dev/null/nobody/.cache/huggingface cannot be written to or is full: " in said
    assert (again / "report.html").exists()


def test_the_same_seed_gives_the_same_to_the_last_digit(smoke, again):
    edition, again = again
    if edition not in MAIN:
        pytest.skip("promised of the main editions")
    one, other = (read_results(folder / edition) for folder in (smoke, again))
    assert [one[key] for key in ("history", "test", "errors")] == [other[key] for key in ("history", "test", "errors")]
    assert one["test"]["accuracy"] > 0
    weights = Path(edition, "model", "model.safetensors")
    assert (smoke / weights).read_bytes() == (again / weights).read_bytes()


# Pages


@pytest.mark.parametrize("edition", MAIN)
def test_a_page_stands_alone_and_lists_its_sections(smoke, edition):
    text = (smoke / f"{edition}.html").read_text(encoding="utf-8")
    assert text.count('src="data:image/png;base64') == len(FIGURES)
    assert 'src="data:image/svg+xml;base64' in text  # the badge and the drawing
    assert "<script" not in text and "widget-view" not in text
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)[^"']+\.(?:js|css)""", text)
    page = page_of(smoke, edition)
    headings = [heading.text for heading in page.select("main h2")]
    assert [entry.text for entry in page.select("nav.contents a[href^='#']")] == headings
    assert headings[0].startswith("1. ")
    assert len(headings) >= 10


@pytest.mark.parametrize("edition", MAIN)
def test_a_page_shows_the_training_and_the_sentence_to_try(smoke, edition):
    page = page_of(smoke, edition)
    table = page.select_one("progress").find_next("table")
    heads = [cell.text for cell in table.select("th")]
    assert heads == ["Epoch", "Training Loss", "Validation Loss", "Precision", "Recall", "F1", "Accuracy"]
    assert [row.td.text for row in table.select("tr") if row.td] == ["1", "2"]
    for kind in page.select("mark span"):
        kind.decompose()
    shown = [output.text for output in page.select(".output_subarea")]
    sentence = "My sister Hanna left Nokia, bakes bread in Lisbon now and plays Zelda all night."
    assert sum(text.count(sentence) for text in shown) == 1  # as it was written


@pytest.mark.parametrize("name", PAGES)
def test_links_of_a_page_lead_somewhere(smoke, name):
    page = page_of(smoke, name)
    links = {urlsplit(link["href"]) for link in page.select("a[href]")}
    beside = {link.path for link in links if not link.scheme and link.path}
    assert beside >= {f"{other}.html" for other in PAGES if other != name}
    assert all((smoke / path).is_file() for path in beside)
    places = [unquote(link.fragment) for link in links if not link.path]
    assert [place for place in places if not page.find(id=place)] == []
    repository = urlsplit(f"{REPOSITORY}/blob/main/")
    on_github = [link.path for link in links if link.netloc == repository.netloc]
    of_ours = [path.removeprefix(repository.path) for path in on_github if path.startswith(repository.path)]
    assert len(of_ours) >= (1 if name == "report" else 5)
    assert all((ROOT / path).is_file() for path in of_ours)


@pytest.mark.parametrize("width", [1366, 700])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_on_a_page_is_cut_off(smoke, watched, name, width):
    page, fired = watched
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((smoke / f"{name}.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert too_wide(page, "body") == []
    prose = page.locator("main p").evaluate_all("all => Math.max(...all.map(p => p.getBoundingClientRect().width))")
    assert prose <= 45 * 16  # some 90 letters
    if name == "keras":  # which shows source
        source = page.locator(".output_subarea pre", has_text="def build_tagger")
        assert "mono" in source.evaluate("element => getComputedStyle(element).fontFamily")
    assert fired == []


# Plain papermill


@pytest.mark.weekly
@pytest.mark.parametrize("edition", MAIN)
def test_plain_papermill_takes_a_profile_and_a_folder_whose_name_is_a_pattern(workplace, edition):
    by_hand = ["-m", "papermill", f"notebooks/token_classification_{edition}.ipynb", f"{edition}.ipynb"]
    by_hand += ["-f", "notebooks/profiles/smoke.yaml", "-p", "epochs", "1", "-p", "output_dir", f"[1] *?/{edition}"]
    done = subprocess.run([sys.executable, *by_hand], cwd=workplace, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(read_results(workplace / "[1] *?" / edition)["history"]) == 1
    assert [path.name for path in workplace.glob("*1*")] == ["[1] *?"]


@pytest.mark.weekly
@pytest.mark.parametrize("name", EDITIONS)
def test_plain_papermill_with_a_name_that_is_no_parameter(tmp_path, name):
    command = [python_of(name), "-m", "papermill", lesson(name), tmp_path / "out.ipynb"]
    command += ["-p", "epoch", "1", "-p", "seed", "7", "-p", "output_dir", tmp_path / "out"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "ParameterError: the notebooks have no parameter 'epoch', but 'epochs'; they have: " in done.stderr
    assert not (tmp_path / "out").exists()


# What a run does to earlier ones


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "unfinished" not in str(path)}


@pytest.fixture
def earlier(smoke, tmp_path):
    """The results of earlier runs, from whose folder the notebooks can be run, and notes of a reader's."""
    folder = link_project(tmp_path) / "runs" / "smoke"
    shutil.copytree(smoke, folder)
    for notes in (folder / "notes.txt", folder / "pytorch" / "notes.txt"):
        notes.write_text("mine")
    return folder


def test_a_run_that_fails_leaves_the_earlier_results_and_its_own_notebook(earlier):
    before = contents(earlier)
    left = earlier / "pytorch.unfinished" / "figures" / "of_a_killed_run.png"
    left.parent.mkdir(parents=True)
    left.touch()
    done = run(earlier.parents[1], dataset="./missing")
    assert done.returncode == 1
    message = "DatasetUnavailableError: the data folder missing cannot be read: No such file or directory"
    assert f"\n{message}\n" in done.stderr  # as a line of its own
    assert "Traceback" not in done.stderr  # a person's input was at fault
    assert f"the notebook up to there is {earlier / 'pytorch.unfinished.ipynb'}" in done.stderr
    unfinished = read_notebook(earlier / "pytorch.unfinished.ipynb")
    (error,) = [output for output in outputs_of(unfinished) if output.output_type == "error"]
    assert error.ename == "DatasetUnavailableError"
    assert message in (earlier / "pytorch.unfinished.html").read_text(encoding="utf-8")
    assert contents(earlier) == before
    assert not left.exists()


@pytest.mark.weekly
def test_a_run_replaces_the_one_before_and_nothing_else(earlier):
    keras = earlier / "keras"
    (keras / "metrics.json").write_text('{"schema_version": 2')
    (earlier / "keras.ipynb").write_text("[]")
    (earlier / "pytorch" / "model" / "of_the_earlier_run").touch()
    (earlier / "pytorch.unfinished").mkdir()
    before = contents(earlier)
    command = run_command("pytorch", seed=7, model="runs/smoke/pytorch/model")  # of the earlier run
    read, write = os.pipe()
    os.close(read)  # so that nothing can be printed
    done = subprocess.run(command, cwd=earlier.parents[1], stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert done.returncode == 0, done.stderr
    parameters = read_results(earlier / "pytorch")["parameters"]
    assert (parameters["seed"], parameters["output_dir"]) == (7, "runs/smoke/pytorch")
    report = (earlier / "report.html").read_text(encoding="utf-8")
    assert "<td>7</td>" in report and "<th>Keras</th>" not in report
    after = contents(earlier)
    kept = [path for path in before if keras in path.parents or path.name in ("notes.txt", "keras.ipynb", "keras.html")]
    assert {path: after.get(path) for path in kept} == {path: before[path] for path in kept}
    assert not (earlier / "pytorch" / "model" / "of_the_earlier_run").exists()
    assert [path for path in earlier.rglob("*") if path.suffix in (".unfinished", ".replaced")] == []
    assert [path for path, text in after.items() if path.suffix != ".bin" and b"unfinished" in text] == []


@pytest.mark.weekly
def test_a_killed_kernel_is_named(tmp_path):
    done = run(write_project(tmp_path, "import os; os.kill(os.getpid(), 9)"), "pytorch", "sample")
    assert done.returncode == 1
    assert "died: killed, perhaps for want of memory" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "runs" / "sample" / "pytorch.unfinished.ipynb").exists()


@pytest.fixture
def refusal(tmp_path, monkeypatch, capsys):
    """What gives a command's message, where nothing may run."""
    monkeypatch.chdir(link_project(tmp_path))

    def message(*arguments):
        assert main(list(arguments)) == 1
        shown = capsys.readouterr()
        assert "Running" not in shown.out
        return shown.err

    return message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--profile", "nope"), "no profile 'nope' in notebooks/profiles; there are: klue, sample, sample_ko, smoke"),
        (("-p", "epoch", "1"), "no parameter 'epoch', but 'epochs'; they have: dataset, model"),
        (("-p", "output_dir", "x"), "output_dir is set by the run itself"),
    ],
)
def test_mistakes_on_the_command_line_are_named_before_anything_runs(refusal, arguments, message):
    assert message in refusal(*arguments)


@pytest.mark.parametrize("name", ["model", "dataset"])
@pytest.mark.parametrize(
    "source", ["runs/smoke/pytorch.unfinished/model", "runs/smoke/../smoke/keras.unfinished", "link"]
)
def test_what_a_run_is_to_read_it_does_not_remove(refusal, name, source):
    Path("link").symlink_to("runs/smoke/pytorch.unfinished/model")
    files = [Path("runs/smoke", kept) for kept in ("pytorch.unfinished/model/a", "keras.unfinished/a")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    message = f"RunError: {name}='{source}' lies in runs/smoke/\\w+.unfinished, which this run removes first"
    assert re.search(message, refusal("--profile", "smoke", "-p", name, source))
    assert all(file.exists() for file in files)


def test_without_a_project_the_message_says_where_to_run(refusal, tmp_path, monkeypatch):
    monkeypatch.setattr(editions, "CHECKOUT", tmp_path / "nowhere")
    (tmp_path / "notebooks").unlink()
    assert "run this from the folder of the project" in refusal("--profile", "smoke")


def test_profiles_hold_valid_parameters():
    notebook = papermill.inspect_notebook(lesson("pytorch"))
    defaults = {name: ast.literal_eval(parameter["default"]) for name, parameter in notebook.items()}
    for profile in (ROOT / "notebooks" / "profiles").glob("*.yaml"):
        settings = yaml.safe_load(profile.read_text())
        assert settings.keys() <= defaults.keys(), profile
        assert check_parameters(defaults | settings) == defaults | settings
