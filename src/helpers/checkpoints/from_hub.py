"""Fetch checkpoints from the Hub."""

from functools import partial
from pathlib import Path

from huggingface_hub import snapshot_download

from helpers.checkpoints.safety import CARD, INDEX, SHARDS, missing_content
from helpers.errors import CheckpointUnavailableError
from helpers.hub import fetch
from helpers.hub.failures import fetch_failure
from helpers.notebook.language import translate

CHECKPOINT_FILES = (
    *("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
    *("vocab.txt", "vocab.json", "merges.txt", "*.model"),
    *(SHARDS, INDEX, CARD),
)


def fetch_checkpoint(name: str) -> Path:
    """Fetch a model, or find what an earlier run has fetched where the Hub cannot be reached.

    Parameters
    ----------
    name : str
        The id of a model on the Hub.

    Returns
    -------
    Path
        The folder with what `from_pretrained` reads.

    Raises
    ------
    CheckpointUnavailableError
        If there is no such model, or it cannot be reached.
    """
    try:
        full_name = fetch.look_up("model", name).name
    except fetch.FAILURES as error:
        return _from_cache(name, error)
    # Only what from_pretrained reads: no weights in other formats.
    download = partial(snapshot_download, full_name, allow_patterns=CHECKPOINT_FILES)
    try:
        return Path(fetch.fetch_whole(download, "model", full_name))
    except fetch.FAILURES as error:
        raise _unavailable(name, error) from error


def _from_cache(name: str, unreachable: Exception) -> Path:
    """Return what an earlier run has fetched, if it fetched all of it."""
    full_name = fetch.name_in_cache("model", name)
    cached = partial(snapshot_download, full_name, allow_patterns=CHECKPOINT_FILES, local_files_only=True)
    try:
        folder = Path(fetch.fetch_whole(cached, "model", full_name))
    except fetch.FAILURES:
        folder = None
    if folder is None or missing_content(folder, name):
        raise _unavailable(name, unreachable) from unreachable
    return folder


def _unavailable(name: str, error: Exception) -> CheckpointUnavailableError:
    return CheckpointUnavailableError(fetch_failure(translate("checkpoint {name}").format(name=repr(name)), error))
