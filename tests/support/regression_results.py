"""Results of regression runs, as if cases had run."""

import copy
from typing import Any

from regression.matrix import Case

MACHINE = {"system": "a system", "processor": "a processor", "cores": 2, "memory_bytes": 8_000_000_000}


def make_result(
    seed: int = 1,
    f1: float = 0.5,
    training: float = 10.0,
    *,
    language: str = "en",
    edition: str = "pytorch",
    chosen: dict[str, Any] | None = None,
    outcome: str = "passed",
    types: tuple[str, ...] = ("person",),
    **fingerprint: Any,
) -> dict[str, Any]:
    """Make everything that a result has after a run, with fewer entries of each kind."""
    case = Case(edition, language, "sample", {"seed": seed} | (chosen or {}))
    scores = {"precision": 0.5, "recall": 0.5, "f1": f1, "accuracy": 0.9}
    parameters = {"seed": seed, "epochs": 2}
    fingerprint = {"notebook": "n", "helpers": "h", "parameters": parameters, "versions": {"torch": "1"}} | fingerprint
    return {
        "schema_version": 2,
        "case": {"name": case.name, "series": case.series, "group": case.group, **case._asdict()},
        "fingerprint": fingerprint,
        "machine": MACHINE,
        "outcome": outcome,
        "error": None if outcome == "passed" else "an error",
        "cell": None,
        "calibration": {"seconds": 0.5, "memory_bytes": 100},
        "results": {
            "parameters": {"seed": seed},
            "history": [{"epoch": epoch, "training_loss": 0.5, "f1": 0.4} for epoch in (1, 2)],
            "test": scores | {"per_type": {name: scores for name in types}},
            "seconds": {"training": training, "total": 2 * training},
            "peak_memory_bytes": 300,
        },
        "seconds": 3 * training,
        "peak_memory_bytes": 400,
    }


def changed(whole: Any, path: tuple, *value: Any) -> Any:
    """Copy a value, with another one at a place, or none."""
    whole = copy.deepcopy(whole)
    *above, last = path
    place = whole
    for key in above:
        place = place[key]
    if value:
        (place[last],) = value
    else:
        del place[last]
    return whole
