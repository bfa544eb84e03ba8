"""Runs that are killed, run twice at once, or find the disk full: what they leave."""

import os
import re
import subprocess
import time

import nbformat
import psutil
import pytest
from filelock import FileLock
from support.editions import (
    ROOT,
    environment_without_caches,
    lesson,
    link_project,
    read_notebook,
    run,
    run_command,
    run_whole,
    wait_until,
)

from helpers.disk import locks
from helpers.errors import OutputFolderError
from helpers.notebook.editions import MAIN
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
    link_project(tmp_path)
    (tmp_path / "notebooks").unlink()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "profiles").symlink_to(ROOT / "notebooks" / "profiles")
    notebook = read_notebook(lesson("pytorch"))
    (before,) = [i for i, cell in enumerate(notebook.cells) if request.param in cell.source]
    notebook.cells.insert(before, nbformat.v4.new_code_cell(WAIT))
    nbformat.write(notebook, tmp_path / lesson("pytorch").relative_to(ROOT))
    return tmp_path


def start(place, **variables):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(run_command("pytorch"), cwd=place, env=os.environ | variables, **pipes)
    wait_until((place / WAITING).exists, process)
    return process


def finish(place, process):
    """Let a run go on to its end; give what it says."""
    while process.poll() is None:
        (place / WAITING).unlink(missing_ok=True)
        time.sleep(0.05)
    return process.communicate()[1]


def require_results(place, said):
    assert len(read_results(place / "runs" / "smoke" / "pytorch")["history"]) == 2, said


@pytest.mark.weekly
def test_a_killed_run_leaves_its_folder_free(place):
    process = start(place)
    for victim in [process, *psutil.Process(process.pid).children(recursive=True)]:
        victim.kill()
    process.communicate()
    (place / WAITING).unlink()
    require_results(place, finish(place, start(place)))


@pytest.mark.weekly
def test_a_second_run_into_the_same_folder_stops_and_harms_nothing(place):
    first = start(place)
    second = run(place, "pytorch")
    assert second.returncode == 1
    assert len(re.findall(r"OutputFolderError: another run is at work in .*runs", second.stderr)) == 1
    assert "Traceback" not in second.stderr
    said = finish(place, first)
    assert first.returncode == 0, said
    require_results(place, said)


@pytest.mark.weekly
@pytest.mark.parametrize(
    ("place", "name", "variable"),
    [("trainer.train()", "runs", None), ("ner_data.map(tokenize_and_align_labels", "temporary", "TMPDIR")],
    indirect=["place"],
)
def test_a_full_disk_is_one_message_and_with_room_the_run_succeeds(place, small_disk, name, variable):
    disk = small_disk(place / name, "30m")
    environment = {variable: str(disk.folder)} if variable else {}
    process = start(place, **environment)
    disk.fill()
    said = finish(place, process)
    assert process.returncode == 1
    named = disk.folder if variable else ".*"
    assert len(re.findall(rf"^DiskFullError: the disk of {named} is full", said, re.MULTILINE)) == 1
    assert "Traceback" not in said
    disk.make_room()
    again = start(place, **environment)
    said = finish(place, again)
    assert again.returncode == 0, said


@pytest.mark.weekly
def test_with_a_cache_that_is_full_the_sample_runs(workplace, small_disk):
    disk = small_disk(workplace / "cache", "1m")
    disk.fill()
    environment = environment_without_caches(XDG_CACHE_HOME=str(disk.folder))
    folder = run_whole(workplace, "pytorch", environment=environment)
    said = (folder / "pytorch.ipynb").read_text(encoding="utf-8")
    assert f"The cache {disk.folder}/huggingface cannot be written to or is full: " in said


def test_where_one_edition_is_at_work_nothing_of_the_other_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", 0)
    kept = tmp_path / "pytorch" / "metrics.json"
    for path in (kept, tmp_path / "keras" / ".lock"):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    with FileLock(tmp_path / "keras" / ".lock"), pytest.raises(OutputFolderError, match="another run is at work in"):
        run_editions(MAIN, {}, tmp_path)
    assert kept.exists()
