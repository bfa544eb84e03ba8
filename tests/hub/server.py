"""A small Hub on this machine, for the real clients: enough of its protocol to fetch, to push, and to go wrong."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

ALWAYS = 10**9
LARGE = (".safetensors", ".parquet", ".bin", ".h5")  # what the Hub keeps in its large file storage
WRITE_TOKEN, READ_TOKEN = "hf_" + 34 * "W", "hf_" + 34 * "R"


@dataclass(frozen=True)
class File:
    """A file's content, and the names that git and the Hub have for it."""

    content: bytes
    is_large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def etag(self) -> str:
        git_id = hashlib.sha1(b"blob %d\0" % len(self.content) + self.content).hexdigest()
        return self.sha256 if self.is_large else git_id


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
        files = dict(self.commits.get(self.branches.get(branch), {}))
        files |= {path: File(content, path.endswith(LARGE)) for path, content in contents.items()}
        self.large_files |= {file.sha256: file.content for file in files.values() if file.is_large}
        names = [(path, file.etag) for path, file in sorted(files.items())]
        commit = hashlib.sha1(repr((len(self.commits), names)).encode()).hexdigest()
        self.commits[commit] = files
        self.branches[branch] = commit
        return commit

    @property
    def contents(self) -> dict[str, bytes]:
        """The files that are on the main branch now."""
        return {path: file.content for path, file in self.commits[self.branches["main"]].items()}


@dataclass
class Request:
    method: str
    path: str  # quoted, so that refs%2Fconvert%2Fparquet is one part of it
    query: dict[str, list[str]]
    headers: dict[str, str]  # by names in lower case
    body: bytes
    # What the path names: its parts by the names that they have in a route, and what these stand for
    parts: dict[str, str] = field(default_factory=dict)
    repository: Repository | None = None
    commit: str = ""
    files: dict[str, File] = field(default_factory=dict)

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
    change: Callable[[bytes], bytes] = bytes  # of the right body, which is sent as if all were well

    def befalls(self, request: Request) -> bool:
        if not self.times or not re.fullmatch(self.method, request.method) or not re.search(self.path, request.path):
            return False
        self.times -= 1
        return True


class Hub:
    """The state of a test Hub, and the server in front of it, which runs from the beginning.

    Attributes
    ----------
    url : str
        What ``HF_ENDPOINT`` has to be.
    storage : str
        The same server by another name, for large files: clients tell by the host that these come from elsewhere.
    """

    user = "ada"
    tokens = {WRITE_TOKEN: "write", READ_TOKEN: "read"}  # noqa: RUF012 (both belong to the user)

    def __init__(self):
        self.clear()
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.hub = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.storage = f"http://localhost:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def clear(self) -> None:
        """Make it as new, under the same address."""
        self.repositories: dict[tuple[str, str], Repository] = {}  # the kind is "models" or "datasets"
        self.moved: dict[tuple[str, str], str] = {}  # earlier names, with the new ones
        self.large_files: dict[str, bytes] = {}  # by SHA-256
        self.requests: list[Request] = []  # in order
        self.unknown: list[Request] = []  # those for which there is no route
        self.faults: list[Fault] = []  # the first that befalls a request decides

    def close(self) -> None:
        """Stop the server, without waiting for answers that are late."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def add(self, kind: str, name: str) -> Repository:
        """Make a repository, unless it is there."""
        return self.repositories.setdefault((kind, name), Repository(name, self.large_files))

    def asked(self, path: str, method: str = ".*") -> list[Request]:
        return [r for r in self.requests if re.search(path, r.path) and re.fullmatch(method, r.method)]

    def answer(self, request: Request) -> Answer:
        """Answer a request as a Hub does with which all is well."""
        for methods, path, respond in ROUTES:
            match = re.fullmatch(path, request.path)
            if match and re.fullmatch(methods, request.method):
                request.parts = {name: unquote(part or "") for name, part in match.groupdict().items()}
                return self._refused(request, respond) or self._found(request) or respond(self, request)
        self.unknown.append(request)
        return refusal(404, "There is nothing here")

    def _refused(self, request: Request, respond: Callable) -> Answer | None:
        if request.token and request.token not in self.tokens:
            return refusal(401, "Invalid credentials in Authorization header")
        if respond in NEED_RIGHT_TO_WRITE:
            if not request.token:
                return refusal(401, "Invalid username or password.")
            if self.tokens[request.token] != "write":
                return refusal(403, "You need the right to write")
            if request.parts.get("name", self.user).split("/")[0] != self.user:
                return refusal(403, "You have read access but not the required permissions for this operation")
        return None

    def _found(self, request: Request) -> Answer | None:
        """Look up what a path names; answer where it has moved or is missing."""
        if "name" not in request.parts:
            return None
        key = kind, name = request.parts.get("kind") or "models", request.parts["name"]
        if key in self.moved:
            moved = request.path.replace(name, self.moved[kind, name], 1)
            return Answer(307, {"Location": f"{moved}?{urlencode(request.query, doseq=True)}"})
        if key not in self.repositories:
            return refusal(404, "Repository not found", "RepoNotFound")
        request.repository = self.repositories[key]
        revision = request.parts.get("revision") or "main"
        request.commit = request.repository.branches.get(revision, revision)
        if request.commit not in request.repository.commits:
            return refusal(404, "Revision not found", "RevisionNotFound")
        request.files = request.repository.commits[request.commit]
        return None


# Where clients read


def describe(hub: Hub, request: Request) -> Answer:
    described = {"id": request.repository.name, "sha": request.commit, "private": False, "gated": False, "tags": []}
    return json_answer(described | {"siblings": [{"rfilename": path} for path in sorted(request.files)]})


def say_nothing(hub: Hub, request: Request) -> Answer:
    """Answer a question that clients ask besides: which programs use them, or whether a card's metadata are right."""
    return json_answer({"errors": [], "warnings": []})


def list_branches(hub: Hub, request: Request) -> Answer:
    """List the branches; those that the Hub makes by itself are listed apart."""
    described = {"branches": [], "converts": [], "tags": []}
    for branch, commit in request.repository.branches.items():
        kind = "converts" if branch.startswith("refs/convert/") else "branches"
        described[kind].append({"name": branch.rpartition("/")[2], "ref": branch, "targetCommit": commit})
    return json_answer(described)


def list_folder(hub: Hub, request: Request) -> Answer:
    folder, recursive = request.parts["folder"], request.query.get("recursive", [""])[0].lower() == "true"
    prefix = f"{folder}/" if folder else ""
    below = [(path, entry) for path, entry in entries(request.files) if path.startswith(prefix)]
    if folder and not below:
        return no_entry(request)
    return json_answer([entry for path, entry in below if recursive or "/" not in path.removeprefix(prefix)])


def describe_paths(hub: Hub, request: Request) -> Answer:
    """Describe some files and folders; those that do not exist are left out."""
    wanted = parse_qs(request.body.decode())["paths"]
    return json_answer([entry for path, entry in entries(request.files) if path in wanted])


def entries(files: dict[str, File]) -> list[tuple[str, dict]]:
    """Describe files, and the folders that their paths imply, in the order of their paths."""
    found = {}
    for path, file in files.items():
        for parent in map(str, list(PurePosixPath(path).parents)[:-1]):
            found[parent] = {"type": "directory", "path": parent, "oid": "0" * 40, "size": 0}
        found[path] = {"type": "file", "path": path, "oid": file.etag[:40], "size": len(file.content)}
        if file.is_large:
            found[path]["lfs"] = {"oid": file.sha256, "size": len(file.content), "pointerSize": 130}
    return sorted(found.items())


def send_file(hub: Hub, request: Request) -> Answer:
    """Send a file, or say where it lies if it is a large one."""
    file = request.files.get(request.parts["path"])
    if file is None:
        return no_entry(request)
    etag, commit = f'"{file.etag}"', {"X-Repo-Commit": request.commit}
    if not file.is_large:
        return send_content(request, file.content, {"ETag": etag} | commit)
    place = {"Location": f"{hub.storage}/large/{file.sha256}"}
    return Answer(302, commit | place | {"X-Linked-ETag": etag, "X-Linked-Size": str(len(file.content))})


def send_large_file(hub: Hub, request: Request) -> Answer:
    sha256 = request.parts["sha256"]
    return send_content(request, hub.large_files[sha256], {"ETag": f'"{sha256}"'})


def send_content(request: Request, content: bytes, headers: dict[str, str]) -> Answer:
    """Send what a request asks for of a content: all of it, or a range."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if not asked:
        return Answer(200, headers, content)
    first, last = int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)
    return Answer(206, headers | {"Content-Range": f"bytes {first}-{last}/{len(content)}"}, content[first : last + 1])


def no_entry(request: Request) -> Answer:
    return refusal(404, "Entry not found", "EntryNotFound", {"X-Repo-Commit": request.commit})


# Where clients write


def create_repository(hub: Hub, request: Request) -> Answer:
    asked = request.json()
    name = f"{asked['organization'] or hub.user}/{asked['name']}"
    if not name.startswith(f"{hub.user}/"):
        return refusal(403, "You don't have the rights to create a model under this namespace")
    status = 409 if ("models", name) in hub.repositories else 200
    hub.add("models", name)
    return json_answer({"url": f"{hub.url}/{name}", "name": name}, status)


def prepare_upload(hub: Hub, request: Request) -> Answer:
    """Say of each file whether it is a large one, whether .gitignore names it, and which version of it is there."""
    asked = request.json()
    described = []
    for path in (file["path"] for file in asked["files"]):
        mode = "lfs" if path.endswith(LARGE) else "regular"
        ignored = any(fnmatch(path, pattern) for pattern in asked.get("gitIgnore", "").split())
        oid = request.files[path].etag if path in request.files else None
        described.append({"path": path, "uploadMode": mode, "shouldIgnore": ignored, "oid": oid})
    return json_answer({"files": described})


def prepare_large_files(hub: Hub, request: Request) -> Answer:
    """Say where to send large files; those that are there already need not be sent."""
    objects = [{"oid": wanted["oid"], "size": wanted["size"]} for wanted in request.json()["objects"]]
    for described in objects:
        if described["oid"] not in hub.large_files:
            address = f"{hub.url}/large/{described['oid']}"
            described["actions"] = {"upload": {"href": address}, "verify": {"href": f"{address}/verify"}}
    return json_answer({"transfer": "basic", "objects": objects})


def store_large_file(hub: Hub, request: Request) -> Answer:
    if hashlib.sha256(request.body).hexdigest() != request.parts["sha256"]:
        return refusal(400, "The content does not match the digest")
    hub.large_files[request.parts["sha256"]] = request.body
    return Answer()


def verify_large_file(hub: Hub, request: Request) -> Answer:
    is_whole = len(hub.large_files.get(request.parts["sha256"], b"")) == request.json()["size"]
    return Answer() if is_whole else refusal(404, "The file has not come")


def commit(hub: Hub, request: Request) -> Answer:
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
    new = request.repository.commit(contents)
    return json_answer({"commitOid": new, "commitUrl": f"{hub.url}/{request.repository.name}/commit/{new}"})


NAME = r"(?P<name>[^/]+(?:/[^/]+)?)"
API = rf"/api/(?P<kind>models|datasets)/{NAME}"
REVISION = r"(?P<revision>[^/]+)"
LARGE_FILE = "/large/(?P<sha256>[0-9a-f]{64})"
# Methods, path, and what answers; the first that fits does.
ROUTES = (
    ("GET", "/api/agent-harnesses", say_nothing),
    ("GET", f"{API}/refs", list_branches),
    ("GET", f"{API}/tree/{REVISION}(?:/(?P<folder>.*))?", list_folder),
    ("POST", f"{API}/paths-info/{REVISION}", describe_paths),
    ("GET", f"{API}/revision/{REVISION}", describe),
    ("GET", API, describe),
    ("GET|HEAD", f"(?:/(?P<kind>datasets))?/{NAME}/resolve/{REVISION}/(?P<path>.+)", send_file),
    ("GET|HEAD", LARGE_FILE, send_large_file),
    ("POST", "/api/validate-yaml", say_nothing),
    ("POST", "/api/repos/create", create_repository),
    ("POST", f"{API}/preupload/{REVISION}", prepare_upload),
    ("POST", rf"/{NAME}\.git/info/lfs/objects/batch", prepare_large_files),
    ("PUT", LARGE_FILE, store_large_file),  # on the Hub, its address is signed
    ("POST", f"{LARGE_FILE}/verify", verify_large_file),
    ("POST", f"{API}/commit/{REVISION}", commit),
)
NEED_RIGHT_TO_WRITE = {create_repository, prepare_upload, prepare_large_files, verify_large_file, commit}


class _Handler(BaseHTTPRequestHandler):
    """Turns bytes into requests and answers into bytes, and makes the faults."""

    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        hub = self.server.hub
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, address.path, parse_qs(address.query), headers, body)
        hub.requests.append(request)
        fault = next((fault for fault in hub.faults if fault.befalls(request)), Fault())
        hub.closing.wait(fault.delay)
        answer = fault.answer or hub.answer(request)
        body = fault.change(answer.body)
        self.send_response(answer.status)
        for name, value in (answer.headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: fault.cut_after])
        self.close_connection = self.close_connection or fault.cut_after is not None

    do_GET = do_HEAD = do_POST = do_PUT = _handle

    def log_message(self, *details: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, *details: object) -> None:
        pass  # a client that gives up waiting is what some tests are about
