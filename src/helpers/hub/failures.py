"""Explain Hub errors to users."""

import json
import socket
from collections.abc import Iterator

from huggingface_hub import constants
from huggingface_hub.errors import GatedRepoError, HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError

from helpers.disk.files import says_no_room
from helpers.notebook.language import translate

try:
    from huggingface_hub.utils import httpx  # whichever httpx this release speaks through
except ImportError:  # huggingface_hub 0, whose client is requests: Python's own errors are the causes of its errors
    import httpx

CUT_OFF = (httpx.RemoteProtocolError, httpx.ReadError)
UNREACHABLE = (httpx.NetworkError, ConnectionError, socket.gaierror, LocalEntryNotFoundError)


class BrokenDownloadError(OSError):
    """Files have another content or size than the Hub says."""


def fetch_failure(what: str, error: Exception) -> str:
    """Return in one line why something, such as ``"data set 'wnut_17'"``, was not fetched, and what works without."""
    return translate(
        "the {what} is no folder here and could not be fetched: {reason}."
        ' Without the Hub, use dataset="sample" and model="bundled", or folders of your own.',
        what=what,
        reason=reason(error),
    )


def reason(error: Exception) -> str:
    """Return why the Hub's client failed, and what to do, as a clause without a full stop."""
    status, chain = status_of(error), [*causes(error)]
    if any(map(says_no_room, chain)):
        return translate(
            "the disk is full. Make room where {folder} is, or let the environment variable HF_HOME name a folder on"
            " another disk, and run again",
            folder=constants.HF_HOME,
        )
    for signs, text in _reasons().items():
        if any(
            status == sign if isinstance(sign, int) else isinstance(cause, sign) for sign in signs for cause in chain
        ):
            return text
    if status is not None:
        return translate("the Hub refuses it ({status})", status=status)
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")  # the rest is about internals


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Iterate over an error and what it was raised from; clients wrap each other's errors."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def status_of(error: Exception) -> int | None:
    """Return the status of the HTTP response that an error comes from; None if there is none."""
    responses = (getattr(cause, "response", None) for cause in causes(error))
    return next((response.status_code for response in responses if response is not None), None)


def _reasons() -> dict[tuple[type[Exception] | int, ...], str]:
    """Say what kinds of errors and statuses of responses mean; the first that fits is given."""
    return {
        (BrokenDownloadError,): translate(
            "files came broken each time, and were thrown away. Run again; if it happens again, something between this"
            " machine and the Hub changes them, such as a proxy"
        ),
        (GatedRepoError,): translate(
            "its owner decides who may have it. Ask for access on its page on the Hub, and log in"
        ),
        (RepositoryNotFoundError, HFValidationError): translate(
            "the Hub has none of that name that you may read. Check the name, and log in if it is private"
        ),
        (401,): translate(
            "the Hub does not take your token (401). Log in again with `hf auth login`, fix the environment variable"
            " HF_TOKEN, or remove both: what is public needs no token"
        ),
        (403,): translate("the Hub does not allow it (403). Your token needs the right to it"),
        (429,): translate(
            "the Hub has had too many requests from here (429). Wait some minutes; with a login it allows more"
        ),
        (500, 502, 503, 504): translate(
            "the Hub has trouble of its own. Run again later; https://status.huggingface.co says how it is"
        ),
        (json.JSONDecodeError,): translate(
            "something else answers in the Hub's place, such as the log-in page of a network. Check the network"
        ),
        (httpx.TimeoutException, TimeoutError): translate("the Hub does not answer in time. Run again later"),
        CUT_OFF: translate("the connection broke off. Run again: it continues from there"),
        UNREACHABLE: translate(
            "the Hub cannot be reached. Check the network, and that the environment variable HF_HUB_OFFLINE is not set"
        ),
    }
