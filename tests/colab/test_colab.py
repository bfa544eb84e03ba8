"""All editions on a machine as Colab hands it out: the notebook's file alone, and its releases."""

import re
import shutil
import tomllib
from datetime import datetime
from itertools import count

import papermill
import pytest
from support.editions import ROOT, code_cells, errors_of, lesson, read_notebook

from colab.machine import ENVIRONMENTS, Machine, install_packages, repository_of_checkout
from helpers.notebook.editions import MAIN
from helpers.notebook.results import read_results

pytestmark = pytest.mark.colab
SETTINGS = {"dataset": "sample", "model": "bundled", "epochs": 1, "learning_rate": 2e-4, "max_train_examples": 64}


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return repository_of_checkout(tmp_path_factory.mktemp("git") / "repository")


@pytest.fixture
def machine(repository):
    """What makes a machine; all are removed at the end."""
    address = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
    folders = (ENVIRONMENTS / f"machine-{number}" for number in count())
    made = []

    def make():
        packages = install_packages()
        made.append(next(folders))
        shutil.rmtree(made[-1], ignore_errors=True)
        return Machine(packages, made[-1], address, repository)

    yield make
    for folder in made:
        shutil.rmtree(folder)


def assert_ran(executed, edition):
    assert errors_of(read_notebook(executed)) == []
    results = read_results(executed.parent / "output" / edition)
    assert results["dataset"]["sentences"]["train"] == SETTINGS["max_train_examples"]
    assert len(results["history"]) == 1
    return results


def seconds_to(tag, executed):
    """Measure the time from opening a notebook to a cell, and what of it the first cell took."""
    notebook = read_notebook(executed)
    (cell,) = (cell for cell in notebook.cells if tag in cell.metadata.get("tags", []))
    first = code_cells(notebook)[0]
    opened = datetime.fromisoformat(notebook.metadata.papermill.start_time)
    reached = datetime.fromisoformat(cell.metadata.papermill.start_time)
    return (reached - opened).total_seconds(), first.metadata.papermill.duration


@pytest.mark.parametrize("edition", MAIN)
def test_main_editions_run_on_what_is_installed(edition, machine, capsys):
    colab = machine()
    before = colab.releases()
    files = {package: colab.files(package) for package in ("keras", "tensorflow", "torch", "transformers")}
    executed = colab.run(lesson(edition), **SETTINGS)
    results = assert_ran(executed, edition)
    assert results["versions"]["transformers"] == before["transformers"]
    assert before["transformers"].startswith("5.")
    after = colab.releases()
    assert {name: release for name, release in after.items() if name in before} == before  # nothing was reinstalled
    assert {package: colab.files(package) for package in files} == files
    total, first = seconds_to("training", executed)
    with capsys.disabled():
        print(f"\n{edition}: from opening to training {total:.0f} s, {first:.0f} s of them in the first cell")


def test_tensorflow_edition_installs_what_it_needs_and_goes_on(machine):
    colab = machine()
    before = colab.releases()
    executed = colab.run(lesson("tensorflow"), **SETTINGS)
    results = assert_ran(executed, "tensorflow")
    after = colab.releases()
    assert after["tensorflow"] == before["tensorflow"]
    assert after["torch"] == before["torch"]
    assert after["tf_keras"].rpartition(".")[0] == before["tensorflow"].rpartition(".")[0]
    lock = (ROOT / "requirements" / "transformers4.in").read_text()
    (pinned,) = re.findall(r"^transformers==(\S+)", lock, re.MULTILINE)
    assert results["versions"]["transformers"] == after["transformers"] == pinned


def test_tensorflow_edition_asks_for_a_restart_where_one_is_due_and_then_runs(machine):
    colab = machine()
    colab.import_at_start("google.colab", "transformers")
    with pytest.raises(papermill.PapermillExecutionError) as caught:
        colab.run(lesson("tensorflow"), **SETTINGS)
    assert caught.value.ename == "RestartNeededError"
    assert re.search(r"transformers 5\.\S+ was imported, 4\.\S+ is installed", caught.value.evalue)
    assert "Restart the runtime" in caught.value.evalue
    assert caught.value.exec_count == 1
    colab.import_at_start("google.colab")
    executed = colab.run(lesson("tensorflow"), **SETTINGS)
    first = code_cells(read_notebook(executed))[0]
    assert [output.text for output in first.outputs if output.get("text")] == []  # there was nothing to install
    assert_ran(executed, "tensorflow")
