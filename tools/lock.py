"""Resolve requirements/*.in into locks with hashes."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "requirements"
MAIN = FOLDER.parent / "requirements.txt"
COLAB = FOLDER.parent / "tests" / "colab" / "requirements.txt"
# What PyTorch's CUDA build for Linux asks for has a lock of its own, since the CPU build needs none of it.
CUDA = FOLDER / "cuda.txt"
OF_CUDA = ("cuda-", "nvidia-", "triton=")
# jsonschema takes it only to check addresses, and compiles its grammars whenever nbformat is imported: two seconds of
# each headless run.
LEFT_OUT = ("rfc3987-syntax=", "lark=")


def main(options: list[str]) -> None:
    """Resolve all locks; ``--upgrade`` raises what the .in files leave open."""
    found = resolve("main", [*read(MAIN), *read(CUDA)], options)
    write(CUDA, [entry for entry in found if entry.startswith(OF_CUDA)])
    write(MAIN, [entry for entry in found if not entry.startswith(OF_CUDA)])
    lock = FOLDER / "transformers4.txt"
    # Of what both environments have, both get one release, where transformers 4 takes it.
    known = {entry.partition("==")[0]: entry for entry in [*read(lock), *read(MAIN)]}
    write(lock, resolve("transformers4", known.values(), []))
    for name in ("uv", "ray", "dev", "fuzz", "site", "audit"):  # each may be constrained by those before it
        lock = FOLDER / f"{name}.txt"
        write(lock, resolve(name, read(lock), options))
    write(COLAB, resolve("../tests/colab/requirements", read(COLAB), options, python="3.13"))


def resolve(name: str, known: Iterable[str], options: list[str], python: str = "3.11") -> list[str]:
    """Resolve one .in file for all systems and Pythons from one on; entries that are known are kept if they can be."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "lock.txt"
        write(lock, known)
        command = [sys.executable, "-m", "uv", "pip", "compile", f"{name}.in", "--output-file", lock, *options]
        command += ["--universal", "--python-version", python, "--fork-strategy", "fewest", "--generate-hashes"]
        command += ["--no-header", "--no-annotate", "--no-emit-index-url"]
        subprocess.run(command, cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)
        return [entry for entry in read(lock) if not entry.startswith(LEFT_OUT)]


def read(lock: Path) -> list[str]:
    """Read a lock's entries, each with the lines of its hashes."""
    return re.findall(r"^\S.*\n(?:\s.*\n)*", lock.read_text(encoding="utf-8"), re.MULTILINE) if lock.exists() else []


def write(lock: Path, entries: Iterable[str]) -> None:
    """Write a lock, unless it says the same already: make takes a new file for a change."""
    text = "".join(entries)
    if not lock.exists() or lock.read_text(encoding="utf-8") != text:
        lock.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
