"""Files that are written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give the body of a ``with`` statement a path to write to, which takes a file's place at the end.

    If the body raises, or the process dies, the file is as it was before.

    Parameters
    ----------
    path : Path
        The file. Its folder must exist.

    Yields
    ------
    Path
        ``<name>.part`` in the same folder.
    """
    unfinished = path.with_name(f"{path.name}.part")
    try:
        yield unfinished
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())  # or after a power cut the new name could stand for an empty file
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
