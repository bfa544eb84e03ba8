"""A model's folder goes to a Hub as it is, or one message says why not and how to repeat it."""

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hub import content
from hub.conftest import settings_for
from hub.protocol import ALWAYS, Answer, Fault, refusal
from hub.server import READ_TOKEN

REPOSITORY = "ada/names"
REQUIRE = f"print('\"' + publish.require_repository('{REPOSITORY}') + '\"')"
UPLOAD = "print('\"' + publish.upload({folder!r}, {name!r}) + '\"')"
WITH_TOKEN = "import os; os.environ['HF_TOKEN'] = {!r}; "


@pytest.fixture
def folder(tmp_path):
    """A trained model's folder."""
    folder = tmp_path / "a model"
    shutil.copytree(content.TINY_ENCODER, folder)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A model\n")
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def pushed(hub):
    files = dict(hub.repositories["models", REPOSITORY].contents)
    files.pop(".gitattributes")
    return files


def upload(client, folder, name=REPOSITORY):
    return client.run(UPLOAD.format(folder=str(folder), name=name))


def test_the_repository_is_made_before_anything_is_trained(hub, client):
    assert client.run(REQUIRE).value == REPOSITORY
    assert client.run(REQUIRE).value == REPOSITORY  # and may be there already
    assert list(hub.repositories) == [("models", REPOSITORY)]


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("", "ParameterError: push_to_hub=True needs a login with the right to write"),
        (READ_TOKEN, "UploadError: nothing can be uploaded to 'ada/names': the Hub does not allow it (403)"),
        (
            "hf_" + 34 * "X",
            "UploadError: nothing can be uploaded to 'ada/names': the Hub does not take your token (401)",
        ),
    ],
    ids=["none", "read only", "unknown"],
)
def test_a_login_without_the_right_to_write_is_refused_before_anything_is_trained(hub, client, token, message):
    said = client.run(WITH_TOKEN.format(token) + REQUIRE).message
    assert message in said
    assert token not in said or not token
    assert hub.repositories == {}


@pytest.mark.parametrize("exists", [True, False])
def test_a_name_of_somebody_else_is_refused_before_anything_is_trained(hub, client, exists):
    if exists:
        hub.add("models", "bob/names")
    assert "the Hub does not allow it (403)" in client.run(REQUIRE.replace("ada/", "bob/")).message


def test_a_token_that_may_only_read_is_refused_for_a_repository_that_exists_too(hub, client):
    hub.add("models", REPOSITORY)
    assert "the Hub does not allow it (403)" in client.run(WITH_TOKEN.format(READ_TOKEN) + REQUIRE).message


@pytest.mark.parametrize("name", [REPOSITORY, "names"])  # the latter means one's own
def test_the_folder_arrives_as_it_is_and_the_same_again_changes_nothing(hub, client, folder, name):
    for _ in range(2):
        assert upload(client, folder, name).value == f"{hub.url}/{REPOSITORY}"
        assert pushed(hub) == contents(folder)
        assert len(hub.repositories["models", REPOSITORY].commits) == 2  # with that of the empty repository


PASSING = {
    "busy": Fault("/api/", answer=refusal(429, "Too many requests", headers={"Retry-After": "1"})),
    "in trouble": Fault("/commit/", answer=refusal(503, "Unavailable"), times=2),
    "storage in trouble": Fault("/large/", "PUT", answer=refusal(500, "Error"), times=2),
    "card not read": Fault("/validate-yaml", answer=refusal(500, "Error")),
    "connection cut": Fault("/preupload/", cut_after=10),
}
BUSY = refusal(429, "Too many", headers={"Retry-After": "1"})
LASTING = {
    "forbidden": (Fault("/commit/", answer=refusal(403, "Forbidden")), "the Hub does not allow it (403)"),
    "busy": (Fault("/preupload/", answer=BUSY), "the Hub has had too many requests from here (429)"),
    "in trouble": (Fault("/commit/", answer=refusal(503, "Unavailable")), "the Hub has trouble of its own"),
    "storage refuses": (Fault("/large/", "PUT", answer=refusal(403, "Expired")), "not allow it (403)"),
    "not stored whole": (Fault("/verify", answer=refusal(404, "Not here")), "refuses it (404)"),
    "not the Hub": (Fault("/preupload/", answer=Answer(200, {}, b"<html>")), "something else answers in the Hub's"),
    "connection cut": (Fault("/preupload/", cut_after=10), "the connection broke off"),
    "commit made, answer cut": (Fault("/commit/", cut_after=10), "the connection broke off"),
    "silent": (Fault("/commit/", delay=30), "the Hub does not answer in time"),
}
ONCE = ("not the Hub", "commit made, answer cut", "silent")


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_waited_for(hub, client, folder, fault):
    hub.faults = [replace(PASSING[fault])]
    assert upload(client, folder).status == 0
    assert hub.faults[0].times == 0
    assert pushed(hub) == contents(folder)


@pytest.mark.weekly
@pytest.mark.parametrize("fault", LASTING)
def test_a_broken_upload_leaves_the_model_whole_and_can_be_repeated(hub, client, folder, fault):
    rule, message = LASTING[fault]
    hub.faults = [replace(rule, times=1 if fault in ONCE else ALWAYS)]
    before = contents(folder)
    impatient = "from helpers.hub import client; client.LONGEST_SILENCE = 1; "
    said = client.run(impatient + UPLOAD.format(folder=str(folder), name=REPOSITORY)).message
    assert said.startswith("UploadError: the model was not uploaded to 'ada/names': ")
    assert message in said
    assert contents(folder) == before
    hub.faults.clear()
    assert upload(client, folder).status == 0
    assert pushed(hub) == contents(folder) == before


def test_the_command_in_the_message_repeats_the_upload(hub, client, folder):
    hub.faults.append(Fault("/commit/", answer=refusal(403, "Forbidden")))
    program, *arguments = shlex.split(re.search("in a terminal: (.*)", upload(client, folder).message)[1])
    command = [Path(sys.executable).with_name(program), *arguments]
    done = subprocess.run(command, env=settings_for(hub, client.home), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert pushed(hub) == contents(folder)


def test_the_command_in_the_message_does_no_more_whatever_the_name(client, folder):
    name = "names; touch 'harm' $(touch harm)"
    command = re.search("in a terminal: (.*)", upload(client, folder, name).message)[1]
    assert shlex.split(command) == ["hf", "upload", name, str(folder)]
