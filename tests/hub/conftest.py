import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from hub import content
from hub.server import WRITE_TOKEN, Hub


@pytest.fixture(scope="session")
def hub_of_session():
    hub = Hub()
    yield hub
    hub.close()


@pytest.fixture
def hub(hub_of_session):
    """An empty Hub; a test fails that asks it for something it does not know."""
    hub_of_session.clear()
    yield hub_of_session
    assert hub_of_session.unknown == []


def settings_for(hub, home, patience="1", **others):
    """The environment of a client. Its patience is short, so that tests need not wait."""
    settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(home), "HF_TOKEN": WRITE_TOKEN}
    settings |= dict.fromkeys(["HF_HUB_ETAG_TIMEOUT", "HF_HUB_DOWNLOAD_TIMEOUT"], patience)
    settings |= {"RES_OPTIONS": "timeout:1 attempts:1"}
    # huggingface_hub 2 would store large files through Xet, whose storage cannot be had here.
    settings |= {"HF_HUB_DISABLE_XET": "1"}
    settings |= dict.fromkeys(["HF_HUB_DISABLE_PROGRESS_BARS", "HF_DATASETS_DISABLE_PROGRESS_BARS"], "1")
    return os.environ | settings | others


class Done(NamedTuple):
    """How a client ended, and all that it printed."""

    status: int
    output: str

    @property
    def value(self):
        """What it printed last, as JSON."""
        assert self.status == 0, self.output
        return json.loads(self.output.splitlines()[-1])

    @property
    def message(self):
        """The one line that a named error is."""
        assert self.status == 1, self.output
        assert "Traceback" not in self.output
        return self.output.splitlines()[-1]


class Client:
    """Runs code with the helpers and the real clients of the Hub, each time in a new process.

    The clients' cache, `home`, is kept; it is empty when a test begins.
    """

    def __init__(self, hub, folder):
        self.home, self._output = folder / "home", folder / "output"
        command = [sys.executable, Path(__file__).with_name("worker.py")]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.worker = subprocess.Popen(command, env=settings_for(hub, self.home), text=True, **pipes)

    def run(self, code):
        self.worker.stdin.write(json.dumps({"code": code, "output": str(self._output)}) + "\n")
        self.worker.stdin.flush()
        return Done(int(self.worker.stdout.readline()), self._output.read_text())


@pytest.fixture(scope="session")
def client_of_session(hub_of_session, tmp_path_factory):
    client = Client(hub_of_session, tmp_path_factory.mktemp("client"))
    yield client
    client.worker.communicate()


@pytest.fixture
def client(client_of_session, hub):
    shutil.rmtree(client_of_session.home, ignore_errors=True)
    return client_of_session


@pytest.fixture(params=content.CODE)
def what(hub, request):
    """The tutorial's data and its encoder are on the Hub; which of them a client fetches."""
    content.add_dataset(hub)
    content.add_encoder(hub)
    return request.param
