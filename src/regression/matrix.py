"""Read matrix files."""

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from helpers.errors import ParameterError, RunError
from helpers.notebook.editions import EDITIONS, MAIN
from helpers.notebook.language import LANGUAGES
from helpers.notebook.parameters import RULES, check_value, short
from helpers.run.editions import load_profile
from regression.errors import MatrixError
from regression.storage import read_file

AXES = {"editions": "edition", "languages": "language", "profiles": "profile"}
DEFAULTS = {"languages": ["en"], "profiles": ["sample"]}
KEYS = {*AXES, "parameters", "exclude", "include", "time_limit", "cpus", "gpus"}
PARAMETERS = RULES.keys() - {"output_dir"}  # which is the run's own choice
LARGEST_NUMBER = 2**63 - 1  # beyond, libraries and Python itself refuse to read or show some
MOST_CASES = 100_000  # more are a mistake, and lists of lists make them easily
LONGEST_FAULT = 500  # characters
LONGEST_NAME = 120  # file systems stop at 255 bytes
# What other names may end in: a digest, or a dot, which Windows leaves out.
AMBIGUOUS_END = re.compile(r"-[0-9a-f]{16}$|\.$")


class Case(NamedTuple):
    """One run of one notebook.

    Attributes
    ----------
    edition : {"pytorch", "keras", "tensorflow"}
    language : {"en", "ko"}
    profile : str
    chosen : dict of str to any
        The parameters that the matrix sets.
    """

    edition: str
    language: str
    profile: str
    chosen: dict[str, Any]

    @property
    def parameters(self) -> dict[str, Any]:
        """Merge the matrix's parameters into the profile's."""
        return load_profile(self.profile) | self.chosen

    @property
    def name(self) -> str:
        """Return a name that no other case has, and that is safe in a path or a URL."""
        return _safe_name([self.edition, self.language, self.profile], self.chosen)

    @property
    def series(self) -> str:
        """Return the name of the cases that differ only in the seed, which are judged together."""
        return _safe_name([self.edition, self.language, self.profile], self._without_seed())

    @property
    def group(self) -> str:
        """Return the name of the cases that differ only in language and seed, which share a baseline."""
        return _safe_name([self.edition, self.profile], self._without_seed())

    def _without_seed(self) -> dict[str, Any]:
        return {name: value for name, value in self.chosen.items() if name != "seed"}


class Matrix(NamedTuple):
    """The cases of a matrix file, and the limits of each.

    Attributes
    ----------
    cases : list of Case
    time_limit : float
        Seconds.
    cpus : int
    gpus : float
        On Ray; 0.5 lets two cases share one.
    """

    cases: list[Case]
    time_limit: float = 3600
    cpus: int = 2
    gpus: float = 0


def read_matrix(path: Path) -> Matrix:
    """Read and check a matrix file.

    Parameters
    ----------
    path : Path
        YAML. ``editions``, ``languages`` and ``profiles`` are lists, and ``parameters`` maps names to lists; the cases
        are their product. Each entry of ``exclude`` maps some of edition, language, profile and parameters to values,
        and removes the cases that have them all. Each entry of ``include`` adds one case and has the same form.
        ``time_limit`` (seconds), ``cpus`` and ``gpus`` apply to each case.

    Returns
    -------
    Matrix

    Raises
    ------
    MatrixError
        If the file is missing or wrong; the message names every fault with its line.
    """
    text, reader = _text(path), _Reader()
    try:
        matrix = reader.matrix(yaml.compose(text, yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        reader.fault(error.problem_mark, f"no valid YAML: {error.problem}")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        reader.faults.append((line, f"no valid YAML: the character U+{error.character:04X}"))
    except RecursionError:
        reader.fault(None, "no valid YAML: nested too deeply")
    if reader.faults:
        raise MatrixError("\n".join(f"{path}, line {line}: {fault}" for line, fault in sorted(reader.faults)))
    return matrix


def _text(path: Path) -> str:
    try:
        content = read_file(path)
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise MatrixError(f"{path}, line {line}: no UTF-8: {error.reason}") from error
    except (OSError, ValueError) as error:
        raise MatrixError(f"{path} cannot be read: {error}") from error


class _Reader:
    """Walk the nodes of a YAML document, which know their lines, and collect faults."""

    def __init__(self):
        self.faults: list[tuple[int, str]] = []

    def fault(self, place: Node | yaml.Mark | None, text: str) -> None:
        mark = getattr(place, "start_mark", place)
        self.faults.append((mark.line + 1 if mark else 1, " ".join(text.split())[:LONGEST_FAULT]))

    def matrix(self, root: Node | None) -> Matrix:
        entries = self.mapping(root, "a matrix", KEYS)
        axes = {}
        for key, name in AXES.items():
            values = (
                self.values(entries[key], key) if key in entries else [(value, None) for value in DEFAULTS.get(key, [])]
            )
            axes[name] = [value for value, node in values if self.check(name, value, node)]
        if "editions" not in entries:
            self.fault(root, f"editions is missing; give a list of {', '.join(EDITIONS)}")
        for name, node in self.mapping(entries.get("parameters"), "parameters", PARAMETERS).items():
            axes[name] = [value for value, node in self.values(node, name) if self.check(name, value, node)]
        count = math.prod(map(len, axes.values()))
        if count > MOST_CASES:
            self.fault(root, f"the lists make {count:,} cases; {MOST_CASES:,} are the most")
            return Matrix([])
        cases = [_case(dict(zip(axes, values, strict=True))) for values in product(*axes.values())]
        cases = self.without_excluded(cases, entries.get("exclude"))
        cases = self.with_included(cases, entries.get("include"))
        if not cases and not self.faults:
            self.fault(root, "no case is left")
        limits = {key: self.positive(entries[key], key) for key in ("time_limit", "cpus", "gpus") if key in entries}
        return Matrix(cases, **limits)

    def without_excluded(self, cases: list[Case], node: Node | None) -> list[Case]:
        for entry, line in self.choices(node, "exclude"):
            kept = [case for case in cases if not entry.items() <= _choice(case).items()]
            if len(kept) == len(cases):
                self.fault(line, f"exclude fits no case: {entry}")
            cases = kept
        return cases

    def with_included(self, cases: list[Case], node: Node | None) -> list[Case]:
        cases = list(cases)
        for entry, line in self.choices(node, "include"):
            if "edition" not in entry:
                self.fault(line, "include needs an edition")
                continue
            case = _case({AXES[key]: default for key, (default,) in DEFAULTS.items()} | entry)
            if case in cases:
                self.fault(line, f"this case is in the matrix already: {case.name}")
            cases.append(case)
        return cases

    def choices(self, node: Node | None, key: str) -> Iterator[tuple[dict[str, Any], Node]]:
        for item in self.items(node, key):
            entries = self.mapping(item, f"an entry of {key}", PARAMETERS | set(AXES.values()))
            entry = {name: self.value(value) for name, value in entries.items()}
            if all([self.check(name, entry[name], value) for name, value in entries.items()]) and entry:
                yield entry, item

    def check(self, name: str, value: Any, node: Node | None) -> bool:
        """Return whether an axis or a parameter can take a value; note the fault if not."""
        known = {"edition": tuple(EDITIONS), "language": LANGUAGES}.get(name)
        try:
            if known and value not in known:
                raise MatrixError(f"unknown {name} {short.repr(value)}; choose of {', '.join(known)}")
            if name == "edition" and not _runs_here(value):
                venv = ".venv" if value in MAIN else ".venv-transformers4"
                raise MatrixError(f"edition {value!r} needs another environment: call this with the Python of {venv}")
            if name == "profile":
                load_profile(value)
            elif not known:
                check_value(name, value)
        except (MatrixError, ParameterError, RunError) as error:
            self.fault(node, str(error))
            return False
        return True

    def mapping(self, node: Node | None, what: str, known: Mapping | set) -> dict[str, Node]:
        """Return the entries of a mapping; note unknown and repeated keys."""
        if node is None:
            return {}
        if not isinstance(node, MappingNode):
            self.fault(node, f"{what} must hold lines of the form `name: value`")
            return {}
        entries = {}
        for key, value in node.value:
            name = key.value if isinstance(key, ScalarNode) else None
            if name not in known:
                self.fault(key, f"unknown key {short.repr(name)} in {what}; it may have {', '.join(sorted(known))}")
            elif name in entries:
                self.fault(key, f"{name} stands here twice")
            else:
                entries[name] = value
        return entries

    def items(self, node: Node | None, what: str) -> list[Node]:
        if node is None:
            return []
        if not isinstance(node, SequenceNode) or not node.value:
            self.fault(node, f"{what} must be a list, such as [a, b]")
            return []
        return node.value

    def values(self, node: Node, what: str) -> list[tuple[Any, Node]]:
        found = []
        for item in self.items(node, what):
            value = self.value(item)
            # 1 and 1.0 are one case; True, which equals 1 too, is another mistake.
            if any(value == other and isinstance(value, bool) == isinstance(other, bool) for other, _ in found):
                self.fault(item, f"{what} has {short.repr(value)} twice")
            found.append((value, item))
        return found

    def positive(self, node: Node, key: str) -> float:
        value = self.value(node)
        kinds = int if key == "cpus" else (int, float)
        is_number = isinstance(value, kinds) and not isinstance(value, bool)
        if not is_number or not 0 <= value < math.inf or (value == 0 and key != "gpus"):
            number = "whole number" if key == "cpus" else "number"
            self.fault(node, f"{key} must be a {number} above 0, not {short.repr(value)}")
        return value

    def value(self, node: Node) -> Any:
        if not isinstance(node, ScalarNode):  # nothing here takes one, and aliases could make it endless
            return []
        try:
            value = yaml.constructor.SafeConstructor().construct_document(node)
            if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
                raise ValueError("too large")
        except yaml.YAMLError:
            raise
        except Exception as error:  # PyYAML passes on whatever Python's own conversions raise
            problem = f"{short.repr(node.value)} cannot be read as a value ({type(error).__name__})"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error
        return value


def _runs_here(edition: str) -> bool:
    """Return whether this Python's environment is the one that an edition runs in."""
    in_main = int(version("transformers").split(".")[0]) > 4
    return (edition in MAIN) == in_main


def _case(choice: dict[str, Any]) -> Case:
    chosen = {name: value for name, value in choice.items() if name not in AXES.values()}
    return Case(choice["edition"], choice["language"], choice["profile"], chosen)


def _choice(case: Case) -> dict[str, Any]:
    return {"edition": case.edition, "language": case.language, "profile": case.profile} | case.chosen


def _safe_name(parts: list[str], chosen: dict[str, Any]) -> str:
    """Make a name that no other choice has, not even on a file system that takes no notice of case.

    It is what it says where that can be read in one way, as no name of a parameter has a hyphen; else it has a digest.
    """
    full = "-".join([*parts, *(f"{name}={value}" for name, value in sorted(chosen.items()))])
    safe = re.sub(r"[^A-Za-z0-9._=-]", "_", full)
    texts = [*parts, *(value for value in chosen.values() if isinstance(value, str))]
    is_clear = not any("=" in text or text != text.lower() for text in texts)
    if is_clear and safe == full and len(safe) <= LONGEST_NAME and not AMBIGUOUS_END.search(safe):
        return safe
    digest = hashlib.sha256(json.dumps([parts, sorted(chosen.items())]).encode()).hexdigest()
    return f"{safe[:LONGEST_NAME]}-{digest[:16]}"
