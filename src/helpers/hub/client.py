"""How the Hub's clients speak HTTP: through requests up to huggingface_hub 0, through httpx from 1 on; made patient.

The lock has the one, as transformers 4.52 takes nothing newer; Colab has the other.
"""

import json
import time

import huggingface_hub
import requests
from huggingface_hub import constants
from huggingface_hub.errors import LocalEntryNotFoundError, XetDownloadError
from requests.adapters import HTTPAdapter, Retry

try:
    from huggingface_hub.utils import httpx
except ImportError:  # huggingface_hub 0, or an early 1
    try:
        import httpx
    except ImportError:
        httpx = None

USES_HTTPX = hasattr(huggingface_hub, "set_client_factory")
TRIES = 3
WORTH_A_REPEAT = (429, 500, 502, 503, 504)
LONGEST_PAUSE = 30  # seconds between two requests, whatever the Hub asks for
LONGEST_SILENCE = 60  # seconds, where a client would wait for an answer for ever

# What they raise, by what went wrong; the errors of requests are OSErrors besides.
NOT_JSON = (json.JSONDecodeError, requests.exceptions.JSONDecodeError)
TIMED_OUT = (requests.Timeout,)
CUT_OFF = (requests.exceptions.ChunkedEncodingError,)
UNREACHABLE = (ConnectionError, requests.ConnectionError, LocalEntryNotFoundError)
ERRORS = (XetDownloadError,)
if USES_HTTPX:
    TIMED_OUT += (httpx.TimeoutException,)
    CUT_OFF += (httpx.RemoteProtocolError, httpx.ReadError)
    UNREACHABLE += (httpx.NetworkError,)
    ERRORS += (httpx.HTTPError, httpx.InvalidURL)
else:
    ERRORS += (huggingface_hub.errors.XetError,)


def be_patient() -> None:
    """Let this process's clients of the Hub repeat a request where it is busy or fails for a reason of its own."""
    if constants.HF_HUB_OFFLINE:
        return
    if USES_HTTPX:
        huggingface_hub.set_client_factory(_patient_client)
    else:
        huggingface_hub.configure_http_backend(_patient_session)


class _PatientAdapter(HTTPAdapter):
    def __init__(self):
        # Failed connections are left to the clients, which know when a cache will do.
        retry = _BoundedRetry(
            total=TRIES,
            connect=0,
            read=False,
            status_forcelist=WORTH_A_REPEAT,
            allowed_methods=None,
            backoff_factor=1,
            raise_on_status=False,
        )
        super().__init__(max_retries=retry)

    def send(self, request, timeout=None, **others):
        return super().send(request, timeout=timeout or LONGEST_SILENCE, **others)


class _BoundedRetry(Retry):
    def get_retry_after(self, response):
        return min(super().get_retry_after(response) or 0, LONGEST_PAUSE)


def _patient_session() -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _PatientAdapter())
    return session


if USES_HTTPX:

    class _PatientClient(httpx.Client):
        """Repeats what it can send again; the Hub's client rewinds and repeats a body that is read from a file."""

        def send(self, request, **others):
            timeouts = request.extensions.get("timeout", {})
            request.extensions["timeout"] = {kind: limit or LONGEST_SILENCE for kind, limit in timeouts.items()}
            repeats = TRIES if isinstance(request.stream, httpx.ByteStream) else 0
            for past in range(repeats + 1):
                response = super().send(request, **others)
                pause = self._bound_pause(response)
                if response.status_code not in WORTH_A_REPEAT or past == repeats:
                    return response
                response.close()
                time.sleep(pause or 2**past)

        @staticmethod
        def _bound_pause(response) -> int:
            """Find how long the Hub wants to be left alone, and keep whoever reads the answer from waiting longer."""
            wanted = response.headers.get("retry-after", "")
            pause = min(int(wanted), LONGEST_PAUSE) if wanted.isdigit() else 0
            if "retry-after" in response.headers:
                response.headers["retry-after"] = str(pause)
            response.headers.pop("ratelimit", None)
            return pause


def _patient_client() -> "httpx.Client":
    return _PatientClient(follow_redirects=True, timeout=LONGEST_SILENCE)
