"""A repository of the test Hub: files, under branches, in commits."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

LARGE = (".safetensors", ".parquet", ".bin", ".h5")  # what the Hub keeps in its large file storage


@dataclass(frozen=True)
class File:
    """A file's content, and the names that git and the Hub have for it."""

    content: bytes
    is_large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def git_id(self) -> str:
        return hashlib.sha1(b"blob %d\0" % len(self.content) + self.content).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.is_large else self.git_id


class Repository:
    """Files under branches, every state of them kept under a commit id.

    Attributes
    ----------
    name : str
    branches : dict of str to str
        The commit id that each branch stands at.
    commits : dict of str to (dict of str to File)
        The files by their paths.
    large_files : dict of str to bytes
        The store in which the Hub keeps those of all repositories, by SHA-256.
    """

    def __init__(self, name: str, large_files: dict[str, bytes]):
        self.name = name
        self.large_files = large_files
        self.branches: dict[str, str] = {}
        self.commits: dict[str, dict[str, File]] = {}
        self.commit({".gitattributes": b"*.parquet filter=lfs\n"})

    def commit(self, contents: dict[str, bytes], branch: str = "main") -> str:
        """Add and change files; returns the new commit's id."""
        files = dict(self.commits[self.branches[branch]]) if branch in self.branches else {}
        for path, content in contents.items():
            files[path] = file = File(content, path.endswith(LARGE))
            if file.is_large:
                self.large_files[file.sha256] = content
        names = [(path, file.etag) for path, file in sorted(files.items())]
        commit = hashlib.sha1(repr((len(self.commits), names)).encode()).hexdigest()
        self.commits[commit] = files
        self.branches[branch] = commit
        return commit

    def commit_folder(self, folder: Path) -> str:
        """Commit the files of a folder."""
        return self.commit({path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()})

    def at(self, revision: str) -> tuple[str, dict[str, File]] | None:
        """Look up the commit id and the files of a branch or commit; None where there is none of that name."""
        commit = self.branches.get(revision, revision)
        return (commit, self.commits[commit]) if commit in self.commits else None

    @property
    def contents(self) -> dict[str, bytes]:
        """The files that are on the main branch now."""
        return {path: file.content for path, file in self.commits[self.branches["main"]].items()}
