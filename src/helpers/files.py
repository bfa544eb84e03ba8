"""Files that are written whole or not at all and are none but files, and a lack of room that is called one."""

import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile, gettempdir

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


def require_file(path: Path) -> None:
    """Make sure that a path leads to a file: one would wait for a pipe for ever, and a device may never end.

    Raises
    ------
    OSError
        If there is nothing, or something else, or no file can have that name.
    """
    try:
        mode = os.stat(path).st_mode
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error), str(path)) from error
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, translate("it is no file, but a pipe or a device"), str(path))


def expanded(name: str) -> str:
    """Expand the ``~`` that a name may begin with; what can be no path stays as it is."""
    with suppress(ValueError):
        return os.path.expanduser(name)
    return name


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


def can_write(folder: Path) -> bool:
    """Tell whether files can be written to a folder, which need not be there yet, and there is room for some."""
    try:
        with TemporaryFile(dir=_existing(folder)) as file:
            file.write(bytes(FULL_BELOW))
            file.flush()
    except OSError:
        return False
    return True


def _bytes_left(folder: Path) -> int:
    return shutil.disk_usage(_existing(folder)).free


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
