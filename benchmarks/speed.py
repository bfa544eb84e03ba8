"""How fast the notebooks are beside the usual recipe, at which F1: `make bench`.

Each measurement is a process of its own, and the recipe and the notebook take turns, so that what else the machine does
meets both. Results go to benchmarks/results; groups of rows that are not measured keep the figures that they had.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

import nbformat
from nbformat.v4 import new_code_cell
from tqdm import tqdm

from helpers.notebook.results import read_results
from helpers.run.editions import execute, load_profile, notebook_path
from regression.record import machine

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"
GROUPS = ("speed", "f1", "best", "tokenizing")
SENTENCES, PAIRS = 3394, 3  # all of the training split
SEEDS = (42, 43, 44)
COUNTS = (10_000, 100_000, 1_000_000)  # of sentences
WARM_UP = 5  # steps that are left out, as they also prepare for the others
CLOCKS = {
    "pytorch": "trainer.add_callback(trainer_clock({path!r}))",
    "tensorflow": "callbacks.insert(1, keras_clock({path!r}))",
}
TITLES = {"pytorch": "PyTorch", "tensorflow": "TensorFlow"}
COMPARED = {"epochs": 4, "learning_rate": 2e-4}  # of recipe and notebook, for the F1
PROFILE = "wnut17_bundled"  # tuned for the best F1
SPEED_UP = {"pytorch": 2.5, "tensorflow": 2.0}
PEAK_MEMORY = {"pytorch": 2.5, "tensorflow": 3.0}  # GB


class Row(NamedTuple):
    """A row of the table.

    Attributes
    ----------
    what, goal : str
    figure : str
        As the table shows it.
    plain : str
        The usual recipe's figure, if it is compared with one.
    ratio : float or None
    met : bool
    """

    what: str
    goal: str
    figure: str
    plain: str
    ratio: float | None
    met: bool


def main() -> None:
    """Measure the groups that are asked for, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="../shared/data/wnut17", help="WNUT 17 as a folder (default: %(default)s)")
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=GROUPS, help="what to measure (default: all)")
    options = parser.parse_args()
    if not Path(options.dataset).is_dir():
        sys.exit(f"there is no folder {options.dataset}; give WNUT 17's with --dataset")
    measures = {"speed": speed_rows, "f1": f1_rows, "best": best_rows, "tokenizing": tokenizing_rows}
    for group in options.groups:
        rows = measures[group](options.dataset)
        write_group(group, rows)
        print(as_markdown())


def plain(edition: str, dataset: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Run the usual recipe in a process of its own; give what it took and scored.

    Parameters
    ----------
    edition : {"pytorch", "tensorflow"}
    dataset : str
    settings : mapping
        ``epochs``, ``learning_rate``, ``seed`` and ``max_train_examples`` (0 for all), as the notebooks take them.

    Returns
    -------
    dict of str to number
        ``f1``, ``prediction_seconds``; after a single epoch also ``sentences_per_second``, ``evaluation_seconds``.
    """
    with tempfile.TemporaryDirectory() as folder:
        recipe = {"dataset": dataset, "model": "bundled", "batch_size": 16, "folder": folder, **settings}
        command = [sys.executable, str(FOLDER / f"plain_{edition}.py"), json.dumps(recipe)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"the recipe for {edition} failed:\n{done.stderr[-3000:]}")
        scores = json.loads(Path(folder, "scores.json").read_text())
        return scores | clock_figures(Path(folder), settings["max_train_examples"])


def fast(
    edition: str, dataset: str, settings: Mapping[str, Any], change: tuple[str, str] | None = None
) -> dict[str, Any]:
    """Run the notebook, with a clock put in before its training; give what `plain` gives, and more.

    With a change, a piece of its code that occurs once is replaced by another one.
    """
    notebook = nbformat.read(notebook_path(edition), as_version=4)
    if change:
        (cell,) = (cell for cell in notebook.cells if cell.cell_type == "code" and change[0] in cell.source)
        cell.source = cell.source.replace(*change)
    (training,) = (i for i, cell in enumerate(notebook.cells) if "training" in cell.metadata.get("tags", []))
    with tempfile.TemporaryDirectory() as folder:
        clock = CLOCKS[edition].format(path=f"{folder}/clock.json")
        imports = f"import sys\n\nsys.path.insert(0, {str(FOLDER)!r})\nfrom clock import keras_clock, trainer_clock\n\n"
        notebook.cells.insert(training, new_code_cell(imports + clock))
        parameters = load_profile(PROFILE) | {**settings, "dataset": str(Path(dataset).absolute())}
        start = time.perf_counter()
        execute(notebook, Path(folder, "executed.ipynb"), parameters | {"output_dir": folder}, progress_bar=False)
        seconds = time.perf_counter() - start
        results = read_results(folder)
        return clock_figures(Path(folder), parameters.get("max_train_examples", 0)) | {
            "f1": results["test"]["f1"],
            "prediction_seconds": results["seconds"]["test"],
            "training_seconds": results["seconds"]["training"],
            "other_seconds": seconds - results["seconds"]["training"] - results["seconds"]["test"],
            "peak_memory_bytes": results["peak_memory_bytes"],
        }


def clock_figures(folder: Path, sentences: int) -> dict[str, float]:
    """Read the clock of a run of one epoch; nothing for a longer one, whose speed is not measured."""
    record = json.loads((folder / "clock.json").read_text())
    steps = record["steps"]
    if len(record["scored"]) != 1:
        return {}
    share = (len(steps) - WARM_UP) / len(steps)
    return {
        "sentences_per_second": sentences * share / (steps[-1] - steps[WARM_UP - 1]),
        "evaluation_seconds": record["scored"][0],
    }


def speed_rows(dataset: str) -> list[Row]:
    """Measure training, scoring, and the rest of the notebook."""
    rows = []
    settings = COMPARED | {"epochs": 1, "max_train_examples": SENTENCES, "seed": SEEDS[0]}
    for edition, goal in SPEED_UP.items():
        turns = tqdm(range(PAIRS), desc=f"{TITLES[edition]}, recipe and notebook in turn")
        pairs = [(plain(edition, dataset, settings), fast(edition, dataset, settings)) for _ in turns]
        title = TITLES[edition]
        rows.append(compared(f"{title}: sentences/s in training", pairs, "sentences_per_second", goal, more=True))
        for stage, split in (("evaluation", "validation"), ("prediction", "test")):
            what = f"{title}: seconds to score the {split} split"
            rows.append(compared(what, pairs, f"{stage}_seconds", 2.0, more=False))
        others = median(quick["other_seconds"] for _, quick in pairs)
        rows.append(at_most(f"{title}: seconds for all but training and scoring", others, 25, ".1f"))
    return rows


def compared(what: str, pairs: list, figure: str, goal: float, more: bool) -> Row:
    """Compare a figure of the notebook with the recipe's, by the median of the ratios of each pair."""
    slow, quick = (median(each[figure] for each in side) for side in zip(*pairs, strict=True))
    ratio = median(q[figure] / s[figure] if more else s[figure] / q[figure] for s, q in pairs)
    return Row(what, f"{goal} times", f"{quick:.1f}", f"{slow:.1f}", ratio, ratio >= goal)


def at_most(what: str, figure: float, goal: float, form: str) -> Row:
    """Compare a figure with the largest value that it may have."""
    return Row(what, f"at most {goal:{form}}", f"{figure:{form}}", "", None, figure <= goal)


def f1_rows(dataset: str) -> list[Row]:
    """Compare the test F1 over three seeds, at the same epochs and learning rate."""
    rows = []
    for edition in TITLES:
        turns = [COMPARED | {"max_train_examples": 0, "seed": seed} for seed in SEEDS]
        pairs = [
            (plain(edition, dataset, settings), fast(edition, dataset, settings))
            for settings in tqdm(turns, desc=f"{TITLES[edition]}, recipe and notebook, {COMPARED['epochs']} epochs")
        ]
        rows.append(f1_row_of(edition, pairs))
    return rows


def f1_row_of(edition: str, pairs: list) -> Row:
    """Compare the means of what the runs of recipe and notebook scored."""
    slow, quick = (fmean(each["f1"] for each in side) for side in zip(*pairs, strict=True))
    what, goal = f"{TITLES[edition]}: F1 on test, mean of {len(pairs)} seeds", "not lower by more than 0.005"
    return Row(what, goal, f"{quick:.4f}", f"{slow:.4f}", None, quick >= slow - 0.005)


def best_rows(dataset: str) -> list[Row]:
    """Run the notebooks with the tuned profile, over three seeds."""
    rows = []
    for edition in TITLES:
        turns = tqdm(SEEDS, desc=f"{TITLES[edition]}, tuned profile")
        rows += best_rows_of(edition, [fast(edition, dataset, {"seed": seed}) for seed in turns])
    return rows


def best_rows_of(edition: str, runs: list[dict[str, Any]]) -> list[Row]:
    """Lay out what the runs of an edition scored, whether their training was short enough, and their peak memory."""
    title, scores = TITLES[edition], [run["f1"] for run in runs]
    minutes = max(run["training_seconds"] for run in runs) / 60
    what = f"{title}: best F1 on test, in {minutes:.1f} minutes of training (mean of {len(runs)} seeds)"
    figure = f"{max(scores):.4f} ({fmean(scores):.4f})"
    peak = max(run["peak_memory_bytes"] for run in runs) / 1e9
    return [
        Row(what, "0.42 in 10 minutes", figure, "", None, max(scores) >= 0.42 and minutes <= 10),
        at_most(f"{title}: peak memory of the notebook in GB", peak, PEAK_MEMORY[edition], ".2f"),
    ]


def tokenizing_rows(dataset: str) -> list[Row]:
    """Compare tokenizing and aligning with bare tokenization, and see how time and memory grow."""
    found = {}
    for count in tqdm(COUNTS, desc="tokenizing"):
        command = [sys.executable, str(FOLDER / "tokenizing.py"), dataset, str(count)]
        found[count] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)
    few, many = found[COUNTS[0]], found[COUNTS[-1]]
    ratio = many["aligned"] / many["bare"]
    rows = [at_most("tokenizing and aligning over bare tokenization", ratio, 1.15, ".3f")]
    # Each is measured by the bare tokenization of its own run, as the machine's speed changes from run to run.
    growth = ratio / (few["aligned"] / few["bare"])
    rows.append(at_most(f"time for a sentence among {COUNTS[-1]:,} over that among {COUNTS[0]:,}", growth, 1.1, ".2f"))
    memory = (many["peak_memory_bytes"] - few["peak_memory_bytes"]) / 1e6
    return [*rows, at_most(f"MB of memory that {COUNTS[-1]:,} sentences need above {COUNTS[0]:,}", memory, 100, ".0f")]


def write_group(group: str, rows: list[Row]) -> None:
    """Keep a group of rows beside those of other groups, with the day and the machine."""
    RESULTS.mkdir(exist_ok=True)
    kept = read_groups()
    kept[group] = {"date": date.today().isoformat(), "machine": machine(), "rows": [row._asdict() for row in rows]}
    (RESULTS / "speed.json").write_text(json.dumps(kept, indent=2) + "\n")
    (RESULTS / "speed.md").write_text(as_markdown())


def read_groups() -> dict[str, Any]:
    """Read what was measured before."""
    path = RESULTS / "speed.json"
    return json.loads(path.read_text()) if path.exists() else {}


def as_markdown() -> str:
    """Lay out all groups as a table, and the machines below it."""
    lines = ["| what | goal | figure | usual recipe | ratio | met |", "| --- | --- | --- | --- | --- | --- |"]
    groups = read_groups()
    for group in groups.values():
        for row in map(lambda entries: Row(**entries), group["rows"]):
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            met = "yes" if row.met else "**no**"
            lines.append(f"| {row.what} | {row.goal} | {row.figure} | {row.plain} | {ratio} | {met} |")
    lines.append("")
    for name, group in groups.items():
        about = group["machine"]
        memory = about["memory_bytes"] / 1e9
        lines.append(f"- {name}: {group['date']}, {about['processor']}, {about['cores']} cores, {memory:.0f} GB")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
