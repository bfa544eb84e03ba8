"""Measure the overhead of regression runs: `python benchmarks/regression_overhead.py`.

It runs 1, 10, 100 and 1000 cases of an empty notebook, so their time is the runner's own: starting a process and a
kernel, calibrating, saving, rendering, reporting. With `--on ray` they run on a Ray cluster of this machine only.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from helpers.notebook.parameters import RULES

COUNTS = (1, 10, 100, 1000)
RESULTS = """\
from pathlib import Path

from helpers.notebook.results import write_results

scores = {"precision": 1, "recall": 1, "f1": 1, "accuracy": 1, "per_type": {}}
nothing = {"dataset": {}, "model": {}, "errors": {}, "history": []}
write_results(Path(output_dir), edition="pytorch", parameters={"seed": seed}, test=scores, **nothing)
"""


def main() -> None:
    """Print a table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", choices=("here", "ray"), default="here")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, help="of cases (default: %(default)s)")
    options = parser.parse_args()
    print("| cases | seconds | seconds per case | cases at a time |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        write_project(project)
        for count in options.counts:
            seconds, side_by_side = measure(project, count, options.on)
            print(f"| {count} | {seconds:.1f} | {seconds / count:.2f} | {side_by_side} |", flush=True)


def write_project(project: Path) -> None:
    """Write a project with one notebook, which only leaves a result."""
    (project / "notebooks" / "profiles").mkdir(parents=True)
    (project / "notebooks" / "profiles" / "sample.yaml").write_text("{}")
    parameters = "\n".join(f"{name} = 0" for name in RULES)
    cells = [
        new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        new_code_cell("", metadata={"tags": ["training"]}),
        new_code_cell(RESULTS),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = project / "notebooks" / "token_classification_pytorch.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata=kernel), path)


def measure(project: Path, count: int, where: str) -> tuple[float, int]:
    """Run cases here or on Ray; return the seconds that they took, and how many ran in parallel."""
    matrix = project / f"{count}.yaml"
    matrix.write_text(f"editions: [pytorch]\nparameters:\n  seed: {list(range(count))}\ncpus: 1\n")
    start = time.perf_counter()
    command = [sys.executable, "-m", "regression", "run", str(matrix), "--on", where]
    done = subprocess.run(command, cwd=project, stdout=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - start
    results = [json.loads(path.read_text()) for path in project.glob(f"runs/regression/{count}/*/result.json")]
    if len(results) != count or any(result["outcome"] != "passed" for result in results):
        sys.exit(f"{count - len(results)} of {count} cases left no result:\n{done.stdout[-2000:]}")
    return seconds, results[0]["machine"]["cores"]


if __name__ == "__main__":
    main()
