"""Write files whole or not at all, and name what keeps them from being written."""

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
TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
QUOTED = re.compile(r"\s|-+> \d")  # begins a traceback's lines of source code, in which any text may stand
FULL_BELOW = 2**20  # bytes left; PyTorch's own message does not say why it could not write


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a path to write to, which takes a file's place unless the body raises; raises as `room_needed` does."""
    unfinished = path.with_name(f"{path.name}.part")
    with room_needed(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield unfinished
            sync(unfinished)  # or after a power cut the new name could stand for an empty file
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)


def atomic_write_text(path: Path, text: str) -> Path:
    """Write a text in UTF-8 as `atomic_write` does, and return the path."""
    with atomic_write(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    return path


@contextmanager
def atomic_write_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder to write to, which takes a folder's place; the old one is removed first of all."""
    unfinished = path.with_name(f"{path.name}.part")
    for left in (unfinished, path):
        if left.exists():
            os.replace(left, unfinished)  # so that whoever looks sees all of it or nothing
            shutil.rmtree(unfinished)
    with room_needed(path.parent):
        unfinished.mkdir(parents=True)
        try:
            yield unfinished
            for file in unfinished.iterdir():
                sync(file)
            os.replace(unfinished, path)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def require_file(path: Path) -> None:
    """Raise an `OSError` where no file is: one would wait for a pipe for ever, and a device may never end."""
    try:
        mode = os.stat(path).st_mode
    except ValueError as error:  # no file can have that name
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
    """Raise `DiskFullError` or `OpenFilesError` for whatever a library raises that cannot write to a folder."""
    try:
        yield
    except TutorialError:  # which may be about another disk
        raise
    except Exception as error:
        if _says(error, TOO_MANY_FILES):
            text = translate(
                "more files are open than the system allows. On Linux and macOS, run `ulimit -n 4096` in the"
                " terminal, then run this again there; otherwise close other programs"
            )
            raise OpenFilesError(text) from error
        if not is_disk_full(error, folder):
            raise
        # Some errors don't say on which disk.
        full = next((place for place in (folder, Path(gettempdir())) if _bytes_left(place) < FULL_BELOW), folder)
        text = translate("the disk of {folder} is full. What was whole before still is; make room and run again")
        raise DiskFullError(text, folder=full) from error


def is_disk_full(error: BaseException, folder: Path) -> bool:
    """Tell whether an error says that a disk is full, or next to nothing is left where a folder is."""
    return says_no_room(error) or _bytes_left(folder) < FULL_BELOW


def says_no_room(error: BaseException) -> bool:
    """Tell whether an error says that there is no room, by its number or in its text."""
    return _says(error, NO_SPACE, "Not enough disk space")  # in the words of datasets


def _says(error: BaseException, numbers: tuple[int, ...], *texts: str) -> bool:
    if getattr(error, "errno", None) in numbers:
        return True
    lines = [line for line in COLOUR.sub("", str(error)).splitlines() if not QUOTED.match(line)]
    return any(text in line for line in lines for text in (*texts, *map(os.strerror, numbers)))


def can_write(folder: Path) -> bool:
    """Tell whether files can be written to a folder, which need not be there yet, and there is room for some."""
    with suppress(OSError), TemporaryFile(dir=_existing(folder)) as file:
        file.write(bytes(FULL_BELOW))
        file.flush()
        return True
    return False


def _bytes_left(folder: Path) -> int:
    return shutil.disk_usage(_existing(folder)).free


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
