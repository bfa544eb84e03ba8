"""Runs that are killed, run twice at once, or find the disk full: what they leave."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from filelock import FileLock
from support.editions import ROOT, python_of

from helpers.errors import OutputFolderError
from helpers.notebook import locks
from helpers.notebook.editions import EDITIONS, MAIN
from helpers.notebook.results import read_results
from helpers.run.editions import run_editions

WAITING = "waiting"  # a file that says that the notebook has come to its training
WAIT = f"""
import pathlib, time
pathlib.Path({WAITING!r}).touch()
while pathlib.Path({WAITING!r}).exists():
    time.sleep(0.05)
"""


@pytest.fixture(params=["trainer.train()"])
def place(tmp_path, request):
    """A folder with a notebook that waits before its training, or before another cell."""
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "profiles").symlink_to(ROOT / "notebooks" / "profiles")
    name = "token_classification_pytorch.ipynb"
    notebook = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    (before,) = [i for i, cell in enumerate(notebook.cells) if request.param in cell.source]
    notebook.cells.insert(before, nbformat.v4.new_code_cell(WAIT))
    nbformat.write(notebook, tmp_path / "notebooks" / name)
    return tmp_path


def command(edition="pytorch", **settings):
    flags = [part for name, value in settings.items() for part in ("-p", name, str(value))]
    return [sys.executable, "-m", "helpers.run", "--profile", "smoke", "--edition", edition, *flags]


def start(place, **variables):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command(), cwd=place, env=os.environ | variables, **pipes)
    while not (place / WAITING).exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    return process


def finish(place, process):
    while process.poll() is None:
        (place / WAITING).unlink(missing_ok=True)
        time.sleep(0.05)
    return process.communicate()


def test_a_killed_run_leaves_its_folder_free(place):
    process = start(place)
    for victim in [process, *psutil.Process(process.pid).children(recursive=True)]:
        victim.kill()
    process.communicate()
    (place / WAITING).unlink()
    _, stderr = finish(place, start(place))
    assert len(read_results(place / "runs" / "smoke" / "pytorch")["history"]) == 2, stderr


def test_a_second_run_into_the_same_folder_stops_and_harms_nothing(place):
    first = start(place)
    second = subprocess.run(command(), cwd=place, capture_output=True, text=True)
    assert second.returncode == 1
    assert len(re.findall(r"OutputFolderError: another run is at work in .*runs", second.stderr)) == 1
    assert "Traceback" not in second.stderr
    _, stderr = finish(place, first)
    assert first.returncode == 0, stderr
    assert len(read_results(place / "runs" / "smoke" / "pytorch")["history"]) == 2


def require_one_message_then_success(place, disk, named, **environment):
    process = start(place, **environment)
    disk.fill()
    _, stderr = finish(place, process)
    assert process.returncode == 1
    assert len(re.findall(rf"^DiskFullError: the disk of {named} is full", stderr, re.MULTILINE)) == 1
    assert "Traceback" not in stderr
    disk.make_room()
    again = start(place, **environment)
    _, stderr = finish(place, again)
    assert again.returncode == 0, stderr


def test_a_full_disk_is_one_message_and_with_room_the_run_succeeds(place, small_disk):
    require_one_message_then_success(place, small_disk(place / "runs", "30m"), named=".*")


@pytest.mark.parametrize("place", ["ner_data.map(tokenize_and_align_labels"], indirect=True)
def test_a_full_disk_while_tokenizing_is_named_and_with_room_the_run_succeeds(place, small_disk):
    disk = small_disk(place / "temporary", "30m")
    require_one_message_then_success(place, disk, named=disk.folder, TMPDIR=str(disk.folder))


def require_run(workplace, edition, **variables):
    """Run an edition, with the sample and the tiny encoder, in an environment with other variables."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "XDG_", "MPL"))}
    run = [python_of(edition), *command(edition)[1:]]
    done = subprocess.run(run, cwd=workplace, env=environment | variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return (workplace / "runs" / "smoke" / f"{edition}.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize("edition", EDITIONS)
def test_without_a_home_that_can_be_written_to_the_sample_runs_and_it_is_said(workplace, edition):
    said = require_run(workplace, edition, HOME="/dev/null/nobody")
    assert "The cache /dev/null/nobody/.cache/huggingface cannot be written to or is full: " in said


def test_with_a_cache_that_is_full_the_sample_runs(workplace, small_disk):
    disk = small_disk(workplace / "cache", "1m")
    disk.fill()
    said = require_run(workplace, "pytorch", XDG_CACHE_HOME=str(disk.folder))
    assert f"The cache {disk.folder}/huggingface cannot be written to or is full: " in said


@pytest.mark.parametrize("lock", [".keras.lock", "keras/.lock"])
def test_where_one_edition_is_at_work_nothing_of_the_other_is_removed(tmp_path, monkeypatch, lock):
    monkeypatch.setattr(locks, "PATIENCE", 0)
    kept = tmp_path / "pytorch" / "metrics.json"
    for path in (kept, tmp_path / lock):
        Path(path).parent.mkdir(exist_ok=True)
        path.touch()
    with FileLock(tmp_path / lock), pytest.raises(OutputFolderError, match="another run is at work in"):
        run_editions(MAIN, {}, tmp_path)
    assert kept.exists()


@pytest.mark.parametrize("edition", MAIN)
def test_the_results_may_go_to_a_folder_whose_name_is_a_pattern(workplace, edition):
    notebook = f"notebooks/token_classification_{edition}.ipynb"
    by_hand = ["-m", "papermill", notebook, f"{edition}.ipynb", "-f", "notebooks/profiles/smoke.yaml"]
    by_hand += ["-p", "output_dir", f"[1] *?/{edition}"]
    done = subprocess.run([sys.executable, *by_hand], cwd=workplace, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(read_results(workplace / "[1] *?" / edition)["history"]) == 2
    assert [path.name for path in workplace.glob("*1*")] == ["[1] *?"]


@pytest.mark.faults
@pytest.mark.parametrize("edition", MAIN)
@pytest.mark.parametrize("speedups", [True, False])
def test_with_all_threads_the_same_seed_gives_the_same_to_the_last_digit(tmp_path, edition, speedups):
    threads = {name: str(os.cpu_count()) for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")}
    found = []
    for name in ("one", "other"):
        place = tmp_path / name
        place.mkdir()
        for needed in ("notebooks", "tests"):
            (place / needed).symlink_to(ROOT / needed)
        settings = command(edition, model="bundled", speedups=speedups)
        done = subprocess.run(settings, cwd=place, env=os.environ | threads, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        output = place / "runs" / "smoke" / edition
        scores = [read_results(output)[key] for key in ("history", "test", "errors")]
        found.append((scores, (output / "model" / "model.safetensors").read_bytes()))
    assert found[0] == found[1]
