"""JupyterLab as `make lab` starts it, and Chromium."""

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import pytest

from browser.notebook_page import WHOLE_RUN, NotebookPage

SETTINGS = {
    # All cells are drawn, and not only those in view, so that the tests can look at them.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
LAPTOP = {"width": 1366, "height": 768}


class Lab:
    """A JupyterLab server."""

    def __init__(self, root, address, token):
        self.root = root  # the folder it shows
        self.address = address
        self.token = token

    def url(self, path):
        """Give the address at which a notebook or folder is opened, in a workspace of its own."""
        workspace = f"{self.address}lab/workspaces/{path.as_posix().replace('/', '-').removesuffix('.ipynb')}"
        return f"{workspace}/tree/{path.as_posix()}?reset&token={self.token}"


@contextmanager
def started_lab(workplace, private, *arguments, python=sys.executable):
    """Start `python -m helpers.run.lab` in a folder, with settings of its own."""
    for name, setting in SETTINGS.items():
        file = private / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(setting))
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    environment = os.environ | {name: str(private / folder) for name, folder in folders.items()}
    for_tests = ["--no-browser", "--allow-root", "--port-retries=100", "--LabApp.expose_app_in_browser=True"]
    command = [python, "-m", "helpers.run.lab", *arguments, *for_tests]
    with (private / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=workplace, env=environment, stdout=log, stderr=log)
    try:
        yield _running(server, private)
    finally:
        server.terminate()
        server.wait(60)


def _running(server, private):
    for _ in range(WHOLE_RUN // 100):
        for file in (private / "runtime").glob("jpserver-*.json"):
            if (private / "log").read_text().count("is running at"):
                found = json.loads(file.read_text())
                return Lab(found["root_dir"], found["url"], found["token"])
        assert server.poll() is None, (private / "log").read_text()
        time.sleep(0.1)
    raise AssertionError((private / "log").read_text())


@pytest.fixture(scope="module")
def lab_of(browser, workplace, tmp_path_factory):
    """What gives the server that `make lab` starts for a profile, always the same one."""
    labs = {}
    with ExitStack() as stack:

        def get(profile):
            if profile not in labs:
                private = tmp_path_factory.mktemp("lab")
                labs[profile] = stack.enter_context(started_lab(workplace, private, "--profile", profile))
            return labs[profile]

        yield get


@contextmanager
def opened_in(browser, lab, path):
    """Open a notebook at a laptop's size."""
    page = browser.new_page(viewport=LAPTOP)
    page.set_default_timeout(WHOLE_RUN)
    page.goto(lab.url(path), timeout=WHOLE_RUN)
    notebook = NotebookPage(page, lab.root, path)
    yield notebook
    notebook.close()


@pytest.fixture(scope="module")
def opened(browser, lab_of):
    """What opens a notebook: ``with opened(profile, path) as notebook``."""
    return lambda profile, path: opened_in(browser, lab_of(profile), path)
