"""Check what results and baselines hold."""

import json
import re
from typing import Any, NamedTuple

from helpers.errors import ResultsError
from helpers.metrics import SCORES
from helpers.notebook.parameters import short

RESULT_VERSION = 2  # raise it also if the calibration changes
BASELINE_VERSION = 1
COSTS = ("training time", "total time", "memory")
LARGEST = 1e30  # with which one can still calculate: squares and quotients of such numbers are numbers


class Number(NamedTuple):
    """The numbers that a value may be, from the least to the most."""

    name: str
    least: float
    most: float = LARGEST
    types: type | tuple[type, ...] = (int, float)


NUMBER = Number("a number", -LARGEST)
SHARE = Number("a number from 0 to 1", 0, 1)
SPREAD = Number("a number of at least 0", 0)
POSITIVE = Number("a number above 0", 1 / LARGEST)
COUNT = Number("a whole number", 0, types=int)
SEVERAL = Number("a whole number above 1", 2, types=int)
TEXT = re.compile(r"(?s).*")
NAME = re.compile(r"[A-Za-z0-9._=-]+")

# A dict stands for an object that has these entries and maybe others, with ... for each of the others; a list stands
# for a list of any length.
MACHINE = {"system": TEXT, "processor": TEXT, "cores": COUNT, "memory_bytes": POSITIVE}
VERSIONS = {...: TEXT}
RESULT = {
    "schema_version": Number(str(RESULT_VERSION), RESULT_VERSION, RESULT_VERSION),
    "case": dict.fromkeys(("name", "series", "group"), NAME)
    | dict.fromkeys(("edition", "language", "profile"), TEXT)
    | {"chosen": {}},
    "outcome": TEXT,
}
PASSED = RESULT | {
    "seconds": SPREAD,
    "fingerprint": {"helpers": TEXT, "parameters": {}, "versions": VERSIONS},
    "machine": MACHINE,
    "calibration": {"seconds": POSITIVE, "memory_bytes": POSITIVE},
    "results": {
        "parameters": {"seed": COUNT},
        "history": [{"epoch": NUMBER, "f1": SHARE, ...: NUMBER}],
        "test": dict.fromkeys(SCORES, SHARE) | {"per_type": {...: {"f1": SHARE}}},
        "seconds": {"training": POSITIVE, "total": POSITIVE},
        "peak_memory_bytes": POSITIVE,
    },
}
BASELINE = {
    "schema_version": Number(str(BASELINE_VERSION), BASELINE_VERSION, BASELINE_VERSION),
    "parameters": {},
    "versions": VERSIONS,
    "machine": MACHINE,
    "metrics": {name: {"mean": SHARE, "spread": SPREAD, "runs": SEVERAL} for name in SCORES}
    | {name: {"mean": POSITIVE, "spread": SPREAD, "runs": SEVERAL} for name in COSTS},
    "per_type_f1": {...: {"mean": SHARE}},
}


def parse_json(data: bytes) -> Any:
    """Read JSON; raises `ValueError` for all that is none, numbers such as NaN too."""

    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no number in JSON")

    try:
        return json.loads(data, parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def check_result(result: Any) -> None:
    """Check that a case's result has everything that is read of it, which is more if the case passed.

    Raises `ResultsError` if something is missing, or of another kind, as scores are after a training that diverged.
    """
    _check(result, RESULT)
    if result["outcome"] == "passed":
        _check(result, PASSED)


def check_baseline(baseline: Any) -> None:
    """Check that a baseline has everything that is read of it; raises `ResultsError` if not."""
    _check(baseline, BASELINE)


def _check(value: Any, shape: Number | re.Pattern | dict | list, where: str = "it") -> None:
    if isinstance(shape, Number):
        # The comparison refuses NaN. bool is a kind of int in Python.
        is_number = isinstance(value, shape.types) and not isinstance(value, bool)
        fits, kind = is_number and shape.least <= value <= shape.most, shape.name
    elif isinstance(shape, re.Pattern):
        fits, kind = isinstance(value, str) and shape.fullmatch(value), "a name" if shape is NAME else "a text"
    else:
        fits, kind = isinstance(value, type(shape)), "a list" if isinstance(shape, list) else "an object"
    if not fits:
        raise ResultsError(f"{where} is {short.repr(value)}, not {kind}")
    if isinstance(shape, list):
        for number, item in enumerate(value):
            _check(item, shape[0], f"{where}[{number}]")
    elif isinstance(shape, dict):
        for name in shape.keys() - value.keys() - {...}:
            raise ResultsError(f"{where} has no {name!r}")
        for name, item in value.items():
            inner = shape.get(name, shape.get(...))
            if inner is not None:
                _check(item, inner, name if where == "it" else f"{where}.{name}")
