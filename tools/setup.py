"""Set up a virtual environment from a lock.

``python tools/setup.py`` makes ``.venv``, for all but the TensorFlow edition; ``python tools/setup.py transformers4``
makes ``.venv-transformers4``, for that one; ``python tools/setup.py dev`` adds ``requirements/dev.txt`` to ``.venv``.
What is complete has a mark: ``.installed`` in the environment, or ``.installed-dev``.
"""

import argparse
import ast
import os
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
LOCKS = {path.stem: path for path in REQUIREMENTS.glob("*.txt")} | {"main": ROOT / "requirements.txt"}
ENVIRONMENTS = {"main": ROOT / ".venv", "transformers4": ROOT / ".venv-transformers4"}
NEEDS_CUDA = "import sys, importlib.metadata as m; sys.exit(not any('nvidia' in each for each in m.requires('torch')))"
# uv does not read pip's settings. Like pip, it may look through all indexes for the best: the hashes make that safe.
OF_UV = {"index-url": "--default-index", "extra-index-url": "--index", "find-links": "--find-links"}
ALL_INDEXES = ("--index-strategy", "unsafe-best-match")


class SetUpError(Exception):
    """What failed, in one sentence."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        1 if something failed. A new environment is removed then; one that was to get more has no mark of that.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="main", choices=sorted(LOCKS))
    name = parser.parse_args(arguments).name
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        check_python()
        if name in ENVIRONMENTS:
            make(name)
        else:
            add(name)
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Set-up was interrupted.", file=sys.stderr)
        return 1
    return 0


def check_python() -> None:
    """Raise `SetUpError` unless the project supports this Python."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        found = ".".join(map(str, sys.version_info[:3]))
        raise SetUpError(
            f"This project needs Python 3.11, 3.12 or 3.13, and this is {found}: run this with another, or choose one"
            " with `make PYTHON=python3.12 ...`."
        )


def make(name: str) -> None:
    """Make an environment anew, with the project itself in it."""
    folder = ENVIRONMENTS[name]
    print(f"Setting up {folder.name}; the first time this downloads about a gigabyte.", flush=True)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        # The base, as this may be run by a Python of the environment that was just removed.
        base = getattr(sys, "_base_executable", sys.executable)
        require(subprocess.run([base, "-m", "venv", folder]).returncode == 0, f"making {folder.name}")
        python = python_of(folder)
        install_lock(python, LOCKS["uv"], optional=True)  # without it, pip does the rest, in three times the time
        if name == "main":
            install_lock(python, REQUIREMENTS / "torch_cpu.in", optional=True)
        install_lock(python, LOCKS[name])
        if name == "main" and subprocess.run([python, "-c", NEEDS_CUDA]).returncode == 0:
            install_lock(python, LOCKS["cuda"])
        require(install(python, "--no-build-isolation", "-e", ROOT), "installing the project itself")
        (folder / ".installed").touch()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def add(name: str) -> None:
    """Add a lock to the main environment, which is made first where it is missing."""
    folder = ENVIRONMENTS["main"]
    if not (folder / ".installed").exists():
        make("main")
    install_lock(python_of(folder), LOCKS[name])
    (folder / f".installed-{name}").touch()


def install_lock(python: Path, lock: Path, optional: bool = False) -> None:
    """Install what a lock lists and nothing else; `SetUpError` if that fails, or silence where it is optional."""
    done = install(python, "--require-hashes", "-r", lock, quiet=optional)
    require(done or optional, f"installing the packages of {lock.relative_to(ROOT).as_posix()}")


def install(python: Path, *what: str | Path, quiet: bool = False) -> bool:
    """Install with uv, or with pip where uv is missing or fails; return whether it worked."""
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", *what]
    settings = pip_settings(python)
    options = [part for name in OF_UV for value in settings.get(name, "").split() for part in (OF_UV[name], value)]
    uv = [python, "-m", "uv", "pip", "install", "--python", python, "--no-deps", *ALL_INDEXES, *options, *what]
    environment = ({"SSL_CERT_FILE": settings["cert"]} if "cert" in settings else {}) | os.environ
    has_uv = subprocess.run([python, "-c", "import uv"], capture_output=True).returncode == 0
    commands = [uv, pip] if has_uv else [pip]
    return any(subprocess.run(each, env=environment, capture_output=quiet).returncode == 0 for each in commands)


@cache
def pip_settings(python: Path) -> dict[str, str]:
    """Look up what pip is told by its files and by environment variables, which come before them."""
    done = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True)
    lines = sorted(done.stdout.splitlines(), key=lambda line: line.startswith(":env:"))
    settings = (line.partition("=") for line in lines)
    return {name.rpartition(".")[2]: str(ast.literal_eval(value)) for name, _, value in settings}


def python_of(folder: Path) -> Path:
    """Find the Python of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def require(done: bool, doing: str) -> None:
    """Raise `SetUpError` if something was not done."""
    if not done:
        raise SetUpError(f"Set-up failed while {doing}; the lines above say why. Fix that and try again.")


if __name__ == "__main__":
    sys.exit(main())
