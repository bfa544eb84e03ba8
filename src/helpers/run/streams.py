"""Keep a run going when nobody reads what it prints."""

import os
import sys
from collections.abc import Callable
from typing import Any, TextIO


class _Surviving:
    """A stream that goes on in silence once writing to it fails."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        return self._try(self._stream.write, text) or len(text)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def _try(self, action: Callable, *arguments: str) -> int | None:
        try:
            return action(*arguments)
        except OSError:
            _write_nowhere(self._stream.fileno())  # what the stream still has in its buffer, too

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def survive_closed_streams() -> None:
    """Let no print to stdout or stderr fail: what an encoding lacks is escaped, and what nobody reads is lost."""
    for number, name in enumerate(("stdout", "stderr"), start=1):
        stream = getattr(sys, name)
        if stream is None:  # closed from the start; a notebook's process inherits it and needs one
            _write_nowhere(number)
            stream = os.fdopen(number, "w", encoding="utf-8", closefd=False)
        stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, _Surviving(stream))


def _write_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)
    os.set_inheritable(number, True)
