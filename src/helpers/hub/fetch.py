"""Fetch from the Hub, and keep nothing broken."""

import glob
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from huggingface_hub import HfApi, constants
from huggingface_hub.file_download import repo_folder_name

from helpers.hub.client import CUT_OFF, ERRORS, TRIES, configure_retries
from helpers.hub.failures import BrokenDownloadError, causes, status_of

Fetched = TypeVar("Fetched")

# What is raised where the Hub, the network, the disk or a name is at fault.
FAILURES = (OSError, RuntimeError, ValueError, *ERRORS)
WRONG_RANGE = 416


class Repository(NamedTuple):
    """A repository on the Hub.

    Attributes
    ----------
    name : str
        Its full name. The reader may use an older one without an owner, which the client refuses.
    files : set of str
        Their paths.
    """

    name: str
    files: set[str]


def look_up(kind: str, name: str, revision: str | None = None) -> Repository:
    """Find a repository, which also shows within seconds whether the Hub can be reached.

    Parameters
    ----------
    kind : {"model", "dataset"}
    name : str
    revision : str, optional
        ``main`` by default.

    Raises
    ------
    Exception
        One of `FAILURES`.
    """
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
    """Fetch files of a repository, and retry if the connection broke off or files came broken.

    The client checks the size of a file, not its content. Its cache names each file by its digest.

    Parameters
    ----------
    fetch : callable
        Fetches into the client's cache.
    kind : {"model", "dataset"}
    name : str
    made_of_files : Path, optional
        A folder where `fetch` keeps what it makes of the files; removed together with broken ones.

    Returns
    -------
    any
        What `fetch` returns.

    Raises
    ------
    BrokenDownloadError
        If files came broken each time.
    Exception
        What `fetch` raises for another reason.
    """
    files = Path(constants.HF_HUB_CACHE, repo_folder_name(repo_id=name, repo_type=kind))
    for _ in range(TRIES):
        error = None
        try:
            fetched = fetch()
        except Exception as caught:  # a broken file can break its reader in any way
            error = caught
        broken = _remove_broken(files, error)
        if broken and made_of_files:
            shutil.rmtree(made_of_files, ignore_errors=True)
        if not broken and error is None:
            return fetched
        if not broken and not _broke_off(error):
            raise error
    raise BrokenDownloadError(name) if broken else error


def _broke_off(error: Exception) -> bool:
    return any(isinstance(cause, CUT_OFF) for cause in causes(error))


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
