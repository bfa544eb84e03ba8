"""Put a finished run in an earlier one's place."""

import shutil
from pathlib import Path

from helpers.disk.files import atomic_write
from helpers.disk.locks import LOCK, claimed
from helpers.errors import OutputFolderError, RunError
from helpers.notebook.results import FILE_NAME

UNFINISHED = ".unfinished"  # behind an edition's name
NAME_THEIR_FOLDER = (FILE_NAME, "trainer_state.json")


def unfinished(folder: Path, edition: str, suffix: str = "") -> Path:
    """Name the folder that an edition writes to while it runs, or with ``.ipynb`` the executed notebook."""
    return folder / f"{edition}{UNFINISHED}{suffix}"


def require_no_link(folder: Path, edition: str) -> None:
    """Refuse an edition's folders if they lead elsewhere, where nothing is ours; raises `OutputFolderError`."""
    for name in (edition, f"{edition}{UNFINISHED}"):
        if (folder / name).resolve() != folder.resolve() / name:
            raise OutputFolderError(
                f"{folder / name} is a link, and a run replaces nothing that lies elsewhere. Remove the link; what it"
                f" leads to stays. To have the results on another disk, let {folder} itself be a link"
            )


def remove_unfinished(folder: Path, edition: str) -> None:
    """Remove what a run has left that failed or was killed; raises `OutputFolderError` if it is still at work."""
    artefacts = unfinished(folder, edition)
    if artefacts.exists():
        with claimed(artefacts):
            pass
        shutil.rmtree(artefacts)
    for suffix in (".ipynb", ".html"):
        unfinished(folder, edition, suffix).unlink(missing_ok=True)


def put_in_place(folder: Path, edition: str) -> None:
    """Let a run that has finished replace what an earlier one has left: what has the same names, and nothing else.

    The record goes first and comes last, so that it never stands beside parts of another run. Raises `RunError` if
    something cannot be moved, such as, in Windows, a file that a program has open.
    """
    artefacts, notebook, home = unfinished(folder, edition), unfinished(folder, edition, ".ipynb"), folder / edition
    for path in (notebook, *(path for name in NAME_THEIR_FOLDER for path in artefacts.rglob(name))):
        text = path.read_text(encoding="utf-8")
        with atomic_write(path) as rewritten:  # to name the folder that readers will find
            rewritten.write_text(text.replace(f"{edition}{UNFINISHED}", edition), encoding="utf-8")
    results = sorted(artefacts.iterdir(), key=lambda path: path.name == FILE_NAME)
    moves = {notebook: folder / f"{edition}.ipynb"}
    moves |= {path: home / path.name for path in results if path.name != LOCK}
    try:
        (home / FILE_NAME).unlink(missing_ok=True)
        for new, old in moves.items():
            if old.is_dir() and not old.is_symlink():
                shutil.rmtree(old)
            new.replace(old)
    except OSError as error:
        raise RunError(
            f"the run has finished, but {error.filename} cannot be replaced: {error.strerror}. Close what has it open,"
            f" and move what is left in {artefacts} to {home} before the next run removes it"
        ) from error
    shutil.rmtree(artefacts, ignore_errors=True)
