import errno
import json
import socket

import pytest

from helpers.hub.failures import fetch_failure, httpx, reason, status_of


def answered(status):
    request = httpx.Request("GET", "https://somewhere/internal")
    response = httpx.Response(status, request=request)
    return httpx.HTTPStatusError(f"{status} Client Error: for url: {request.url}", request=request, response=response)


def wrapped(error):
    """Raise an error as the clients do: from another one, and that while a third is handled."""
    try:
        try:
            try:
                raise error
            except Exception as first:
                raise RuntimeError("Error while uploading 'x'") from first
        except RuntimeError:
            raise KeyError("x")  # noqa: B904 (its context, not its cause)
    except KeyError as outermost:
        return outermost


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError("Not enough disk space. Needed: 3 GB (download: 1 GB, generated: 2 GB)"), "the disk is full"),
        (answered(401), "the Hub does not take your token (401)"),
        (answered(502), "the Hub has trouble of its own"),
        (answered(418), "the Hub refuses it (418)"),
        (httpx.ConnectTimeout(""), "the Hub does not answer in time"),
        (httpx.ConnectError(""), "the Hub cannot be reached"),
        (httpx.RemoteProtocolError(""), "the connection broke off"),
        (json.JSONDecodeError("", "<html>", 0), "something else answers in the Hub's place"),
        (ConnectionError(), "the Hub cannot be reached"),
        (socket.gaierror(), "the Hub cannot be reached"),
        (ValueError("no such config:\nchoose one of ..."), "no such config"),  # its own first line
        (AttributeError(), "AttributeError"),
    ],
)
def test_the_reason_is_found_however_deep_it_lies(error, said):
    assert reason(error).startswith(said)
    if type(error) not in (ValueError, AttributeError):
        assert reason(wrapped(error)) == reason(error)
    assert status_of(wrapped(error)) == status_of(error)


def test_what_works_without_the_hub_is_said_in_one_line():
    said = fetch_failure("data set 'wnut_17'", ConnectionError())
    assert said.startswith("the data set 'wnut_17' is no folder here and could not be fetched: the Hub cannot be")
    assert 'use dataset="sample" and model="bundled", or folders of your own.' in said
    assert "\n" not in said
