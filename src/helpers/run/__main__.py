"""Run the notebooks headless: `python -m helpers.run --profile sample`."""

import argparse
import ast
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

from helpers.errors import TutorialError
from helpers.notebook.editions import EDITIONS, MAIN
from helpers.notebook.language import LANGUAGES, use_language
from helpers.run.editions import RUNS, load_profile, run_editions, subfolder


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0 if all notebooks ran to their end, else 1."""
    parser = argparse.ArgumentParser(prog="python -m helpers.run", description=__doc__)
    parser.add_argument("--edition", choices=EDITIONS, help=f"run this one alone (default: {' and '.join(MAIN)})")
    parser.add_argument("--profile", default="sample", help="a file in notebooks/profiles, without its suffix")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the notebooks and of the report")
    parser.add_argument("-p", dest="parameters", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    options = parser.parse_args(arguments)
    use_language(options.language)  # for errors, and for the report, which this process writes itself
    try:
        parameters = load_profile(options.profile) | {name: _value(text) for name, text in options.parameters}
        editions = (options.edition,) if options.edition else MAIN
        folder = RUNS / subfolder(options.language) / options.profile
        run_editions(editions, parameters, folder, options.language)
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def _value(text: str) -> Any:
    """Read a value from the command line: a Python number, boolean or quoted text, else the text itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):  # as it warns of itself
        return text


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


if __name__ == "__main__":
    survive_closed_streams()
    sys.exit(main())
