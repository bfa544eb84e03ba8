"""What can go wrong between a client and the test Hub, switched on request by request."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from hub.messages import Answer, Request

ALWAYS = 10**9


@dataclass
class Fault:
    """A rule: requests that it fits get another answer, a late one, or half of one.

    Parameters
    ----------
    path : str
        A regular expression, found anywhere in the request's path.
    method : str
        A regular expression for the whole method.
    times : int
        How many requests it befalls; counted down.
    answer : Answer, optional
        Instead of the right one; nothing else happens then.
    delay : float
        Seconds before the answer.
    cut_after : int, optional
        The connection ends after so many bytes of the body.
    change : callable, optional
        Takes the right body and returns the one that is sent, as if all were well.
    """

    path: str = ""
    method: str = ".*"
    times: int = 1
    answer: Answer | None = None
    delay: float = 0
    cut_after: int | None = None
    change: Callable[[bytes], bytes] | None = None

    def befalls(self, request: Request) -> bool:
        """Tell whether it befalls a request, and count."""
        if not self.times or not re.fullmatch(self.method, request.method) or not re.search(self.path, request.path):
            return False
        self.times -= 1
        return True
