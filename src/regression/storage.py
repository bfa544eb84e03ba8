"""Store the results of cases."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from helpers.disk.files import atomic_write, require_file
from helpers.disk.locks import claimed
from helpers.errors import ResultsError, RunError
from regression.schema import parse_json

RESULT = "result.json"


def read_file(path: Path) -> bytes:
    """Read what `helpers.disk.files.require_file` takes for a file; raises `OSError` for anything else."""
    require_file(path)
    return path.read_bytes()


class Store:
    """Keep a folder for each case, at a path or a URL that fsspec reaches, such as ``s3://bucket/folder``.

    Raises `RunError` if no library is installed that reaches the URL.
    """

    def __init__(self, url: str):
        try:
            self.files, self.root = fsspec.url_to_fs(url, use_listings_cache=False)  # other machines write there too
        except (ValueError, ImportError) as error:
            hint = "s3:// and gs:// need `python tools/setup.py ray`"
            raise RunError(f"results cannot be kept at {url}: {error} ({hint})") from error
        self.is_local = isinstance(self.files, LocalFileSystem)
        self.url = self.root if self.is_local else url  # a path that does not depend on the folder it is used in

    def claimed(self) -> AbstractContextManager[None]:
        """Lock the store for the body of a ``with`` statement, as `claim` does; object stores have no locks."""
        return claimed(Path(self.root)) if self.is_local else nullcontext()

    @contextmanager
    def folder(self, name: str) -> Iterator[Path]:
        """Yield an empty local folder for the files of a case; they go to the store at the end, also after an error."""
        self.remove(name)
        if self.is_local:
            path = Path(self.root, name)
            path.mkdir(parents=True)
            yield path
        else:
            with tempfile.TemporaryDirectory() as path:
                try:
                    yield Path(path)
                finally:
                    self.files.put(f"{path}/", f"{self.root}/{name}/", recursive=True)

    def remove(self, name: str) -> None:
        """Remove a file, or the folder of a case, its result first, so that no part passes for a whole."""
        for path in (f"{self.root}/{name}/{RESULT}", f"{self.root}/{name}"):
            if self.files.exists(path):
                self.files.rm(path, recursive=True)

    def names(self, file: str = RESULT) -> list[str]:
        """Return the names of the cases that have a file, by default a result."""
        return sorted(path.split("/")[-2] for path in self.files.glob(f"{self.root}/*/{file}"))

    def read_result(self, name: str) -> Any:
        """Return the result of a case, which may be any JSON, or None; raises `ResultsError` if it cannot be read."""
        path = f"{self.root}/{name}/{RESULT}"
        try:
            return parse_json(read_file(Path(path)) if self.is_local else self.files.cat_file(path))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ResultsError(f"{path} cannot be read: {error}") from error

    def write_result(self, name: str, result: dict[str, Any]) -> None:
        """Write the result of a case."""
        self.write(f"{name}/{RESULT}", json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file atomically, as object stores always do."""
        # UTF-8 has no lone surrogates, which may be in what a notebook puts out.
        data = content.encode(errors="replace") if isinstance(content, str) else content
        path = Path(self.root, name)
        if self.is_local:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as unfinished:
                unfinished.write_bytes(data)
        else:
            self.files.pipe_file(f"{self.root}/{name}", data)
