"""Put a finished run in an earlier one's place."""

import os
import shutil
from contextlib import ExitStack
from pathlib import Path

from helpers.errors import OutputFolderError, RunError
from helpers.files import written_whole
from helpers.notebook.locks import LOCK, claimed
from helpers.notebook.results import FILE_NAME

UNFINISHED, REPLACED = ".unfinished", ".replaced"  # behind an edition's name
NAME_THEIR_FOLDER = (FILE_NAME, "trainer_state.json")


def unfinished_artefacts(folder: Path, edition: str) -> Path:
    """Name the folder that an edition writes to while it runs, beside the results of an earlier run."""
    return folder / f"{edition}{UNFINISHED}"


def unfinished_notebook(folder: Path, edition: str) -> Path:
    """Name the executed notebook while it runs."""
    return folder / f"{edition}{UNFINISHED}.ipynb"


def require_no_link(folder: Path, edition: str) -> None:
    """Refuse an edition's folders if they lead elsewhere, where nothing is ours; raises `OutputFolderError`."""
    for name in (edition, f"{edition}{UNFINISHED}", f"{edition}{REPLACED}"):
        if (folder / name).resolve() != folder.resolve() / name:
            raise OutputFolderError(
                f"{folder / name} is a link, and a run replaces nothing that lies elsewhere. Remove the link; what it"
                f" leads to stays. To have the results on another disk, let {folder} itself be a link"
            )


def remove_unfinished(folder: Path, edition: str) -> None:
    """Remove what a run has left that failed or was killed; raises `OutputFolderError` if it is still at work."""
    artefacts, notebook = unfinished_artefacts(folder, edition), unfinished_notebook(folder, edition)
    if artefacts.exists():
        with claimed(artefacts):
            pass
        shutil.rmtree(artefacts)
    for path in (notebook, notebook.with_suffix(".html")):
        path.unlink(missing_ok=True)
    replaced = folder / f"{edition}{REPLACED}"
    if replaced.exists():  # killed between two moves
        for path in replaced.iterdir():
            if not os.path.lexists(_home(path.name, folder, edition)):
                os.replace(path, _home(path.name, folder, edition))
        shutil.rmtree(replaced)


def put_in_place(folder: Path, edition: str) -> None:
    """Let a run that has finished replace what an earlier one has left: what has the same names, and nothing else.

    Parameters
    ----------
    folder : Path
        Has the results of the run under their unfinished names, and perhaps earlier ones under their final names.
    edition : str
        One of `EDITIONS`.

    Raises
    ------
    RunError
        If something cannot be moved, such as, in Windows, a file that a program has open. Then all is as it was.
    """
    artefacts, notebook = unfinished_artefacts(folder, edition), unfinished_notebook(folder, edition)
    _name_final_folder([notebook, *(path for name in NAME_THEIR_FOLDER for path in artefacts.rglob(name))], edition)
    moves = {notebook: _home(f"{edition}.ipynb", folder, edition)}
    results = sorted(artefacts.iterdir(), key=lambda path: path.name == FILE_NAME)  # the record last
    moves |= {path: _home(path.name, folder, edition) for path in results if path.name != LOCK}
    replaced = folder / f"{edition}{REPLACED}"
    replaced.mkdir()
    with ExitStack() as undo:
        undo.callback(replaced.rmdir)
        for new, old in moves.items():
            try:
                if os.path.lexists(old):
                    _move(old, replaced / old.name, undo)
                _move(new, old, undo)
            except OSError as error:
                raise RunError(
                    f"the run has finished, but {old} cannot be replaced: {error.strerror}. Close what has it open, and"
                    f" copy the results from {artefacts} before the next run removes them"
                ) from error
        undo.pop_all()
    for rest in (artefacts, replaced):
        shutil.rmtree(rest, ignore_errors=True)


def _home(name: str, folder: Path, edition: str) -> Path:
    """Say where something of a finished run belongs: the notebook beside the artefacts' folder, all else into it."""
    return folder / name if name == f"{edition}.ipynb" else folder / edition / name


def _name_final_folder(paths: list[Path], edition: str) -> None:
    """Let records that name the folder of the unfinished run name the one that readers will find."""
    for path in paths:
        text = path.read_text(encoding="utf-8")
        with written_whole(path) as rewritten:
            rewritten.write_text(text.replace(f"{edition}{UNFINISHED}", edition), encoding="utf-8")


def _move(source: Path, target: Path, undo: ExitStack) -> None:
    os.replace(source, target)
    undo.callback(os.replace, target, source)
