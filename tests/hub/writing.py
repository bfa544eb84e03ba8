"""What the test Hub answers to clients that write."""

import base64
import hashlib
import json
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from hub.messages import Answer, Request, json_answer, refusal
from hub.repository import LARGE, Repository

if TYPE_CHECKING:
    from hub.server import Hub


def create(hub: "Hub", request: Request) -> Answer:
    """Make a repository, unless it is there."""
    asked = request.json()
    name = f"{asked['organization'] or hub.user}/{asked['name']}"
    if not name.startswith(f"{hub.user}/"):
        return refusal(403, "You don't have the rights to create a model under this namespace")
    status = 409 if ("models", name) in hub.repositories else 200
    hub.add("models", name)
    return json_answer({"url": f"{hub.url}/{name}", "name": name}, status)


def validate_card(hub: "Hub", request: Request) -> Answer:
    """Find nothing wrong with the metadata in a README."""
    return json_answer({"errors": [], "warnings": []})


def preupload(hub: "Hub", request: Request, repository: Repository, revision: str) -> Answer:
    """Say of each file whether it is a large one, whether .gitignore names it, and which version of it is there."""
    _, present = repository.at(revision)
    asked = request.json()
    ignored = asked.get("gitIgnore", "").split()
    files = [
        {
            "path": file["path"],
            "uploadMode": "lfs" if file["path"].endswith(LARGE) else "regular",
            "shouldIgnore": any(fnmatch(file["path"], pattern) for pattern in ignored),
            "oid": present[file["path"]].etag if file["path"] in present else None,
        }
        for file in asked["files"]
    ]
    return json_answer({"files": files})


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


def commit(hub: "Hub", request: Request, repository: Repository, revision: str) -> Answer:
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
    commit_id = repository.commit(contents, revision)
    return json_answer({"commitOid": commit_id, "commitUrl": f"{hub.url}/{repository.name}/commit/{commit_id}"})
