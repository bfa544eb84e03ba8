"""What the test Hub answers where all is well."""

import base64
import hashlib
import json
import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote

from hub.protocol import LARGE, Answer, File, Repository, Request, json_answer, refusal

if TYPE_CHECKING:
    from hub.server import Hub

# Where clients read; a repository comes with the commit that the revision in the path stands for, and its files


def info(hub: "Hub", request: Request, repository: Repository, commit: str, files: dict[str, File]) -> Answer:
    """Describe a repository."""
    described = {"id": repository.name, "sha": commit, "private": False, "gated": False, "tags": []}
    return json_answer(described | {"siblings": [{"rfilename": path} for path in sorted(files)]})


def nothing(hub: "Hub", request: Request) -> Answer:
    """Answer a question that clients ask besides: which programs use them, or whether a card's metadata are right."""
    return json_answer({"errors": [], "warnings": []})


def refs(hub: "Hub", request: Request, repository: Repository) -> Answer:
    """List the branches; those that the Hub makes by itself are listed apart."""
    described = [
        {"name": branch.rpartition("/")[2], "ref": branch, "targetCommit": commit}
        for branch, commit in repository.branches.items()
    ]
    converted = [branch for branch in described if branch["ref"].startswith("refs/convert/")]
    own = [branch for branch in described if branch not in converted]
    return json_answer({"branches": own, "converts": converted, "tags": []})


def tree(
    hub: "Hub", request: Request, repository: Repository, commit: str, files: dict[str, File], folder: str = ""
) -> Answer:
    """List a folder, a page at a time."""
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


def paths_info(hub: "Hub", request: Request, repository: Repository, commit: str, files: dict[str, File]) -> Answer:
    """Describe some files and folders; those that do not exist are left out."""
    wanted = parse_qs(request.body.decode())["paths"]
    return json_answer([entry for entry in _entries(files, "", recursive=True) if entry["path"] in wanted])


def resolve(
    hub: "Hub", request: Request, repository: Repository, commit: str, files: dict[str, File], path: str
) -> Answer:
    """Send a file, or say where it lies if it is a large one."""
    file = files.get(unquote(path))
    if file is None:
        return _no_entry(commit)
    etag, size = f'"{file.etag}"', str(len(file.content))
    if not file.is_large:
        return _content(request, file.content, {"ETag": etag, "X-Repo-Commit": commit})
    place = {"Location": f"{hub.storage}/large/{file.sha256}", "X-Repo-Commit": commit}
    return Answer(302, place | {"X-Linked-ETag": etag, "X-Linked-Size": size})


def large_file(hub: "Hub", request: Request, sha256: str) -> Answer:
    """Send a large file."""
    return _content(request, hub.large_files[sha256], {"ETag": f'"{sha256}"'})


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


# Where clients write


def create(hub: "Hub", request: Request) -> Answer:
    """Make a repository, unless it is there."""
    asked = request.json()
    name = f"{asked['organization'] or hub.user}/{asked['name']}"
    if not name.startswith(f"{hub.user}/"):
        return refusal(403, "You don't have the rights to create a model under this namespace")
    status = 409 if ("models", name) in hub.repositories else 200
    hub.add("models", name)
    return json_answer({"url": f"{hub.url}/{name}", "name": name}, status)


def preupload(hub: "Hub", request: Request, repository: Repository, commit: str, files: dict[str, File]) -> Answer:
    """Say of each file whether it is a large one, whether .gitignore names it, and which version of it is there."""
    asked = request.json()
    ignored = asked.get("gitIgnore", "").split()
    described = [
        {
            "path": file["path"],
            "uploadMode": "lfs" if file["path"].endswith(LARGE) else "regular",
            "shouldIgnore": any(fnmatch(file["path"], pattern) for pattern in ignored),
            "oid": files[file["path"]].etag if file["path"] in files else None,
        }
        for file in asked["files"]
    ]
    return json_answer({"files": described})


def large_files_batch(hub: "Hub", request: Request, repository: Repository) -> Answer:
    """Say where to send large files; those that are there already need not be sent."""
    objects = []
    for wanted in request.json()["objects"]:
        described = {"oid": wanted["oid"], "size": wanted["size"]}
        if wanted["oid"] not in hub.large_files:
            address = f"{hub.url}/large/{wanted['oid']}"
            described["actions"] = {"upload": {"href": address}, "verify": {"href": f"{address}/verify"}}
        objects.append(described)
    return json_answer({"transfer": "basic", "objects": objects})


def store_large_file(hub: "Hub", request: Request, sha256: str) -> Answer:
    """Take a large file, if it is what it was said to be."""
    if hashlib.sha256(request.body).hexdigest() != sha256:
        return refusal(400, "The content does not match the digest")
    hub.large_files[sha256] = request.body
    return Answer()


def verify_large_file(hub: "Hub", request: Request, sha256: str) -> Answer:
    """Say whether a large file has come whole."""
    whole = len(hub.large_files.get(sha256, b"")) == request.json()["size"]
    return Answer() if whole else refusal(404, "The file has not come")


def commit(hub: "Hub", request: Request, repository: Repository, commit: str, files: dict[str, File]) -> Answer:
    """Make a commit out of lines of JSON, with an operation in each after the first; all of it or nothing."""
    contents = {}
    for line in request.body.splitlines()[1:]:
        operation = json.loads(line)
        value = operation["value"]
        if operation["key"] == "file":
            contents[value["path"]] = base64.b64decode(value["content"])
        elif operation["key"] == "lfsFile" and value["oid"] in hub.large_files:
            contents[value["path"]] = hub.large_files[value["oid"]]
        else:
            return refusal(400, f"{value['path']} cannot be committed: {operation['key']}")
    new = repository.commit(contents)
    return json_answer({"commitOid": new, "commitUrl": f"{hub.url}/{repository.name}/commit/{new}"})
