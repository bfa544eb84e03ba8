"""Configure the Hub's client: retries and time limits."""

import json
import socket
import time

import huggingface_hub
from huggingface_hub.errors import LocalEntryNotFoundError, XetDownloadError

try:
    from huggingface_hub.utils import httpx  # whichever httpx this release speaks through
except ImportError:  # an early huggingface_hub 1
    import httpx

TRIES = 3
WORTH_A_RETRY = (429, 500, 502, 503, 504)
LONGEST_PAUSE = 30  # seconds between two requests, whatever the Hub asks for
LONGEST_SILENCE = 60  # seconds, where a client would wait for an answer forever

# What clients raise, by what went wrong. Python's own errors are the cause where requests is the client, as it is up to
# huggingface_hub 0.
NOT_JSON = (json.JSONDecodeError,)
TIMED_OUT = (httpx.TimeoutException, TimeoutError)
CUT_OFF = (httpx.RemoteProtocolError, httpx.ReadError)
UNREACHABLE = (httpx.NetworkError, ConnectionError, socket.gaierror, LocalEntryNotFoundError)
ERRORS = (httpx.HTTPError, httpx.InvalidURL, XetDownloadError)


def configure_retries() -> None:
    """Make this process's Hub client retry requests while the Hub is busy or in trouble, without a line about each."""
    huggingface_hub.logging.set_verbosity_error()
    # Up to huggingface_hub 0, which the TensorFlow edition has, there is nothing to set, and so no retry.
    if hasattr(huggingface_hub, "set_client_factory"):
        session = huggingface_hub.get_session()
        if not isinstance(session, _RetryingClient):
            hooks = session.event_hooks  # they mark downloads, and forbid requests in offline mode
            huggingface_hub.set_client_factory(
                lambda: _RetryingClient(event_hooks=hooks, follow_redirects=True, timeout=LONGEST_SILENCE)
            )


class _RetryingClient(httpx.Client):
    """Retries what it can send again; the Hub's client itself rewinds and resends a body that it reads from a file."""

    def send(self, request: httpx.Request, **others) -> httpx.Response:
        timeouts = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {kind: limit or LONGEST_SILENCE for kind, limit in timeouts.items()}
        retries = TRIES if isinstance(request.stream, httpx.ByteStream) else 0
        for past in range(retries + 1):
            response = super().send(request, **others)
            pause = _limit_pause(response)
            if response.status_code not in WORTH_A_RETRY or past == retries:
                return response
            response.close()
            time.sleep(pause or 2**past)


def _limit_pause(response: httpx.Response) -> int:
    """Return how many seconds the Hub wants to be left alone, limited, also for whoever reads the response later."""
    wanted = response.headers.get("retry-after", "")
    pause = min(int(wanted), LONGEST_PAUSE) if wanted.isdigit() else 0
    if "retry-after" in response.headers:
        response.headers["retry-after"] = str(pause)
    response.headers.pop("ratelimit", None)
    return pause
