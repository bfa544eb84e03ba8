"""What goes wrong while something is fetched: it passes, or is one message; and what is kept is never broken."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.data.load import dataset_digest
from hub import content
from hub.conftest import settings_for
from hub.content import CODE
from hub.server import ALWAYS, Answer, Fault, refusal

LARGE, SMALL = {"path": "/large/", "method": "GET"}, {"path": "README|config.json", "method": "GET"}


def other_word(body):
    changed = body.replace(b"The", b"Teh").replace(b"distil", b"bistil")
    return changed if changed != body else body[:-1] + bytes([body[-1] ^ 1])


BUSY, BROKEN = refusal(429, "Too many requests", headers={"Retry-After": "1"}), "files came broken each time"
UNAVAILABLE, GATED = refusal(503, "Unavailable"), refusal(403, "Access is restricted", "GatedRepo")
SHORT, LONG = Fault(**LARGE, change=lambda body: body[:-100]), Fault(**LARGE, change=lambda body: body + b"more")
CUT, OTHER = Fault(**LARGE, cut_after=100), Fault(**LARGE, change=other_word)
PASSING = {
    "busy": [Fault(times=3, answer=BUSY)],
    "in trouble now and then": [
        Fault("/api/", answer=refusal(500, "Error")),
        Fault("/resolve/", "HEAD", answer=UNAVAILABLE),
        Fault(**LARGE, answer=UNAVAILABLE),
    ],
    "late now and then": [Fault("/resolve/", "HEAD", delay=30), Fault(**LARGE, delay=30)],
    "cut": [CUT],
    "small file cut": [Fault(**SMALL, cut_after=10)],
    "short": [SHORT],
    "long": [LONG],
    "other bytes": [OTHER],
    "small file with other bytes": [Fault(**SMALL, change=other_word)],
}
TAKE_LONG, WEEKLY = ("busy", "late now and then"), pytest.mark.weekly
LASTING = {
    "token refused": (Fault(answer=refusal(401, "Invalid credentials")), "not take your token (401). Log in again"),
    "forbidden": (Fault(answer=refusal(403, "Forbidden")), "the Hub does not allow it (403)"),
    "gated": (Fault(answer=GATED), "Ask for access on its page"),
    "busy": (Fault(answer=BUSY), "too many requests from here (429). Wait some minutes"),
    "in trouble": (Fault(answer=UNAVAILABLE), "the Hub has trouble of its own"),
    "late": (Fault(delay=30), "the Hub does not answer in time. Run again later"),
    "cut": (CUT, "the connection broke off. Run again"),
    "short": (SHORT, BROKEN),
    "long": (LONG, BROKEN),
    "other bytes": (OTHER, BROKEN),
    "not the Hub": (Fault(answer=Answer(200, {}, b"<html>Log in</html>")), "something else answers"),
}


def lasting(fault):
    rule, message = LASTING[fault]
    return [replace(rule, times=ALWAYS)], message


def assert_whole(done, what):
    if what == "data":
        assert done.value["digest"] == dataset_digest(content.sentences())
    else:
        here = content.contents(content.TINY_ENCODER) | {"README.md": content.ENCODER_CARD}
        assert content.contents(Path(done.value)) == here


@pytest.mark.parametrize("fault", [pytest.param(x, marks=WEEKLY) if x in TAKE_LONG else x for x in PASSING])
def test_what_passes_is_waited_for(hub, client, what, fault):
    hub.faults = [replace(rule) for rule in PASSING[fault]]
    assert_whole(client.run(CODE[what]), what)
    assert all(rule.times == 0 for rule in hub.faults)


@pytest.mark.weekly
@pytest.mark.parametrize("fault", LASTING)
def test_what_lasts_is_one_message_and_the_next_run_succeeds(hub, client, what, fault):
    hub.faults, message = lasting(fault)
    said = client.run(CODE[what])
    error = {"data": "DatasetUnavailableError: the data set", "encoder": "CheckpointUnavailableError: the checkpoint"}
    assert said.message.startswith(error[what])
    assert message in said.message
    assert said.output.count("\n") == 1
    hub.faults.clear()
    assert_whole(client.run(CODE[what]), what)


@pytest.mark.parametrize(("wanted", "waited"), [("7", 7), ("3600", 30)])
def test_the_time_that_the_hub_wants_is_waited_but_never_more_than_30_seconds(hub, client, wanted, waited):
    content.add_encoder(hub)
    hub.faults = [Fault(answer=refusal(429, "Too many requests", headers={"Retry-After": wanted}))]
    without_waiting = "import time; pauses = []; time.sleep = pauses.append\n"
    assert client.run(f"{without_waiting}{CODE['encoder']}print(json.dumps(max(pauses)))").value == waited


@pytest.mark.parametrize("fault", ["not the Hub", pytest.param("in trouble", marks=pytest.mark.weekly)])
def test_a_copy_from_an_earlier_run_will_do(hub, client, what, fault):
    assert_whole(client.run(CODE[what]), what)
    hub.faults, _ = lasting(fault)
    assert_whole(client.run(CODE[what]), what)


def test_a_broken_download_goes_on_from_where_it_broke_off(hub, client):
    content.add_encoder(hub)
    hub.faults = [Fault(**LARGE, cut_after=5000)]
    small_parts = "from huggingface_hub import constants; constants.DOWNLOAD_CHUNK_SIZE = 1000"
    assert_whole(client.run(small_parts + CODE["encoder"]), "encoder")
    assert [request.headers.get("range") for request in hub.asked(**LARGE)] == [None, "bytes=5000-"]


def test_what_another_program_left_broken_is_never_used(hub, client, what):
    hub.faults = [replace(OTHER, times=ALWAYS)]
    unchecked = "from helpers.hub import fetch; fetch._is_broken = lambda path: False"
    client.run(unchecked + CODE[what])  # some readers stumble over it, others do not
    assert hub.asked(**LARGE)
    hub.faults, _ = lasting("not the Hub")
    assert "something else answers" in client.run(CODE[what]).message
    hub.faults.clear()
    assert_whole(client.run(CODE[what]), what)


@pytest.mark.weekly
def test_without_dns(hub, client, what):
    imports = "from helpers.checkpoints import find; from helpers.data import load"
    command = [sys.executable, "-c", f"{imports}{CODE[what]}"]
    settings = settings_for(hub, client.home, HF_ENDPOINT="http://hub.invalid")
    done = subprocess.run(command, env=settings, capture_output=True, text=True)
    assert "the Hub cannot be reached. Check the network" in done.stderr.splitlines()[-1]
    assert hub.requests == []
    assert_whole(client.run(CODE[what]), what)


@pytest.mark.weekly
@pytest.mark.parametrize("size", ["4k", "24k", "48k", "64k"])
def test_a_full_disk_is_one_message_and_with_room_the_next_run_succeeds(client, small_disk, what, size):
    disk = small_disk(client.home, size)
    message = client.run(CODE[what]).message
    at_once, later = f"the disk is full. Make room where {client.home} is", f"the disk of {client.home}/"
    assert at_once in message or (later in message and "is full" in message)
    disk.resize("10m")
    assert_whole(client.run(CODE[what]), what)
