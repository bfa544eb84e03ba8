"""What passes between clients and the test Hub, what it keeps, and what can go wrong between them."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ALWAYS = 10**9
LARGE = (".safetensors", ".parquet", ".bin", ".h5")  # what the Hub keeps in its large file storage


@dataclass(frozen=True)
class Request:
    method: str
    path: str  # quoted, so that refs%2Fconvert%2Fparquet is one part of it
    query: dict[str, list[str]]
    headers: dict[str, str]  # by names in lower case
    body: bytes

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def json_answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, {"Content-Type": "application/json"} | (headers or {}), json.dumps(content).encode())


def refusal(status: int, message: str, code: str = "", headers: dict[str, str] | None = None) -> Answer:
    """Refuse as the Hub does: its clients read the reason, and a code such as RepoNotFound, from headers."""
    reason = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
    return json_answer({"error": message}, status, reason | (headers or {}))


@dataclass
class Fault:
    """A rule: requests that it fits, by regular expressions, get another answer, a late one, or half of one."""

    path: str = ""  # found anywhere in the request's path
    method: str = ".*"
    times: int = 1  # how many requests it befalls; counted down
    answer: Answer | None = None  # instead of the right one; nothing else happens then
    delay: float = 0  # seconds
    cut_after: int | None = None  # the connection ends after so many bytes of the body
    change: Callable[[bytes], bytes] | None = None  # of the right body, which is sent as if all were well

    def befalls(self, request: Request) -> bool:
        if not self.times or not re.fullmatch(self.method, request.method) or not re.search(self.path, request.path):
            return False
        self.times -= 1
        return True


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
    """Files under branches, every state of them kept under a commit id; large ones by SHA-256 in the Hub's store."""

    def __init__(self, name: str, large_files: dict[str, bytes]):
        self.name = name
        self.large_files = large_files
        self.branches: dict[str, str] = {}
        self.commits: dict[str, dict[str, File]] = {}
        self.commit({".gitattributes": b"*.parquet filter=lfs\n"})

    def commit(self, contents: dict[str, bytes], branch: str = "main") -> str:
        """Add and change files; returns the new commit's id."""
        files = dict(self.commits[self.branches[branch]]) if branch in self.branches else {}
        files |= {path: File(content, path.endswith(LARGE)) for path, content in contents.items()}
        self.large_files |= {file.sha256: file.content for file in files.values() if file.is_large}
        names = [(path, file.etag) for path, file in sorted(files.items())]
        commit = hashlib.sha1(repr((len(self.commits), names)).encode()).hexdigest()
        self.commits[commit] = files
        self.branches[branch] = commit
        return commit

    def commit_folder(self, folder: Path) -> str:
        return self.commit({path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()})

    def at(self, revision: str) -> tuple[str, dict[str, File]] | None:
        """Look up the commit id and the files of a branch or commit; None where there is none of that name."""
        commit = self.branches.get(revision, revision)
        return (commit, self.commits[commit]) if commit in self.commits else None

    @property
    def contents(self) -> dict[str, bytes]:
        """The files that are on the main branch now."""
        return {path: file.content for path, file in self.commits[self.branches["main"]].items()}
