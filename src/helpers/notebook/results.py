"""metrics.json, the record that a run leaves: write it, read it, lay several side by side."""

import json
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import psutil

from helpers.errors import ResultsError
from helpers.files import require_file, written_whole
from helpers.metrics import SCORES

SCHEMA_VERSION = 3
FILE_NAME = "metrics.json"
KEYS = {
    "schema_version",
    "edition",
    "dataset",
    "model",
    "parameters",
    "versions",
    "history",
    "test",
    "errors",
    "peak_memory_bytes",
}
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
    """Write metrics.json atomically.

    Parameters
    ----------
    folder : Path
        Created where it is missing.
    **content
        The other entries of `KEYS`, as JSON can hold them; NaN and infinite numbers become null. Schema version,
        library versions and peak memory are added.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ResultsError
        If an entry is missing or has no place in the schema.
    """
    results = {
        "schema_version": SCHEMA_VERSION,
        **content,
        "versions": library_versions(content["edition"]),
        "peak_memory_bytes": peak_memory_bytes(),
    }
    if results.keys() != KEYS:
        raise ResultsError(f"metrics.json: missing {KEYS - results.keys()}, unknown {results.keys() - KEYS}")
    return _write(folder, results)


def add_seconds(folder: Path, seconds: dict[str, float]) -> Path:
    """Add to a run's metrics.json how long it took.

    Parameters
    ----------
    folder : Path
    seconds : dict of str to float
        ``training`` and ``total``, in seconds of wall-clock time.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ResultsError
        If `read_results` refuses the file.
    """
    return _write(folder, read_results(folder) | {"seconds": seconds})


def _write(folder: Path, results: dict) -> Path:
    path = folder / FILE_NAME
    finite = json.loads(json.dumps(results), parse_constant=lambda name: None)  # JSON has no NaN: null
    with written_whole(path) as unfinished:
        text = json.dumps(finite, indent=2, ensure_ascii=False, allow_nan=False)
        unfinished.write_text(text + "\n", encoding="utf-8")
    return path


def read_results(folder: Path | str, edition: str | None = None) -> dict:
    """Read the metrics.json of a run's output folder.

    Parameters
    ----------
    folder : Path or str
    edition : str, optional
        Whose results are expected there; by default any.

    Raises
    ------
    ResultsError
        If it is missing, no JSON, of another schema version or edition, or lacks an entry.
    """
    path = Path(folder) / FILE_NAME
    try:
        require_file(path)
        results = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ResultsError(f"{path} does not exist: the run has not finished") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path} cannot be read: {error}") from error
    found = results.get("schema_version") if isinstance(results, dict) else None
    if found != SCHEMA_VERSION:
        raise ResultsError(f"{path} has the schema version {found}, expected {SCHEMA_VERSION}; run the notebook again")
    unknown = results.keys() - KEYS - OPTIONAL_KEYS
    if unknown or not results.keys() >= KEYS:
        raise ResultsError(f"{path}: missing {KEYS - results.keys()}, unknown {unknown}")
    if edition not in (None, results["edition"]):
        raise ResultsError(f"{path} has the results of the edition {results['edition']!r}, expected {edition!r}")
    return results


def results_table(runs: Sequence[dict]) -> pd.DataFrame:
    """Lay the results of several runs side by side.

    Parameters
    ----------
    runs : sequence of dict
        As `read_results` gives them.

    Returns
    -------
    DataFrame
        A row for each run: data set, model, epochs, test scores, training and total seconds where they are known, peak
        memory in GB.
    """
    rows = [
        {
            "edition": run["edition"],
            "dataset": run["dataset"]["name"],
            "model": run["model"]["name"],
            "epochs": run["parameters"]["epochs"],
            **{score: run["test"][score] for score in SCORES},
            **{f"{stage} (s)": run["seconds"][stage] for stage in ("training", "total") if "seconds" in run},
            "peak memory (GB)": run["peak_memory_bytes"] / 1e9,
        }
        for run in runs
    ]
    return pd.DataFrame(rows).set_index("edition")
