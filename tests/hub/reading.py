"""What the test Hub answers to clients that read."""

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote

from hub.messages import Answer, Request, json_answer, refusal
from hub.repository import File, Repository

if TYPE_CHECKING:
    from hub.server import Hub


def info(hub: "Hub", request: Request, repository: Repository, revision: str = "main") -> Answer:
    """Describe a repository at a revision."""
    found = repository.at(unquote(revision))
    if found is None:
        return _no_revision()
    commit, files = found
    described = {
        "id": repository.name,
        "sha": commit,
        "private": False,
        "gated": False,
        "tags": [],
        "siblings": [{"rfilename": path} for path in sorted(files)],
    }
    return json_answer(described)


def nothing(hub: "Hub", request: Request) -> Answer:
    """Answer a question that clients ask besides, such as which programs use them."""
    return json_answer({})


def refs(hub: "Hub", request: Request, repository: Repository) -> Answer:
    """List the branches; those that the Hub makes by itself are listed apart."""
    described = [
        {"name": branch.rpartition("/")[2], "ref": branch, "targetCommit": commit}
        for branch, commit in repository.branches.items()
    ]
    converted = [branch for branch in described if branch["ref"].startswith("refs/convert/")]
    own = [branch for branch in described if branch not in converted]
    return json_answer({"branches": own, "converts": converted, "tags": []})


def tree(hub: "Hub", request: Request, repository: Repository, revision: str, folder: str = "") -> Answer:
    """List a folder, a page at a time."""
    found = repository.at(unquote(revision))
    if found is None:
        return _no_revision()
    commit, files = found
    entries = _entries(files, unquote(folder), recursive=request.query.get("recursive") in (["True"], ["true"]))
    if folder and not entries:
        return _no_entry(commit)
    start = int(request.query.get("cursor", ["0"])[0])
    end = start + hub.page_size
    headers = {}
    if end < len(entries):
        arguments = "".join(f"{key}={quote(values[0])}&" for key, values in request.query.items() if key != "cursor")
        headers["Link"] = f'<{hub.url}{request.path}?{arguments}cursor={end}>; rel="next"'
    return json_answer(entries[start:end], headers=headers)


def paths_info(hub: "Hub", request: Request, repository: Repository, revision: str) -> Answer:
    """Describe some files and folders; those that do not exist are left out."""
    found = repository.at(unquote(revision))
    if found is None:
        return _no_revision()
    wanted = parse_qs(request.body.decode())["paths"]
    return json_answer([entry for entry in _entries(found[1], "", recursive=True) if entry["path"] in wanted])


def resolve(hub: "Hub", request: Request, repository: Repository, revision: str, path: str) -> Answer:
    """Send a file, or say where it lies if it is a large one."""
    found = repository.at(unquote(revision))
    if found is None:
        return _no_revision()
    commit, files = found
    file = files.get(unquote(path))
    if file is None:
        return _no_entry(commit)
    if not file.is_large:
        return _content(request, file.content, {"ETag": f'"{file.etag}"', "X-Repo-Commit": commit})
    headers = {
        "Location": f"{hub.storage}/large/{file.sha256}",
        "X-Repo-Commit": commit,
        "X-Linked-ETag": f'"{file.etag}"',
        "X-Linked-Size": str(len(file.content)),
    }
    return Answer(302, headers)


def large_file(hub: "Hub", request: Request, sha256: str) -> Answer:
    """Send a large file."""
    return _content(request, hub.large_files[sha256], {"ETag": f'"{sha256}"'})


def _no_revision() -> Answer:
    return refusal(404, "Revision not found", "RevisionNotFound")


def _no_entry(commit: str) -> Answer:
    return refusal(404, "Entry not found", "EntryNotFound", {"X-Repo-Commit": commit})


def _content(request: Request, content: bytes, headers: dict[str, str]) -> Answer:
    """Send what a request asks for of a content: all of it, or a range."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if not asked:
        return Answer(200, headers, content)
    first = int(asked[1])
    last = min(int(asked[2] or len(content)), len(content) - 1)
    if first > last:
        return Answer(416, headers | {"Content-Range": f"bytes */{len(content)}"})
    headers = headers | {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
    return Answer(206, headers, content[first : last + 1])


def _entries(files: dict[str, File], folder: str, recursive: bool) -> list[dict]:
    """Describe what lies in a folder: files, and the folders that their paths imply."""
    prefix = f"{folder}/" if folder else ""
    entries = {}
    for path, file in sorted(files.items()):
        if not path.startswith(prefix):
            continue
        slashes = [match.start() + len(prefix) for match in re.finditer("/", path[len(prefix) :])]
        for slash in slashes if recursive else slashes[:1]:
            entries[path[:slash]] = {"type": "directory", "path": path[:slash], "oid": "0" * 40, "size": 0}
        if recursive or not slashes:
            entries[path] = {"type": "file", "path": path, "oid": file.git_id, "size": len(file.content)}
            if file.is_large:
                entries[path]["lfs"] = {"oid": file.sha256, "size": len(file.content), "pointerSize": 130}
    return list(entries.values())
