"""A small Hub on this machine, for the real clients: enough of its protocol to fetch, to push, and to go wrong."""

import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from hub import answers
from hub.protocol import Answer, Fault, Repository, Request, refusal

NAME = r"(?P<name>[^/]+(?:/[^/]+)?)"
API = rf"/api/(?P<kind>models|datasets)/{NAME}"
WRITE_TOKEN, READ_TOKEN = "hf_" + 34 * "W", "hf_" + 34 * "R"
REVISION = r"(?P<revision>[^/]+)"
LARGE_FILE = "/large/(?P<sha256>[0-9a-f]{64})"


class Route(NamedTuple):
    """Which function answers which requests."""

    methods: str
    path: str
    respond: Callable[..., Answer]
    needs_right_to_write: bool = False


# The first that fits answers.
ROUTES = (
    Route("GET", "/api/agent-harnesses", answers.nothing),
    Route("GET", f"{API}/refs", answers.refs),
    Route("GET", f"{API}/tree/{REVISION}(?:/(?P<folder>.*))?", answers.tree),
    Route("POST", f"{API}/paths-info/{REVISION}", answers.paths_info),
    Route("GET", f"{API}/revision/{REVISION}", answers.info),
    Route("GET", f"{API}(?P<revision>)", answers.info),
    Route("GET|HEAD", f"(?:/(?P<kind>datasets))?/{NAME}/resolve/{REVISION}/(?P<path>.+)", answers.resolve),
    Route("GET|HEAD", LARGE_FILE, answers.large_file),
    Route("POST", "/api/validate-yaml", answers.nothing),
    Route("POST", "/api/repos/create", answers.create, True),
    Route("POST", f"{API}/preupload/{REVISION}", answers.preupload, True),
    Route("POST", rf"/{NAME}\.git/info/lfs/objects/batch", answers.large_files_batch, True),
    Route("PUT", LARGE_FILE, answers.store_large_file),  # on the Hub, its address is signed
    Route("POST", f"{LARGE_FILE}/verify", answers.verify_large_file, True),
    Route("POST", f"{API}/commit/{REVISION}", answers.commit, True),
)


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
    page_size = 3  # of lists of files

    def __init__(self):
        self.clear()
        self.tokens = {WRITE_TOKEN: "write", READ_TOKEN: "read"}  # both belong to `user`
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
        """List the requests of a method whose path holds a regular expression."""
        return [r for r in self.requests if re.search(path, r.path) and re.fullmatch(method, r.method)]

    def answer(self, request: Request) -> Answer:
        """Answer a request as a Hub does with which all is well."""
        for route in ROUTES:
            match = re.fullmatch(route.path, request.path)
            if match and re.fullmatch(route.methods, request.method):
                return self._refused(request, route, match) or self._respond(request, route, match)
        self.unknown.append(request)
        return refusal(404, "There is nothing here")

    def _refused(self, request: Request, route: Route, match: re.Match) -> Answer | None:
        if request.token and request.token not in self.tokens:
            return refusal(401, "Invalid credentials in Authorization header")
        if route.needs_right_to_write:
            if not request.token:
                return refusal(401, "Invalid username or password.")
            if self.tokens[request.token] != "write":
                return refusal(403, "You need the right to write")
            if match.groupdict().get("name", self.user).split("/")[0] != self.user:
                return refusal(403, "You have read access but not the required permissions for this operation")
        return None

    def _respond(self, request: Request, route: Route, match: re.Match) -> Answer:
        parts = {name: part for name, part in match.groupdict().items() if part is not None}
        if "name" in parts:
            key = (parts.pop("kind", "models"), parts.pop("name"))
            if key in self.moved:
                moved = request.path.replace(key[1], self.moved[key], 1)
                return Answer(307, {"Location": f"{moved}?{urlencode(request.query, doseq=True)}"})
            if key not in self.repositories:
                return refusal(404, "Repository not found", "RepoNotFound")
            parts["repository"] = self.repositories[key]
        if "revision" in parts:
            found = parts["repository"].at(unquote(parts.pop("revision")) or "main")
            if found is None:
                return refusal(404, "Revision not found", "RevisionNotFound")
            parts["commit"], parts["files"] = found
        return route.respond(self, request, **parts)


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
        self._send(answer, fault.change(answer.body) if fault.change else answer.body, fault.cut_after)

    do_GET = do_HEAD = do_POST = do_PUT = _handle

    def _send(self, answer: Answer, body: bytes, cut_after: int | None) -> None:
        self.send_response(answer.status)
        for name, value in (answer.headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:cut_after])
        self.close_connection = self.close_connection or cut_after is not None

    def log_message(self, *details: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, *details: object) -> None:
        pass  # a client that gives up waiting is what some tests are about
