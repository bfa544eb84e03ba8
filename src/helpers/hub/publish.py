"""Publish a trained model on the Hub."""

import shlex
from pathlib import Path
from types import SimpleNamespace

from huggingface_hub import CommitInfo, CommitOperationAdd, create_repo, get_token, preupload_lfs_files, upload_folder

from helpers.disk.files import atomic_write_text
from helpers.errors import ParameterError, UploadError
from helpers.hub import fetch
from helpers.hub.failures import reason
from helpers.notebook.language import translate

PICKLES = ("*.bin", "*.pt", "*.pth")


def require_repository(name: str) -> str:
    """Make sure, before anything is trained, that there is a repository to upload to, and return its full name.

    Raises `ParameterError` if nobody is logged in, and `UploadError` if that login cannot write there.
    """
    if get_token() is None:
        text = translate(
            "push_to_hub=True needs a login with the right to write: log in with the cell above, with `hf auth login`,"
            " or through the environment variable HF_TOKEN"
        )
        raise ParameterError(text)
    fetch.configure_retries()
    try:
        repository = create_repo(name, exist_ok=True).repo_id
        # `create_repo` accepts any existing repository that may be read. Asking how a file would be uploaded needs the
        # right to write, and uploads nothing.
        preupload_lfs_files(repository, [CommitOperationAdd("README.md", b"")])
        return repository
    except fetch.FAILURES as error:
        text = translate("nothing can be uploaded to {name}: {reason}")
        raise UploadError(text, name=repr(name), reason=reason(error)) from error


def ignore_pickles(folder: Path) -> None:
    """Keep pickles, such as `Trainer`'s ``training_args.bin``, from being pushed to the Hub, by a ``.gitignore``."""
    atomic_write_text(folder / ".gitignore", "\n".join([*PICKLES, ""]))


def push_over_http() -> None:
    """Make transformers 4's `PushToHubCallback` upload over HTTP; with git, it writes the token to ``.git/config``."""
    from transformers import keras_callbacks

    keras_callbacks.Repository = _UploadedFolder


class _UploadedFolder:
    """Takes the place of `huggingface_hub.Repository`."""

    def __init__(self, local_dir: str, clone_from: str, token: str | None = None):
        self.place = {"folder_path": local_dir, "repo_id": clone_from, "token": token}

    def push_to_hub(self, commit_message: str, blocking: bool = True) -> tuple[CommitInfo, SimpleNamespace]:
        """Upload the folder; wait for the end in any case, as the callback would skip an epoch otherwise."""
        return upload_folder(commit_message=commit_message, **self.place), SimpleNamespace(is_done=True)


def upload(folder: str, name: str) -> str:
    """Upload a model's folder in one commit, and return its page's address; `UploadError` says how to repeat it."""
    fetch.configure_retries()
    try:
        repository = create_repo(name, exist_ok=True)
        upload_folder(repo_id=repository.repo_id, folder_path=folder, commit_message="Upload the trained model")
    except fetch.FAILURES as error:
        command = shlex.join(["hf", "upload", name, folder])
        text = translate(
            "the model was not uploaded to {name}: {reason}. It is whole in {folder}; to repeat only the upload,"
            " run this cell again, or in a terminal: {command}"
        )
        raise UploadError(text, name=repr(name), reason=reason(error), folder=folder, command=command) from error
    return str(repository)
