"""metrics.json, the record that a run leaves: write it, read it, lay several side by side."""

import json
import platform
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from helpers.errors import ResultsError
from helpers.files import written_whole
from helpers.metrics import SCORES

SCHEMA_VERSION = 2
FILE_NAME = "metrics.json"
KEYS = {
    "schema_version",
    "framework",
    "dataset",
    "model",
    "parameters",
    "resumed",
    "versions",
    "history",
    "test",
    "errors",
    "alignment",
    "seconds",
    "peak_memory_bytes",
}
OPTIONAL_KEYS = {"onnx"}
LIBRARIES = {
    "pytorch": ("torch", "accelerate"),
    "tensorflow": ("tensorflow", "tf-keras"),
    "both": ("transformers", "tokenizers", "datasets", "evaluate", "seqeval", "numpy"),
}


class Stopwatch:
    """Measures the wall-clock seconds of a run's stages.

    Attributes
    ----------
    seconds : dict of str to float
        The time of each stage that has ended; a stage entered twice adds up.
    """

    def __init__(self):
        self.start = time.perf_counter()
        self.seconds: dict[str, float] = {}

    @property
    def total(self) -> float:
        """Seconds since the stopwatch was made, time outside of any stage included."""
        return time.perf_counter() - self.start

    @contextmanager
    def __call__(self, stage: str, before: float = 0.0) -> Iterator[None]:
        """Measure the body of a ``with`` statement as one stage, for which an earlier process took some seconds."""
        self.start -= before
        start = time.perf_counter() - before
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def library_versions(framework: str) -> dict[str, str]:
    """Look up the releases of Python and of the libraries that a run with a framework depends on."""
    libraries = LIBRARIES[framework] + LIBRARIES["both"]
    return {"python": platform.python_version()} | {name: version(name) for name in libraries}


def peak_memory_bytes() -> int:
    """Read the largest resident set size that this process has had so far (getrusage(2))."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB, macOS in bytes


def write_results(folder: Path | str, framework: str, stopwatch: Stopwatch, **content) -> Path:
    """Write metrics.json, whole or not at all.

    Parameters
    ----------
    folder : Path or str
        Created where it is missing.
    framework : {"pytorch", "tensorflow"}
    stopwatch : Stopwatch
        The time of each stage and in total.
    **content
        The other entries of `KEYS`, as JSON can hold them. Schema version, library versions and peak memory are added.

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
        "framework": framework,
        **content,
        "versions": library_versions(framework),
        "seconds": {**stopwatch.seconds, "total": stopwatch.total},
        "peak_memory_bytes": peak_memory_bytes(),
    }
    if results.keys() != KEYS:
        raise ResultsError(f"metrics.json: missing {KEYS - results.keys()}, unknown {results.keys() - KEYS}")
    return _write(Path(folder), results)


def add_entry(folder: Path | str, **entry) -> Path:
    """Add an entry that not every run has to a run's metrics.json, or replace it; written whole or not at all.

    Parameters
    ----------
    folder : Path or str
    **entry
        One of `OPTIONAL_KEYS`, as JSON can hold it: ``onnx``, what `helpers.export.comparison.compare` has measured.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ResultsError
        If the entry has no place in the schema, or `read_results` refuses the file.
    """
    if not entry.keys() <= OPTIONAL_KEYS:
        raise ResultsError(f"metrics.json: unknown {entry.keys() - OPTIONAL_KEYS}")
    return _write(Path(folder), read_results(folder) | entry)


def _write(folder: Path, results: dict) -> Path:
    path = folder / FILE_NAME
    with written_whole(path) as unfinished:
        unfinished.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read_results(folder: Path | str) -> dict:
    """Read the metrics.json of a run's output folder.

    Raises
    ------
    ResultsError
        If it is missing, no JSON, of another schema version, or lacks an entry.
    """
    path = Path(folder) / FILE_NAME
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ResultsError(f"{path} does not exist: the run has not finished") from error
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path} cannot be read: {error}") from error
    found = results.get("schema_version") if isinstance(results, dict) else None
    if found != SCHEMA_VERSION:
        raise ResultsError(f"{path} has the schema version {found}, expected {SCHEMA_VERSION}; run the notebook again")
    unknown = results.keys() - KEYS - OPTIONAL_KEYS
    if unknown or not results.keys() >= KEYS:
        raise ResultsError(f"{path}: missing {KEYS - results.keys()}, unknown {unknown}")
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
        A row for each run: data set, model, epochs, test scores, training and total seconds, peak memory in GB.
    """
    rows = [
        {
            "framework": run["framework"],
            "dataset": run["dataset"]["name"],
            "model": run["model"]["name"],
            "epochs": run["parameters"]["epochs"],
            **{score: run["test"][score] for score in SCORES},
            "training (s)": run["seconds"]["training"],
            "total (s)": run["seconds"]["total"],
            "peak memory (GB)": run["peak_memory_bytes"] / 1e9,
        }
        for run in runs
    ]
    return pd.DataFrame(rows).set_index("framework")
