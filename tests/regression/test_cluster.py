"""Test runs on a Ray cluster with results in an object store, both on this machine."""

import json
import os
import signal

import psutil
import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from regression.storage import Store

ray = pytest.importorskip("ray", reason="requirements/ray.txt is not installed")
from ray.cluster_utils import Cluster

CASES = 4
MATRIX = """\
editions: [pytorch]
parameters:
  dataset: [{faults}]
  seed: {seeds}
cpus: 1
"""


@pytest.fixture(scope="module")
def bucket():
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
    S3FileSystem.clear_instance_cache()  # it would go on talking to the server of the test before
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        Store("s3://results").files.mkdir("results")
        yield "s3://results/here"
    server.stop()


# In the order of their use: the last test on the cluster kills one of its nodes.
@pytest.fixture(scope="module")
def cluster(bucket):
    """A head without processors, and two nodes with two each; they know the bucket from their environment."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=2) for _ in range(2)]
    cluster.wait_for_nodes()
    yield cluster, nodes
    cluster.shutdown()


@pytest.mark.weekly
def test_ctrl_c_ends_the_cases_on_all_nodes(start, wait_until, matrix, cluster, log, tmp_path):
    shared = tmp_path / "a folder that all nodes see"
    path = matrix(MATRIX.format(faults="nothing, hang", seeds=[1, 2]))
    runner = start("run", path, "--output", shared, "--on", "ray", "--address", cluster[0].address)
    wait_until(lambda: len(list(shared.glob("*/result.json"))) == 2 and log.read_text().count("hang") == 2, runner)
    os.killpg(runner.pid, signal.SIGINT)
    _, stderr = runner.communicate()
    assert runner.returncode == 2
    assert "Stopped. Finished cases are kept" in stderr
    kernels = [int(line.split()[-1]) for line in log.read_text().splitlines()]
    wait_until(lambda: not any(map(psutil.pid_exists, kernels)))
    results = [json.loads(path.read_text()) for path in shared.glob("*/result.json")]
    # A case that was ended may still have been written down as such; --resume would run it again.
    passed = [result["case"]["chosen"]["dataset"] for result in results if result["outcome"] == "passed"]
    assert passed == ["nothing", "nothing"]


@pytest.mark.weekly
def test_cases_of_a_node_that_dies_run_again_on_another(run, start, wait_until, matrix, bucket, cluster, log):
    path = matrix(MATRIX.format(faults="wait", seeds=list(range(CASES))))
    nodes = cluster[1]
    runner = start("run", path, "--output", bucket, "--on", "ray", "--address", cluster[0].address)
    wait_until(lambda: log.exists() and len(log.read_text().splitlines()) == CASES, runner)
    cluster[0].remove_node(nodes[1], allow_graceful=False)
    log.with_name("log.go").touch()
    stdout, stderr = runner.communicate()
    assert f"{CASES}/{CASES} passed" in stdout, stderr
    assert runner.returncode == 2, stderr  # for want of a baseline
    assert len(log.read_text().splitlines()) > CASES

    store = Store(bucket)
    results = [store.read_result(name) for name in store.names()]
    assert sorted(result["case"]["chosen"]["seed"] for result in results) == list(range(CASES))
    assert {result["outcome"] for result in results} == {"passed"}
    kept = {file.rsplit("/", 1)[1] for file in store.files.find(f"results/here/{store.names()[0]}")}
    assert {"notebook.ipynb", "notebook.html", "log.txt", "metrics.json", "result.json"} <= kept
    assert {"report.html", "report.md", "junit.xml"} <= {file.rsplit("/", 1)[1] for file in store.files.find("results")}

    resumed = run("run", path, "--output", bucket, "--resume")
    assert f"{CASES} of {CASES} cases have a valid result already." in resumed.stdout, resumed.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--on", "ray", "--address", "127.0.0.1:1"], "there is no Ray cluster at 127.0.0.1:1"),
        (["--output", "nowhere://results"], "RunError: results cannot be kept at nowhere://results"),
        (["--output", "abfs://container/results"], "RunError: results cannot be kept at abfs://container/results"),
    ],
)
def test_what_cannot_be_reached_is_named_in_one_sentence(run, matrix, arguments, message):
    done = run("run", matrix("editions: [pytorch]"), *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_elsewhere_keeps_the_files_also_after_an_error(bucket):
    store = Store("s3://results/there")
    with pytest.raises(ZeroDivisionError), store.folder("a case") as folder:
        (folder / "sub").mkdir()
        (folder / "sub" / "file").write_text("text")
        _ = 1 / 0
    assert store.files.cat_file("results/there/a case/sub/file") == b"text"
    store.write_result("a case", {"one": 1})
    assert (store.names(), store.read_result("a case")) == (["a case"], {"one": 1})
    assert json.loads(store.files.cat_file("results/there/a case/result.json")) == {"one": 1}
    store.remove("a case")
    assert (store.names(), store.read_result("a case")) == ([], None)
