"""Write and read metrics.json, the record that a run leaves, and lay several side by side."""

import json
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import psutil

from helpers.disk.files import atomic_write_text, require_file
from helpers.errors import ResultsError
from helpers.metrics import SCORES
from helpers.notebook.language import translate

SCHEMA_VERSION = 4
FILE_NAME = "metrics.json"
CONTENT = {"edition", "dataset", "model", "parameters", "history", "test", "decoded", "errors"}  # of a run
KEYS = CONTENT | {"schema_version", "versions", "peak_memory_bytes"}
OPTIONAL_KEYS = {"seconds"}  # which whoever runs the notebook knows, and the notebook does not
LIBRARIES = {
    "pytorch": ("torch", "accelerate"),
    "keras": ("keras", "tensorflow"),
    "tensorflow": ("tensorflow", "tf-keras"),
}
SHARED_LIBRARIES = ("transformers", "tokenizers", "datasets", "evaluate", "seqeval", "numpy")


def library_versions(edition: str) -> dict[str, str]:
    """Look up the releases of Python and of the libraries that a run of an edition depends on."""
    libraries = LIBRARIES[edition] + SHARED_LIBRARIES
    return {"python": platform.python_version()} | {name: version(name) for name in libraries}


def peak_memory_bytes() -> int:
    """Return the largest resident set size that this process has had, or the present one where no system call says."""
    memory = psutil.Process().memory_info()
    if hasattr(memory, "peak_wset"):  # Windows
        return memory.peak_wset
    try:
        import resource
    except ImportError:
        return memory.rss
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB, macOS in bytes


def write_results(folder: Path, **content) -> Path:
    """Write the entries of `CONTENT` to metrics.json, and name it; raises `ResultsError` if they are others."""
    added = {"versions": library_versions(content["edition"]), "peak_memory_bytes": peak_memory_bytes()}
    return _write(folder, {"schema_version": SCHEMA_VERSION} | content | added)


def add_seconds(folder: Path, seconds: dict[str, float]) -> Path:
    """Add to a run's metrics.json how many seconds of wall-clock time ``training`` and the run in ``total`` took."""
    return _write(folder, read_results(folder) | {"seconds": seconds})


def _write(folder: Path, results: dict) -> Path:
    path = folder / FILE_NAME
    _require_keys(path, results)
    finite = json.loads(json.dumps(results), parse_constant=lambda name: None)  # JSON has no NaN: null
    return atomic_write_text(path, json.dumps(finite, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_results(folder: Path | str, edition: str | None = None) -> dict:
    """Read the metrics.json of a run's folder; raises `ResultsError` if it is missing, broken or of another edition."""
    path = Path(folder) / FILE_NAME
    try:
        require_file(path)
        results = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ResultsError(translate("{path} does not exist: the run has not finished"), path=path) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(translate("{path} cannot be read: {reason}"), path=path, reason=error) from error
    found = results.get("schema_version") if isinstance(results, dict) else None
    if found != SCHEMA_VERSION:
        text = translate("{path} has the schema version {found}, expected {expected}; run the notebook again")
        raise ResultsError(text, path=path, found=found, expected=SCHEMA_VERSION)
    _require_keys(path, results)
    if edition not in (None, results["edition"]):
        text = translate("{path} has the results of the edition {found}, expected {expected}")
        raise ResultsError(text, path=path, found=repr(results["edition"]), expected=repr(edition))
    return results


def _require_keys(path: Path, results: dict) -> None:
    missing, unknown = KEYS - results.keys(), results.keys() - KEYS - OPTIONAL_KEYS
    if missing or unknown:
        text = translate("{path}: missing {missing}, unknown {unknown}")
        raise ResultsError(text, path=path, missing=missing, unknown=unknown)


def results_table(runs: Sequence[dict]) -> pd.DataFrame:
    """Lay the results of several runs side by side, as `read_results` gives them: a row for each."""
    rows = [
        {
            "edition": run["edition"],
            "dataset": run["dataset"]["name"],
            "model": run["model"]["name"],
            "epochs": run["parameters"]["epochs"],
            **{score: run["test"][score] for score in SCORES},
            "f1, valid tags": run["decoded"]["f1"],
            **{f"{stage} (s)": run["seconds"][stage] for stage in ("training", "total") if "seconds" in run},
            "peak memory (GB)": run["peak_memory_bytes"] / 1e9,
        }
        for run in runs
    ]
    return pd.DataFrame(rows).set_index("edition")
