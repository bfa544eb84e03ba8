"""Fetch from the Hub, and keep nothing broken."""

import glob
import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

import huggingface_hub
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import XetDownloadError
from huggingface_hub.file_download import repo_folder_name

from helpers.hub.failures import CUT_OFF, BrokenDownloadError, causes, httpx, status_of

Fetched = TypeVar("Fetched")

# What is raised where the Hub, the network, the disk or a name is at fault
FAILURES = (OSError, RuntimeError, ValueError, httpx.HTTPError, httpx.InvalidURL, XetDownloadError)
WRONG_RANGE = 416
TRIES = 3
WORTH_A_RETRY = (429, 500, 502, 503, 504)
LONGEST_PAUSE = 30  # seconds between two requests, whatever the Hub asks for
LONGEST_SILENCE = 60  # seconds, where a client would wait for an answer forever


class DatasetName(NamedTuple):
    """A data set on the Hub, and which of its configurations, if one is named: ``owner/data:configuration``."""

    repository: str
    configuration: str | None

    @classmethod
    def of(cls, name: str) -> "DatasetName":
        """Take a name apart."""
        repository, _, configuration = name.partition(":")
        return cls(repository, configuration or None)


class Repository(NamedTuple):
    """A repository's full name, where the reader may use an older one without an owner, and its files' paths."""

    name: str
    files: set[str]


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
            wanted = response.headers.get("retry-after", "")
            pause = min(int(wanted), LONGEST_PAUSE) if wanted.isdigit() else 0
            if wanted:  # the limit is also for whoever reads the response later
                response.headers["retry-after"] = str(pause)
            response.headers.pop("ratelimit", None)
            if response.status_code not in WORTH_A_RETRY or past == retries:
                return response
            response.close()
            time.sleep(pause or 2**past)


def look_up(kind: str, name: str, revision: str | None = None) -> Repository:
    """Find a model or dataset, which also shows within seconds whether the Hub can be reached; or raise `FAILURES`."""
    configure_retries()
    info = HfApi().repo_info(name, repo_type=kind, revision=revision, timeout=constants.HF_HUB_ETAG_TIMEOUT)
    return Repository(info.id, {file.rfilename for file in info.siblings})


def name_in_cache(kind: str, name: str) -> str:
    """Return the full name of a repository that an earlier run has fetched, without asking the Hub."""
    if "/" in name:
        return name
    fetched = Path(constants.HF_HUB_CACHE).glob(f"{kind}s--*--{glob.escape(name)}")
    owners = sorted(folder.name.split("--")[1] for folder in fetched)
    return f"{owners[0]}/{name}" if owners else name


def fetch_whole(fetch: Callable[[], Fetched], kind: str, name: str, made_of_files: Path | None = None) -> Fetched:
    """Fetch files of a repository into the client's cache, and retry if the connection broke off or files came broken.

    The client checks the size of a file, not its content, but names each by its digest. A folder that `fetch` has made
    of the files is removed together with broken ones; `BrokenDownloadError` if they come each time.
    """
    files = Path(constants.HF_HUB_CACHE, repo_folder_name(repo_id=name, repo_type=kind))
    for _ in range(TRIES):
        error = None
        try:
            fetched = fetch()
        except Exception as caught:  # a broken file can break its reader in any way
            error = caught
        if _remove_broken(files, error):
            if made_of_files:
                shutil.rmtree(made_of_files, ignore_errors=True)
            error = BrokenDownloadError(name)
        elif error is None:
            return fetched
        elif not any(isinstance(cause, CUT_OFF) for cause in causes(error)):
            break
    raise error


def _remove_broken(files: Path, error: Exception | None) -> bool:
    """Remove broken files from a repository's cache, and return whether there were any."""
    broken = [path for path in files.glob("blobs/*") if _is_broken(path)]
    came_broken = error is not None and (status_of(error) == WRONG_RANGE or "Consistency check failed" in str(error))
    if came_broken:
        broken += files.glob("blobs/*.incomplete")  # resuming them would fail again
    for path in broken:  # another process may remove them too
        path.unlink(missing_ok=True)
    for link in files.glob("snapshots/**/*"):
        if link.is_symlink() and not link.exists():
            link.unlink(missing_ok=True)
    return came_broken or bool(broken)


def _is_broken(path: Path) -> bool:
    """Return whether a file's content differs from its name: a SHA-256, or git's SHA-1 for small files."""
    header = b"blob %d\0" % path.stat().st_size
    start = {64: hashlib.sha256, 40: lambda: hashlib.sha1(header)}.get(len(path.name))
    if start is None:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, start).hexdigest() != path.name
