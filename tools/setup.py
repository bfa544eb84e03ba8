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
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {path.stem: path for path in (ROOT / "requirements").glob("*.txt")} | {"main": ROOT / "requirements.txt"}
ENVIRONMENTS = {"main": ROOT / ".venv", "transformers4": ROOT / ".venv-transformers4"}
HAS_CUDA = "import sys, importlib.metadata as m; sys.exit(not any('nvidia' in each for each in m.requires('torch')))"
# uv does not read pip's settings. To look through all indexes for the best, as pip does, is safe where there are hashes.
OF_UV = {"index-url": "--default-index", "extra-index-url": "--index", "find-links": "--find-links"}
ALL_INDEXES = ("--index-strategy", "unsafe-best-match")


class SetUpError(Exception):
    """What was being done when something failed."""


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
    except (SetUpError, KeyboardInterrupt) as error:
        print(error if str(error) else "Set-up was interrupted.", file=sys.stderr)
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
        run(f"making the virtual environment {folder.name}", [base, "-m", "venv", folder])
        python = python_of(folder)
        subprocess.run(pip(python, "--quiet", "--require-hashes", "-r", LOCKS["uv"]))
        install_lock(python, name)
        if name == "main" and subprocess.run([python, "-c", HAS_CUDA]).returncode == 0:
            install_lock(python, "cuda")
        install("installing the project itself", python, "--no-build-isolation", "-e", ROOT)
        (folder / ".installed").touch()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def add(name: str) -> None:
    """Add a lock to the main environment, which is made first where it is missing."""
    folder = ENVIRONMENTS["main"]
    if not (folder / ".installed").exists():
        make("main")
    install_lock(python_of(folder), name)
    (folder / f".installed-{name}").touch()


def install_lock(python: Path, name: str) -> None:
    """Install what a lock lists, and nothing else."""
    lock = LOCKS[name]
    install(f"installing the packages of {lock.relative_to(ROOT)}", python, "--require-hashes", "-r", lock)


def install(doing: str, python: Path, *what: str | Path) -> None:
    """Install with uv, or with pip where uv is missing or fails."""
    if subprocess.run([python, "-c", "import uv"], stderr=subprocess.DEVNULL).returncode == 0:
        settings = pip_settings(python)
        options = [part for name in OF_UV for value in settings.get(name, "").split() for part in (OF_UV[name], value)]
        certificates = {"SSL_CERT_FILE": settings["cert"]} if "cert" in settings else {}
        command = [python, "-m", "uv", "pip", "install", "--python", python, *ALL_INDEXES, *options, "--no-deps", *what]
        if subprocess.run(command, env=certificates | os.environ).returncode == 0:
            return
    run(doing, pip(python, "--no-deps", *what))


def pip(python: Path, *what: str | Path) -> list[str | Path]:
    """Build the command that installs something with pip."""
    return [python, "-m", "pip", "install", "--disable-pip-version-check", *what]


def pip_settings(python: Path) -> dict[str, str]:
    """Look up what pip is told by its files, and by environment variables, which it lists last."""
    done = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True)
    settings = (line.partition("=") for line in done.stdout.splitlines())
    return {name.rpartition(".")[2]: str(ast.literal_eval(value)) for name, _, value in settings}


def run(doing: str, command: list[str | Path]) -> None:
    """Run a command; raises `SetUpError` where it fails."""
    if subprocess.run(command).returncode:
        raise SetUpError(f"Set-up failed while {doing}; the lines above say why. Fix that and try again.")


def python_of(folder: Path) -> Path:
    """Find the Python of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


if __name__ == "__main__":
    sys.exit(main())
