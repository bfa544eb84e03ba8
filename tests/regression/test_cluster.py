"""Regression runs on a Ray cluster, with results in an object store; both on this machine."""

import json
import os
import subprocess
import sys
import time

import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from helpers.regression.storage import Store

ray = pytest.importorskip("ray", reason="requirements-ray.txt is not installed")
from ray.cluster_utils import Cluster

CASES = 4
MATRIX = """\
editions: [pytorch]
parameters:
  dataset: [slow]
  model: [{log}]
  seed: {seeds}
cpus: 1
time_limit: 60
"""


@pytest.fixture
def bucket(monkeypatch):
    """The URL of a bucket in a store that listens on the loopback interface."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()  # it would go on talking to the server of the test before
    files = Store("s3://results").files
    files.mkdir("results")
    yield "s3://results/here"
    files.rm("results", recursive=True)  # buckets outlive their server
    server.stop()


@pytest.fixture
def cluster(bucket):
    """A head without processors, and two nodes with two each; they know the bucket from their environment."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=2) for _ in range(2)]
    cluster.wait_for_nodes()
    yield cluster, nodes
    cluster.shutdown()


def test_cases_of_a_node_that_dies_run_again_on_another(project, matrix, bucket, cluster, tmp_path):
    started = tmp_path / "started"
    path = matrix(MATRIX.format(log=started, seeds=list(range(CASES))))
    nodes = cluster[1]
    command = [sys.executable, "-m", "helpers.regression", "run", str(path), "--output", bucket]
    command += ["--on", "ray", "--address", cluster[0].address]
    runner = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 120
    while not started.exists() or len(started.read_text().splitlines()) < CASES:
        assert runner.poll() is None and time.monotonic() < end, runner.communicate()
        time.sleep(0.1)
    cluster[0].remove_node(nodes[1], allow_graceful=False)
    stdout, stderr = runner.communicate(timeout=180)
    assert f"{CASES}/{CASES} passed" in stdout, stderr
    assert runner.returncode == 2, stderr  # for want of a baseline
    assert len(started.read_text().splitlines()) > CASES

    store = Store(bucket)
    results = [store.read_result(name) for name in store.names()]
    assert sorted(result["case"]["chosen"]["seed"] for result in results) == list(range(CASES))
    assert {result["outcome"] for result in results} == {"passed"}
    kept = {file.rsplit("/", 1)[1] for file in store.files.find(f"results/here/{store.names()[0]}")}
    assert {"notebook.ipynb", "notebook.html", "log.txt", "metrics.json", "result.json"} <= kept
    assert {"report.html", "report.md", "junit.xml"} <= {file.rsplit("/", 1)[1] for file in store.files.find("results")}

    command = [*command[:-4], "--resume"]
    resumed = subprocess.run(command, cwd=project, capture_output=True, text=True, env=os.environ)
    assert f"{CASES} of {CASES} cases have a valid result already." in resumed.stdout, resumed.stderr


def test_without_a_cluster_at_the_address_one_sentence_says_so(project, matrix):
    path = matrix("editions: [pytorch]")
    command = [sys.executable, "-m", "helpers.regression", "run", str(path), "--on", "ray"]
    done = subprocess.run([*command, "--address", "127.0.0.1:1"], cwd=project, capture_output=True, text=True)
    assert done.returncode == 2
    assert "there is no Ray cluster at 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_elsewhere_keeps_the_files_also_after_an_error(bucket):
    store = Store(bucket)
    with pytest.raises(ZeroDivisionError), store.folder("a case") as folder:
        (folder / "sub").mkdir()
        (folder / "sub" / "file").write_text("text")
        _ = 1 / 0
    assert store.files.cat_file("results/here/a case/sub/file") == b"text"
    store.write_result("a case", {"one": 1})
    assert (store.names(), store.read_result("a case")) == (["a case"], {"one": 1})
    assert json.loads(store.files.cat_file("results/here/a case/result.json")) == {"one": 1}
    store.remove("a case")
    assert (store.names(), store.read_result("a case")) == ([], None)
