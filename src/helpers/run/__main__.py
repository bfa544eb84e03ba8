"""Run the notebooks headless: `python -m helpers.run --profile sample`."""

import argparse
import ast
import sys
from typing import Any

from helpers.errors import TutorialError
from helpers.notebook.editions import EDITIONS, MAIN
from helpers.notebook.language import LANGUAGES, use_language
from helpers.run.editions import RUNS, load_profile, run_editions, subfolder
from helpers.run.streams import survive_closed_streams


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0 if all notebooks ran to their end, else 1."""
    parser = argparse.ArgumentParser(prog="python -m helpers.run", description=__doc__)
    parser.add_argument("--edition", choices=EDITIONS, help=f"run this one alone (default: {' and '.join(MAIN)})")
    parser.add_argument("--profile", default="sample", help="a file in notebooks/profiles, without its suffix")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the notebooks and of the report")
    parser.add_argument("-p", dest="parameters", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    options = parser.parse_args(arguments)
    try:
        parameters = load_profile(options.profile) | {name: _value(text) for name, text in options.parameters}
        use_language(options.language)  # for the report, which this process writes itself
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


if __name__ == "__main__":
    survive_closed_streams()
    sys.exit(main())
