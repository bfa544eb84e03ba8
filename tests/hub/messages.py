"""Requests to the test Hub and its answers."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request, as it came."""

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
    """One answer."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def json_answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """Answer with JSON."""
    return Answer(status, {"Content-Type": "application/json"} | (headers or {}), json.dumps(content).encode())


def refusal(status: int, message: str, code: str = "", headers: dict[str, str] | None = None) -> Answer:
    """Refuse as the Hub does: its clients read the reason from headers.

    Parameters
    ----------
    status : int
    message : str
    code : {"", "RepoNotFound", "RevisionNotFound", "EntryNotFound", "GatedRepo"}
    headers : dict of str to str, optional
    """
    reason = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
    return json_answer({"error": message}, status, reason | (headers or {}))
