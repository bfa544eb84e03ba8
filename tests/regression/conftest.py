"""Make a project whose notebooks take seconds and do what ``dataset`` says."""

import os
import signal
import subprocess
import sys
import threading
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from regression.__main__ import main

PARAMETERS = """\
dataset = "nothing"
model = ""
output_dir = ""
epochs = 1
learning_rate = 1.0
batch_size = 1
weight_decay = 0.0
seed = 1
max_train_examples = 0
speedups = False
push_to_hub = False
hub_model_id = ""
"""
FAULT = """\
import os, signal, subprocess, sys, time

faults = dataset.split(".")
daemon = "import os, time\\nif os.fork(): os._exit(0)\\nos.setsid()\\nif os.fork(): os._exit(0)\\ntime.sleep(1e6)"
if "daemon" in faults:
    subprocess.run([sys.executable, "-c", daemon], check=True)
if "daemon without variables" in faults:
    subprocess.run([sys.executable, "-c", daemon], env={}, check=True)
if model:  # where it tells that it has come here
    with open(model, "a") as file:
        print(dataset, seed, os.getpid(), file=file)
if "raise" in faults:
    raise ValueError("on \\x07purpose\\uffff")
if "raise what is no text" in faults:
    raise ValueError("\\ud800")
if "token" in faults:
    raise ValueError("refused: hf_" + 34 * "T")
if "kill" in faults:
    os.kill(os.getpid(), signal.SIGKILL)
if "kill the parent" in faults:
    os.kill(os.getppid(), signal.SIGKILL)
if "exit" in faults:
    os._exit(3)
if "memory" in faults:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
    bytearray(2**34)
if "disk" in faults:
    with open(f"{output_dir}/large", "wb") as file:
        while True:
            file.write(bytes(2**20))
if "hang" in faults or "kill the parent" in faults:
    time.sleep(1000)
while "wait" in faults and not os.path.exists(f"{model}.go"):
    time.sleep(0.05)
"""
RESULTS = """\
from pathlib import Path

from helpers.notebook.results import write_results

scores = {"precision": 0.5, "recall": 0.25, "f1": learning_rate / 3 + seed / 1000, "accuracy": 0.9}
write_results(
    Path(output_dir),
    edition="pytorch",
    dataset={"name": dataset},
    model={"name": model},
    parameters={"seed": seed, "epochs": epochs},
    history=[{"epoch": 1, "f1": 0.25}],
    test=scores | {"per_type": {"person": scores}},
    decoded=scores,
    errors={},
)
if "diverge" in faults:
    path = Path(output_dir) / "metrics.json"
    path.write_text(path.read_text().replace('"f1": 0.25', '"f1": null'))
"""
# Ends a test that would wait forever, and no other: beside a load of 20, one of them has taken ten minutes.
DEADLINE = 3600


@pytest.fixture
def project(tmp_path):
    """A folder from which `python -m regression` can be called."""
    folder = tmp_path / "project"
    (folder / "notebooks" / "profiles").mkdir(parents=True)
    (folder / "notebooks" / "profiles" / "sample.yaml").write_text("batch_size: 2\n")
    cells = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), new_markdown_cell("# A title")]
    cells += [new_code_cell("print('the first cell')"), new_code_cell(FAULT)]
    cells += [new_code_cell("time.sleep(0.1)", metadata={"tags": ["training"]}), new_code_cell(RESULTS)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for language in ("", "ko"):
        (folder / "notebooks" / language).mkdir(exist_ok=True)
        for edition in ("pytorch", "keras"):
            path = folder / "notebooks" / language / f"token_classification_{edition}.ipynb"
            nbformat.write(new_notebook(cells=cells, metadata=kernel), path)
    return folder


@pytest.fixture
def log(project, tmp_path):
    """Have notebooks tell in a file that they have begun; those with the data set "wait" end once it has a `.go`."""
    path = tmp_path / "log"
    with (project / "notebooks" / "profiles" / "sample.yaml").open("a") as profile:
        print(f"model: {path}", file=profile)
    return path


@pytest.fixture
def matrix(project):
    """Write a matrix file into the project."""

    def write(text, name="matrix.yaml"):
        (project / name).write_text(text, encoding="utf-8")
        return project / name

    return write


@pytest.fixture
def named_pipe():
    """Make a named pipe in place of a file; who opens it can read a text there."""

    def make(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        threading.Thread(target=path.write_text, args=(text,), daemon=True).start()
        return path

    return make


@pytest.fixture
def start(project, tmp_path):
    """Start the command line in the project's folder, as a terminal does: with all that it starts in one group."""

    def with_ctrl_c():  # whoever runs the tests in the background may have turned it off for all that they start
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    temporary = tmp_path / (100 * "t")  # too long for the path of a socket
    temporary.mkdir()

    def call(*arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "regression", *map(str, arguments)],
            cwd=project,
            env=os.environ | {"TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=with_ctrl_c,
            start_new_session=True,
        )

    return call


@pytest.fixture
def wait_until():
    """Wait until a condition holds, or a process that should bring it about has ended."""

    def wait(condition, process=None):
        end = time.monotonic() + DEADLINE
        while not condition():
            assert process is None or process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.05)

    return wait


@pytest.fixture
def run(project, monkeypatch, capfd):
    """Call the command line in the project's folder."""

    def call(*arguments):
        monkeypatch.chdir(project)
        capfd.readouterr()
        return subprocess.CompletedProcess(arguments, main([*map(str, arguments)]), *capfd.readouterr())

    return call
