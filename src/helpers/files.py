"""Files that are written whole or not at all, and a lack of room or of open files that is called one."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from helpers.errors import DiskFullError, OpenFilesError, TutorialError
from helpers.notebook.language import translate

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
SAID = (*map(os.strerror, NO_SPACE), "Not enough disk space")  # the last by datasets
TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
QUOTED = re.compile(r"\s|-+> \d")  # begins a traceback's lines of source code, in which any text may stand
FULL_BELOW = 2**20  # bytes left; PyTorch's own message does not say why it could not write


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give the body of a ``with`` statement a path to write to, which takes a file's place at the end.

    If the body raises, or the process dies, the file is as it was before.

    Parameters
    ----------
    path : Path
        The file. Its folder is created where it is missing.

    Yields
    ------
    Path
        ``<name>.part`` in the same folder.

    Raises
    ------
    DiskFullError
        If there is no room for it.
    """
    unfinished = path.with_name(f"{path.name}.part")
    with room_needed(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield unfinished
            sync(unfinished)  # or after a power cut the new name could stand for an empty file
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)


@contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """Give the body of a ``with`` statement an empty folder to write to, which takes a folder's place at the end.

    Parameters
    ----------
    path : Path
        The folder; one that is there is removed, first of all, so that it cannot pass for the new one.

    Yields
    ------
    Path
        ``<name>.part`` beside it. If the body raises, it is removed; if the process dies, the next call does so.

    Raises
    ------
    DiskFullError
        If there is no room for it.
    """
    unfinished = path.with_name(f"{path.name}.part")
    remove_folder(path)
    with room_needed(path.parent):
        unfinished.mkdir(parents=True)
        try:
            yield unfinished
            for file in unfinished.iterdir():
                sync(file)
            os.replace(unfinished, path)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Remove what `folder_written_whole` has written or begun, such that whoever looks sees all of it or nothing."""
    unfinished = path.with_name(f"{path.name}.part")
    for place in (unfinished, path):
        if place.exists():
            os.replace(place, unfinished)
            shutil.rmtree(unfinished)


def sync(path: Path) -> None:
    """Wait until a file's content has reached the disk."""
    with path.open("r+b" if os.name == "nt" else "rb") as file:  # Windows syncs only what may be written to
        os.fsync(file.fileno())


@contextmanager
def room_needed(folder: Path) -> Iterator[None]:
    """Give an error in the body of a ``with`` statement its name, if it comes from a full disk or too many open files.

    Parameters
    ----------
    folder : Path
        Where the body writes to.

    Raises
    ------
    DiskFullError
        Instead of what a library raises, each another kind of error, where there is no room. Errors that have a name
        keep it: they may be about another disk.
    OpenFilesError
        Likewise, where no more files can be opened.
    """
    try:
        yield
    except TutorialError:
        raise
    except Exception as error:
        if _says(error, TOO_MANY_FILES, tuple(map(os.strerror, TOO_MANY_FILES))):
            raise OpenFilesError(
                translate(
                    "more files are open than the system allows. On Linux and macOS, run `ulimit -n 4096` in the"
                    " terminal, then run this again there; otherwise close other programs"
                )
            ) from error
        if not is_disk_full(error, folder):
            raise
        # Some errors don't say on which disk.
        full = next((place for place in (folder, Path(gettempdir())) if _bytes_left(place) < FULL_BELOW), folder)
        raise DiskFullError(
            translate("the disk of {folder} is full. What was whole before still is; make room and run again").format(
                folder=full
            )
        ) from error


def is_disk_full(error: BaseException, folder: Path) -> bool:
    """Tell whether an error comes from a full disk: it says so, or next to nothing is left where a folder is."""
    return says_no_room(error) or _bytes_left(folder) < FULL_BELOW


def says_no_room(error: BaseException) -> bool:
    """Tell whether an error says that there is no room, by its number or in its text; on which disk, it may not say."""
    return _says(error, NO_SPACE, SAID)


def _says(error: BaseException, numbers: tuple[int, ...], texts: tuple[str, ...]) -> bool:
    if getattr(error, "errno", None) in numbers:
        return True
    lines = COLOUR.sub("", str(error)).splitlines()
    return any(text in line for line in lines if not QUOTED.match(line) for text in texts)


def _bytes_left(folder: Path) -> int:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(existing).free
