"""Refuse the project's code, and notebooks, what Windows lacks: in every Python with this folder in PYTHONPATH.

Libraries choose by the system's name what they import, so from them nothing can be hidden.
"""

import builtins

LACKING = {"crypt", "curses", "fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
PROJECT = {"__main__", "helpers", "proofs", "regression"}
import_as_ever = builtins.__import__


def import_as_on_windows(name, globals=None, *rest, **others):
    importer = (globals or {}).get("__name__", "")
    if name in LACKING and importer.partition(".")[0] in PROJECT:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return import_as_ever(name, globals, *rest, **others)


builtins.__import__ = import_as_on_windows
