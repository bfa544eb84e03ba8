"""Decode JSON values one after another."""

import json
import re
from typing import Any, TextIO

CHUNK = 2**20  # characters that are read at once
WHITE_SPACE = " \t\r\n"  # as JSON has it
BYTE_ORDER_MARK = "\ufeff"  # where files were put together, they may stand inside of the file
NO_VALUE = re.compile(f"[{WHITE_SPACE}{BYTE_ORDER_MARK}]*")
DECODER = json.JSONDecoder()


class JsonStream:
    """A JSON text that is read only as far as the value at hand.

    Parameters
    ----------
    file : TextIO
    """

    def __init__(self, file: TextIO):
        self._file, self._text, self._position = file, "", 0

    def peek(self) -> str:
        """Return the next character that is not white space, or none at the end."""
        while True:
            self._position = NO_VALUE.match(self._text, self._position).end()
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._read_on():
                return ""

    def take(self) -> str:
        """Return the same, and go on behind it."""
        character = self.peek()
        self._position += len(character)
        return character

    def value(self) -> Any:
        """Decode the next value, and go on behind it; raises what `json.JSONDecoder` raises."""
        self.peek()
        while True:
            try:
                value, self._position = DECODER.raw_decode(self._text, self._position)
                return value
            except ValueError:
                if not self._read_on():
                    raise

    def _read_on(self) -> bool:
        # Twice as much each time, or a long value would be begun again too often.
        more = self._file.read(max(CHUNK, len(self._text) - self._position))
        self._text, self._position = self._text[self._position :] + more, 0
        return bool(more)
