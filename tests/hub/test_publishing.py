"""A model's folder goes to a Hub as it is, or one message says why not and how to repeat it."""

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import huggingface_hub
import pytest

from hub import content
from hub.conftest import settings_for
from hub.content import contents
from hub.server import ALWAYS, READ_TOKEN, WRITE_TOKEN, Answer, Fault, refusal

REPOSITORY = "ada/names"
REQUIRE = "print('\"' + publish.require_repository({!r}) + '\"')"
UPLOAD = "print('\"' + publish.upload({!r}, {!r}) + '\"')"
WITH_TOKEN = "import os; os.environ['HF_TOKEN'] = {!r}; "


@pytest.fixture
def folder(tmp_path):
    """A trained model's folder."""
    folder = tmp_path / "a model"
    shutil.copytree(content.TINY_ENCODER, folder)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A model\n")
    return folder


def pushed(hub):
    files = hub.repositories["models", REPOSITORY].contents
    return {name: file for name, file in files.items() if name != ".gitattributes"}


def upload(client, folder, name=REPOSITORY, before=""):
    return client.run(before + UPLOAD.format(str(folder), name))


def test_the_repository_is_made_before_anything_is_trained(hub, client):
    for _ in range(2):  # it may be there already
        assert client.run(REQUIRE.format(REPOSITORY)).value == REPOSITORY
    assert list(hub.repositories) == [("models", REPOSITORY)]


FORBIDDEN = "UploadError: nothing can be uploaded to {!r}: the Hub does not allow it (403)"
UNKNOWN = "UploadError: nothing can be uploaded to {!r}: the Hub does not take your token (401)"
NO_LOGIN = "ParameterError: push_to_hub=True needs a login with the right to write"


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize(
    ("name", "token", "message"),
    [
        (REPOSITORY, "", NO_LOGIN),
        (REPOSITORY, READ_TOKEN, FORBIDDEN),
        (REPOSITORY, "hf_" + 34 * "X", UNKNOWN),
        ("bob/names", WRITE_TOKEN, FORBIDDEN),
    ],
    ids=["none", "read only", "unknown", "somebody else's name"],
)
def test_a_login_without_the_right_to_write_is_refused_before_anything_is_trained(
    hub, client, name, token, message, exists
):
    if exists:
        hub.add("models", name)
    said = client.run(WITH_TOKEN.format(token) + REQUIRE.format(name)).message
    assert message.format(name) in said
    assert token not in said or not token
    assert len(hub.repositories) == exists


@pytest.mark.parametrize("name", [REPOSITORY, "names"])  # the latter means one's own
def test_the_folder_arrives_as_it_is_and_the_same_again_changes_nothing(hub, client, folder, name):
    for _ in range(2):
        assert upload(client, folder, name).value == f"{hub.url}/{REPOSITORY}"
        assert pushed(hub) == contents(folder)
        assert len(hub.repositories["models", REPOSITORY].commits) == 2  # with that of the empty repository


def test_pickles_are_not_pushed_by_the_clients_own_call(hub, client, tmp_path):
    for name in ("config.json", "model.safetensors", "optimizer.pt"):
        (tmp_path / name).write_text(name)
    code = "from pathlib import Path; from huggingface_hub import upload_folder; publish.ignore_pickles(Path({0!r})); "
    code += "upload_folder(repo_id=publish.require_repository('names'), folder_path={0!r})"
    done = client.run(code.format(str(tmp_path)))
    assert done.status == 0, done.output
    assert pushed(hub).keys() == {".gitignore", "config.json", "model.safetensors"}
    assert hub.asked("/preupload/")[-1].json()["gitIgnore"] == "*.bin\n*.pt\n*.pth\n"


CARD = {"edition": "pytorch", "model": {"name": "bundled"}}
CARD |= {"dataset": {"name": "sample", "digest": "d", "sentences": {"train": 8}}}
CARD |= {"parameters": dict.fromkeys("epochs learning_rate batch_size weight_decay seed".split(), 1)}
CARD["parameters"] |= {"max_train_examples": 0, "speedups": True}
CARD |= {"test": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "accuracy": 0.5, "per_type": {}}}


@pytest.mark.skipif(not hasattr(huggingface_hub, "set_client_factory"), reason="release 0 checks cards at the real Hub")
def test_the_card_is_pushed_in_place_of_an_earlier_one(hub, client, tmp_path):
    hub.add("models", REPOSITORY).commit({"README.md": b"# by another program\n", "config.json": b"{}"})
    code = "from helpers.hub.card import write_card; write_card({!r}, {!r}, 'mit').push_to_hub({!r})"
    done = client.run(code.format(str(tmp_path), CARD, REPOSITORY))
    assert done.status == 0, done.output
    assert pushed(hub) == {"README.md": (tmp_path / "README.md").read_bytes(), "config.json": b"{}"}
    assert b"license: mit" in pushed(hub)["README.md"]


BUSY, UNAVAILABLE = refusal(429, "Too many", headers={"Retry-After": "1"}), refusal(503, "Unavailable")
NO, BROKEN = refusal(403, "Forbidden"), refusal(500, "Error")
PASSING = {
    "busy": Fault("/api/", answer=BUSY),
    "in trouble": Fault("/commit/", answer=UNAVAILABLE, times=2),
    "storage in trouble": Fault("/large/", "PUT", answer=BROKEN, times=2),
    "card not read": Fault("/validate-yaml", answer=BROKEN),
    "connection cut": Fault("/preupload/", cut_after=10),
}
LASTING = {
    "forbidden": (Fault("/commit/", answer=NO, times=ALWAYS), "the Hub does not allow it (403)"),
    "busy": (Fault("/preupload/", answer=BUSY, times=ALWAYS), "the Hub has had too many requests from here (429)"),
    "in trouble": (Fault("/commit/", answer=UNAVAILABLE, times=ALWAYS), "the Hub has trouble of its own"),
    "storage refuses": (Fault("/large/", "PUT", answer=NO, times=ALWAYS), "not allow it (403)"),
    "not stored whole": (Fault("/verify", answer=refusal(404, "Not here"), times=ALWAYS), "refuses it (404)"),
    "not the Hub": (Fault("/preupload/", answer=Answer(200, {}, b"<html>")), "something else answers in the Hub's"),
    "connection cut": (Fault("/preupload/", cut_after=10, times=ALWAYS), "the connection broke off"),
    "commit made, answer cut": (Fault("/commit/", cut_after=10), "the connection broke off"),
    "silent": (Fault("/commit/", delay=30), "the Hub does not answer in time"),
}


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
    hub.faults = [replace(rule)]
    before = contents(folder)
    said = upload(client, folder, before="from helpers.hub import fetch; fetch.LONGEST_SILENCE = 1; ").message
    assert said.startswith("UploadError: the model was not uploaded to 'ada/names': ")
    assert message in said
    assert contents(folder) == before
    hub.faults.clear()
    assert upload(client, folder).status == 0
    assert pushed(hub) == contents(folder) == before


def test_the_command_in_the_message_repeats_the_upload(hub, client, folder):
    hub.faults.append(Fault("/commit/", answer=NO))
    program, *arguments = shlex.split(re.search("in a terminal: (.*)", upload(client, folder).message)[1])
    command = [Path(sys.executable).with_name(program), *arguments]
    done = subprocess.run(command, env=settings_for(hub, client.home), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert pushed(hub) == contents(folder)


def test_the_command_in_the_message_does_no_more_whatever_the_name(client, folder):
    name = "names; touch 'harm' $(touch harm)"
    command = re.search("in a terminal: (.*)", upload(client, folder, name).message)[1]
    assert shlex.split(command) == ["hf", "upload", name, str(folder)]
