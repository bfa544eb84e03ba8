"""The way of a trained model to the Hub."""

import shlex

from huggingface_hub import CommitOperationAdd, create_repo, get_token, preupload_lfs_files, upload_folder

from helpers.errors import ParameterError, UploadError
from helpers.hub import fetch
from helpers.hub.failures import reason

NEEDS_LOGIN = (
    "push_to_hub=True needs a login with the right to write: log in with the cell above, with `hf auth login`, or"
    " through the environment variable HF_TOKEN"
)


def require_repository(name: str) -> str:
    """Make sure, before anything is trained, that there is a repository to upload to; makes it where it is missing.

    Parameters
    ----------
    name : str
        With the user's or organisation's name before a slash, or without, for the user's own.

    Returns
    -------
    str
        The full name.

    Raises
    ------
    ParameterError
        If nobody is logged in.
    UploadError
        If the login has no right to write there, or the Hub cannot be reached or refuses for another reason.
    """
    if get_token() is None:
        raise ParameterError(NEEDS_LOGIN)
    fetch.be_patient()
    try:
        repository = create_repo(name, exist_ok=True).repo_id
        # `create_repo` is content with any repository that may be read. This asks how a file is to be uploaded, for
        # which one needs the right to write; nothing is.
        preupload_lfs_files(repository, [CommitOperationAdd("README.md", b"")])
        return repository
    except fetch.FAILURES as error:
        raise UploadError(f"nothing can be uploaded to {name!r}: {reason(error)}") from error


def upload(folder: str, name: str) -> str:
    """Upload a model's folder as it is, in one commit: all of it or nothing.

    Parameters
    ----------
    folder : str
        Is only read.
    name : str
        As for `require_repository`.

    Returns
    -------
    str
        The address of the model's page.

    Raises
    ------
    UploadError
        If it fails; the message says why, and how to repeat it.
    """
    fetch.be_patient()
    try:
        repository = create_repo(name, exist_ok=True)
        upload_folder(repo_id=repository.repo_id, folder_path=folder, commit_message="Upload the trained model")
    except fetch.FAILURES as error:
        raise UploadError(
            f"the model was not uploaded to {name!r}: {reason(error)}. It is whole in {folder}; to repeat the upload"
            f" alone, run this cell again, or in a terminal: {shlex.join(['hf', 'upload', name, folder])}"
        ) from error
    return str(repository)
