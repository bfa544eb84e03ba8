"""JupyterLab as `make lab` starts it, and Chromium."""

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import NamedTuple

import pytest

from browser.notebook_page import WHOLE_RUN, NotebookPage

SETTINGS = {
    # All cells are drawn, and not only those in view, so that the tests can look at them.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
LAPTOP = {"width": 1366, "height": 768}


FOLDERS = {
    **{f"JUPYTER_{name}_DIR": name.lower() for name in ("CONFIG", "DATA", "RUNTIME")},
    **{f"JUPYTERLAB_{name}_DIR": name.lower() for name in ("SETTINGS", "WORKSPACES")},
    "IPYTHONDIR": "ipython",
}


class Lab(NamedTuple):
    """A JupyterLab server."""

    root: str  # the folder it shows
    address: str
    token: str

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
    environment = os.environ | {name: str(private / folder) for name, folder in FOLDERS.items()}
    for_tests = ["--no-browser", "--allow-root", "--port-retries=100", "--LabApp.expose_app_in_browser=True"]
    command = [python, "-m", "helpers.run.lab", *arguments, *for_tests]
    with (private / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=workplace, env=environment, stdout=log, stderr=log)
    try:
        yield _running(server, private)
    finally:
        server.terminate()
        server.wait()


def _running(server, private):
    for _ in range(WHOLE_RUN // 100):
        for file in (private / "runtime").glob("jpserver-*.json"):
            if (private / "log").read_text().count("is running at"):
                found = json.loads(file.read_text())
                return Lab(found["root_dir"], found["url"], found["token"])
        assert server.poll() is None, (private / "log").read_text()
        time.sleep(0.1)
    raise AssertionError((private / "log").read_text())


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
def opened(browser, workplace, tmp_path_factory):
    """What opens a notebook under `make lab` with a profile: ``with opened(profile, path) as notebook``."""
    with ExitStack() as stack:

        @cache
        def lab_of(profile):
            private = tmp_path_factory.mktemp("lab")
            return stack.enter_context(started_lab(workplace, private, "--profile", profile))

        yield lambda profile, path: opened_in(browser, lab_of(profile), path)
