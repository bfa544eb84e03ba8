"""Read matrix files."""

import hashlib
import json
import math
import re
from collections.abc import Iterator
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from helpers.errors import TutorialError
from helpers.notebook.editions import EDITIONS, MAIN
from helpers.notebook.language import LANGUAGES
from helpers.notebook.parameters import LARGEST_COUNT, RULES, check_value, short
from helpers.run.editions import load_profile
from helpers.run.plain_yaml import read_yaml
from regression.errors import MatrixError

AXES = {"editions": "edition", "languages": "language", "profiles": "profile"}
DEFAULTS = {"languages": ["en"], "profiles": ["sample"]}
LIMITS = {"time_limit": 3600, "cpus": 2, "gpus": 0}
KEYS = {*AXES, "parameters", "exclude", "include", *LIMITS}
PARAMETERS = RULES.keys() - {"output_dir"}  # which is the run's own choice
MOST_CASES = 100_000  # more are a mistake, and lists of lists make them easily
LONGEST_FAULT = 500  # characters
LONGEST_NAME = 120  # file systems stop at 255 bytes
# What other names may end in: a digest, or a dot, which Windows leaves out.
AMBIGUOUS_END = re.compile(r"-[0-9a-f]{16}$|\.$")


class Case(NamedTuple):
    """One run of one notebook; `chosen` are the parameters that the matrix sets."""

    edition: str
    language: str
    profile: str
    chosen: dict[str, Any]

    @classmethod
    def of(cls, choice: dict[str, Any]) -> "Case":
        """Make a case of its axes and parameters."""
        axes = [choice[axis] for axis in AXES.values()]
        return cls(*axes, {name: value for name, value in choice.items() if name not in AXES.values()})

    @property
    def parameters(self) -> dict[str, Any]:
        """Merge the matrix's parameters into the profile's."""
        return load_profile(self.profile) | self.chosen

    @property
    def name(self) -> str:
        """Return a name that no other case has, and that is safe in a path or a URL."""
        return _safe_name(self[:3], self.chosen)

    @property
    def series(self) -> str:
        """Return the name of the cases that differ only in the seed, which are judged together."""
        return _safe_name(self[:3], self.chosen, "seed")

    @property
    def group(self) -> str:
        """Return the name of the cases that differ only in language and seed, which share a baseline."""
        return _safe_name((self.edition, self.profile), self.chosen, "seed")


def _safe_name(parts: tuple[str, ...], chosen: dict[str, Any], left_out: str = "") -> str:
    """Make a name that no other choice has, not even on a file system that takes no notice of case.

    It is what it says where that can be read in one way, as no name of a parameter has a hyphen; else it has a digest.
    """
    choices = sorted(item for item in chosen.items() if item[0] != left_out)
    full = "-".join([*parts, *(f"{name}={value}" for name, value in choices)])
    safe = re.sub(r"[^A-Za-z0-9._=-]", "_", full)
    texts = [*parts, *(value for _, value in choices if isinstance(value, str))]
    is_clear = not any("=" in text or text != text.lower() for text in texts)
    if is_clear and safe == full and len(safe) <= LONGEST_NAME and not AMBIGUOUS_END.search(safe):
        return safe
    digest = hashlib.sha256(json.dumps([parts, choices]).encode()).hexdigest()
    return f"{safe[:LONGEST_NAME]}-{digest[:16]}"


class Matrix(NamedTuple):
    """The cases of a matrix file, and the limits of each: seconds, processors, and on Ray GPUs or parts of one."""

    cases: list[Case]
    time_limit: float
    cpus: int
    gpus: float


def read_matrix(path: Path) -> Matrix:
    """Read and check a matrix file, whose form docs/regression.md describes.

    Raises `MatrixError` if it cannot be read, or is wrong; then the message names every fault with its line.
    """
    try:
        content = read_yaml(path)
        root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or str(error)
        place = f" at line {mark.line + 1}" if mark else ""
        raise MatrixError(f"{path} cannot be read{place}: {_in_one_line(problem)}") from error
    reader = _Reader()
    matrix = reader.matrix(content)
    if reader.faults:
        faults = sorted((_line(root, way), _in_one_line(text)) for way, text in reader.faults)
        raise MatrixError("\n".join(f"{path}, line {line}: {text}" for line, text in faults))
    return matrix


def _in_one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_FAULT]


def _line(node: yaml.Node | None, way: tuple) -> int:
    """Find the line of what a way of keys and places leads to, or of the last that is there."""
    line = 0
    for step in way:
        if isinstance(node, yaml.SequenceNode):
            node = node.value[step]
            line = node.start_mark.line
        else:
            found = [entry for entry in node.value if entry[0].value == str(step)]
            if not found:
                break
            line, node = found[0][0].start_mark.line, found[0][1]
    return line + 1


class _Reader:
    """Check the content of a matrix file, and collect faults: the way to each, as keys and places, and what it is."""

    def __init__(self):
        self.faults: list[tuple[tuple, str]] = []

    def fault(self, way: tuple, text: str) -> None:
        self.faults.append((way, text))

    def matrix(self, content: Any) -> Matrix:
        content = DEFAULTS | self.mapping((), content, KEYS)
        if "editions" not in content:
            self.fault((), f"editions is missing; give a list of {', '.join(EDITIONS)}")
        axes = {name: self.values((key,), content.get(key), name) for key, name in AXES.items()}
        parameters = self.mapping(("parameters",), content.get("parameters"), PARAMETERS)
        axes |= {name: self.values(("parameters", name), values, name) for name, values in parameters.items()}
        limits = {key: self.limit(key, content.get(key, default)) for key, default in LIMITS.items()}
        count = math.prod(map(len, axes.values()))
        if count > MOST_CASES:
            self.fault((), f"the lists make {count:,} cases; {MOST_CASES:,} are the most")
            return Matrix([], **limits)
        cases = [Case.of(dict(zip(axes, values, strict=True))) for values in product(*axes.values())]
        for way, entry in self.entries("exclude", content):
            kept = [case for case in cases if not entry.items() <= (case._asdict() | case.chosen).items()]
            if len(kept) == len(cases):
                self.fault(way, f"exclude fits no case: {entry}")
            cases = kept
        for way, entry in self.entries("include", content):
            if "edition" not in entry:
                self.fault(way, "include needs an edition")
                continue
            case = Case.of({AXES[key]: default for key, (default,) in DEFAULTS.items()} | entry)
            if case in cases:
                self.fault(way, f"this case is in the matrix already: {case.name}")
            cases.append(case)
        if not cases and not self.faults:
            self.fault((), "no case is left")
        return Matrix(cases, **limits)

    def entries(self, key: str, content: dict) -> Iterator[tuple[tuple, dict[str, Any]]]:
        """Yield the good entries of a list of choices."""
        for place, item in enumerate(self.items((key,), content.get(key, ()))):
            way, before = (key, place), len(self.faults)
            entry = self.mapping(way, item, PARAMETERS | set(AXES.values()))
            for name, value in entry.items():
                self.check((*way, name), name, value)
            if entry and len(self.faults) == before:
                yield way, entry

    def mapping(self, way: tuple, value: Any, known: set[str]) -> dict[str, Any]:
        """Return the known entries of a mapping, which may be empty."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.fault(way, f"{way[-1] if way else 'a matrix'} must hold lines of the form `name: value`")
            return {}
        for name in value.keys() - known:
            where = f"unknown key {short.repr(name)} in {way[0] if way else 'a matrix'}"
            self.fault((*way, name), f"{where}; it may have {', '.join(sorted(known))}")
        return {name: item for name, item in value.items() if name in known}

    def items(self, way: tuple, value: Any) -> list:
        if isinstance(value, list) and value:
            return value
        if value is not None and value != ():
            self.fault(way, f"{way[-1]} must be a list, such as [a, b]")
        return []

    def values(self, way: tuple, items: Any, name: str) -> list:
        """Return the values of an axis or a parameter that it can take."""
        good = []
        for place, value in enumerate(self.items(way, items)):
            if self.check((*way, place), name, value):
                if value in good:  # 1 and 1.0 are one case
                    self.fault((*way, place), f"{way[-1]} has {short.repr(value)} twice")
                good.append(value)
        return good

    def check(self, way: tuple, name: str, value: Any) -> bool:
        """Return whether an axis or a parameter can take a value; note the fault if not."""
        known = {"edition": tuple(EDITIONS), "language": LANGUAGES}.get(name)
        try:
            if not isinstance(value, (str, int, float)):  # aliases could make others endless
                raise MatrixError(f"{name} cannot be {short.repr(value)}: expected one text or number")
            if known and value not in known:
                raise MatrixError(f"unknown {name} {short.repr(value)}; choose of {', '.join(known)}")
            in_main = int(version("transformers").split(".")[0]) > 4  # whose environment this Python belongs to
            if name == "edition" and (value in MAIN) != in_main:
                venv = ".venv" if value in MAIN else ".venv-transformers4"
                raise MatrixError(f"edition {value!r} needs another environment: call this with the Python of {venv}")
            if name == "profile":
                load_profile(value)
            elif not known:
                check_value(name, value)
        except TutorialError as error:
            self.fault(way, str(error))
            return False
        return True

    def limit(self, key: str, value: Any) -> float:
        kind, number = (int, "whole number") if key == "cpus" else ((int, float), "number")
        is_number = isinstance(value, kind) and not isinstance(value, bool)
        if not is_number or not 0 <= value <= LARGEST_COUNT or (value == 0 and key != "gpus"):
            self.fault((key,), f"{key} must be a {number} above 0, not {short.repr(value)}")
        return value
