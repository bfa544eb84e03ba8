"""Test whole runs, with real notebooks in real processes."""

import json
import os
import re
import signal
import sys
import time
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from filelock import FileLock

from helpers.disk import locks
from regression import processes
from regression.storage import RESULT

MATRIX = """\
editions: [pytorch]
parameters:
  dataset: [{faults}]
time_limit: 3600
cpus: 1
"""
FAULTS = {
    "nothing": "passed",
    "diverge": "bad results",
    "daemon.raise": "raised",
    "raise what is no text": "raised",
    "kill": "died",
    "daemon.kill the parent": "died",
    "exit": "died",
    "memory": "out of memory",
    "token": "raised",
    "daemon.daemon without variables": "passed",
}


def folder(project, matrix="matrix"):
    return project / "runs" / "regression" / matrix


def results(project, matrix="matrix"):
    read = [json.loads(path.read_text()) for path in folder(project, matrix).glob(f"*/{RESULT}")]
    return {result["case"]["chosen"].get("dataset"): result for result in read}


def junit(project, matrix="matrix"):
    return ET.parse(folder(project, matrix) / "junit.xml").iter("testcase")


def processes_in(project):
    """Find the processes that work in a project, kernels and all."""
    found = [process.info for process in psutil.process_iter(["pid", "cwd", "status"]) if process.pid != os.getpid()]
    return [info for info in found if info["cwd"] == str(project) and info["status"] != "zombie"]


def test_a_run_is_judged_by_what_was_accepted(run, project, matrix):
    text = "editions: [pytorch]\nlanguages: [en, ko]\ncpus: 1\nparameters:\n  seed: [1, 2, 3]\n"
    first = run("run", matrix(text + "exclude: [{language: ko}]\n", "all.yaml"))
    assert first.returncode == 2
    assert "There is no baseline for pytorch-sample" in first.stdout
    assert "3/3 passed" in first.stdout
    accepted = run("accept", "runs/regression/all", "--baselines", "b")
    assert accepted.returncode == 0, accepted.stderr
    assert re.search(r"pytorch-sample\.json: new\n.*\nf1 +0\.3353 +0\.001 +3\n", accepted.stdout, re.DOTALL)
    baseline = project / "b" / "pytorch-sample.json"
    known = json.loads(baseline.read_text())
    for cost in ("training time", "total time", "memory"):  # which in such short runs are what they are
        known["metrics"][cost]["spread"] = 1e6
    baseline.write_text(json.dumps(known))
    # One seed in each language, so that the test is over soon.
    two = matrix(text.replace(", 2, 3", ""), "two.yaml")
    second = run("run", two, "--baselines", "b")
    assert second.returncode == 0, second.stdout
    assert "2 cases: 2 held." in second.stdout
    notebook = project / "notebooks" / "token_classification_pytorch.ipynb"
    notebook.write_text(notebook.read_text().replace("learning_rate / 3", "learning_rate / 4"))
    harmed = run("run", two, "--baselines", "b")
    assert harmed.returncode == 1
    for said in (harmed.stdout, (folder(project, "two") / "report.md").read_text()):
        fallen = re.search(r"## What got worse\n\n((?:- .*\n)+)", said)[1]
        assert re.fullmatch(r"- pytorch-en-sample: f1 0\.251, baseline 0\.335 ± 0\.0\d\d\n", fallen)
    failures = {case.get("name"): case.find("failure") for case in junit(project, "two")}
    assert "f1 0.251" in failures["pytorch-en-sample-seed=1"].get("message")
    assert failures["pytorch-ko-sample-seed=1"] is None


@pytest.mark.weekly
def test_faults_end_named_without_their_processes_and_tokens_and_the_other_cases_go_on(
    run, wait_until, project, matrix
):
    done = run("run", matrix(MATRIX.format(faults=", ".join(FAULTS))))
    assert done.returncode == 2, done.stderr
    found = results(project)
    assert {name: result["outcome"] for name, result in found.items()} == FAULTS
    passed = found["nothing"]
    assert passed["fingerprint"]["parameters"] == {"batch_size": 2, "dataset": "nothing"}
    assert passed["fingerprint"]["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert 0 < passed["results"]["seconds"]["training"] < passed["results"]["seconds"]["total"] < passed["seconds"]
    assert passed["peak_memory_bytes"] > passed["results"]["peak_memory_bytes"] / 2
    assert (folder(project) / passed["case"]["name"] / "output" / "metrics.json").exists()
    assert found["daemon.raise"]["error"].endswith("ValueError: on purpose\ufffd")
    assert found["diverge"]["error"].endswith(
        "perhaps because the training diverged: results.history[0].f1 is None, not a number from 0 to 1"
    )
    assert found["kill"]["error"] == "the notebook's process was killed (SIGKILL)"
    assert found["exit"]["error"] == "the notebook's process ended with status 3"
    for fault in FAULTS.keys() - {"nothing", "diverge", "daemon.daemon without variables"}:
        assert found[fault]["cell"]["source"].startswith("import os, signal"), fault
    for fault, result in found.items():
        kept = nbformat.read(folder(project) / result["case"]["name"] / "notebook.ipynb", as_version=4)
        outputs = [output["text"] for cell in kept.cells for output in cell.get("outputs", []) if "text" in output]
        assert outputs[0] == "the first cell\n", fault
    wait_until(lambda: processes_in(project) == [])
    files = [path.read_bytes() for path in folder(project).rglob("*") if path.is_file()]
    assert any(b"ValueError: refused: hf_..." in content for content in files)
    assert not any(b"TTT" in content for content in [*files, (done.stdout + done.stderr).encode()])

    report = (folder(project) / "report.html").read_text()
    assert 'name="viewport"' in report
    assert "on purpose" in report
    links = re.findall(r'(?:href|src)="([^"#]+)"', report)
    assert len(links) > len(found)
    assert [link for link in links if not (folder(project) / link).exists()] == []
    cases = {case.get("name"): case for case in junit(project)}
    assert len(cases) == len(found)
    assert cases["pytorch-en-sample-dataset=memory"].find("error").get("type") == "out of memory"


@pytest.mark.weekly
def test_what_hangs_is_ended_at_the_time_limit(run, wait_until, project, matrix, monkeypatch, log):
    # A clock that leaps as soon as the notebook hangs
    monkeypatch.setattr(processes, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + 3600 * log.exists()))
    done = run("run", matrix(MATRIX.format(faults="daemon.daemon without variables.hang")))
    assert done.returncode == 2, done.stderr
    (result,) = results(project).values()
    assert (result["outcome"], result["error"]) == ("timed out", "not done within the time limit of 3600 s")
    assert result["cell"]["source"].startswith("import os, signal")
    wait_until(lambda: processes_in(project) == [])
    (case,) = junit(project)
    assert case.find("error").get("type") == "timed out"


@pytest.mark.weekly
def test_a_full_disk_is_named(run, wait_until, project, matrix, small_disk):
    disk = small_disk(project / "disk", "4m")
    one_at_a_time = MATRIX.format(faults="disk, nothing").replace("cpus: 1", "cpus: 64")
    done = run("run", matrix(one_at_a_time), "--output", "disk")
    assert done.returncode == 2
    assert re.search(r"disk full +\d+ s  pytorch-en-sample-dataset=disk", done.stdout)
    assert re.search(r"passed +\d+ s  pytorch-en-sample-dataset=nothing", done.stdout)
    kept = nbformat.read(disk.folder / "pytorch-en-sample-dataset=disk" / "notebook.ipynb", as_version=4)
    assert kept.cells[3].outputs[0].text == "the first cell\n"
    wait_until(lambda: processes_in(project) == [])


@pytest.mark.weekly
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_runner_leaves_no_process_and_resume_runs_the_rest(run, start, wait_until, project, matrix, log, how):
    path = matrix(MATRIX.format(faults="nothing, daemon.wait, raise").replace("cpus: 1", "cpus: 64"))
    runner = start("run", path)
    wait_until(lambda: log.exists() and "wait" in log.read_text(), runner)
    if how == signal.SIGINT:  # a terminal sends Ctrl-C to all that run in it
        os.killpg(runner.pid, how)
    else:
        runner.send_signal(how)
    _, stderr = runner.communicate()
    wait_until(lambda: processes_in(project) == [])
    if how != signal.SIGKILL:
        assert runner.returncode == 2
        assert stderr.strip() == "Stopped. Finished cases are kept: call it again with --resume to run the rest."
        nbformat.read(folder(project) / "pytorch-en-sample-dataset=daemon.wait" / "notebook.ipynb", as_version=4)
    assert set(results(project)) == {"nothing"}
    written = (folder(project) / "pytorch-en-sample-dataset=nothing" / RESULT).stat().st_mtime_ns

    log.with_name("log.go").touch()
    resumed = run("run", path, "--resume")
    assert "1 of 3 cases have a valid result already; 2 run again: no result." in resumed.stdout
    outcomes = {name: result["outcome"] for name, result in results(project).items()}
    assert outcomes == {"nothing": "passed", "daemon.wait": "passed", "raise": "raised"}
    assert (folder(project) / "pytorch-en-sample-dataset=nothing" / RESULT).stat().st_mtime_ns == written


@pytest.mark.weekly
def test_a_second_run_into_the_same_folder_stops_and_removes_nothing(run, project, matrix, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", 0)
    kept = folder(project) / "pytorch-en-sample-dataset=nothing" / RESULT
    kept.parent.mkdir(parents=True)
    kept.touch()
    with FileLock(folder(project) / locks.LOCK):
        done = run("run", matrix(MATRIX.format(faults="nothing")))
    assert done.returncode == 2
    assert f"OutputFolderError: another run is at work in {folder(project)}." in done.stderr
    assert kept.exists()
    run("run", matrix(MATRIX.format(faults="nothing")))
    assert results(project)["nothing"]["outcome"] == "passed"


INCOMPLETE = r"BaselineError: b/pytorch-sample\.json is not a baseline: it has no .*; make it again with accept"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[pytorch]\nparameters:\n  seeds: [1]", "MatrixError: .*line 3: unknown key 'seeds' in parameters.*"),
        ("[pytorch, keras]", "RunError: there is no notebook notebooks/token_classification_keras.ipynb; .*"),
        ("[pytorch]", INCOMPLETE),
    ],
)
def test_what_is_wrong_is_named_before_anything_runs(run, project, matrix, text, message):
    (project / "notebooks" / "token_classification_keras.ipynb").unlink()
    (project / "b").mkdir()
    (project / "b" / "pytorch-sample.json").write_text('{"schema_version": 1}')
    done = run("run", matrix(f"editions: {text}"), "--baselines", "b")
    assert done.returncode == 2
    assert re.fullmatch(f"{message}\n", done.stderr)
    assert not (project / "runs").exists()
