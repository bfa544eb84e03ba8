"""How fast training is beside the plain recipe, at which F1, and what aligning costs: `make bench`.

Each training is a process of its own, and the plain and the fast one take turns, so that what else the machine does
meets both. The tables go to benchmarks/results, a file for each group.
"""

import argparse
import json
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

from tqdm import tqdm

from helpers.notebook.editions import MAIN
from regression.run_cases import describe_machine

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"
PAIRS = 3
SEEDS = (42, 43, 44)
SPEED_UP = {"pytorch": 2.5, "keras": 2.0}  # over the plain recipe, where the processor multiplies in bfloat16
COUNTS = (10_000, 1_000_000)  # of sentences
LIBRARIES = ("torch", "keras", "tensorflow", "transformers", "tokenizers")
HEADER = ("what", "goal", "figure", "plain recipe", "ratio", "met")


class Row(NamedTuple):
    """A row of a table.

    Attributes
    ----------
    what, goal : str
    figure, plain : str
        As the table shows them; `plain` is empty where nothing is compared.
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
    """Measure the groups that are asked for, print their tables and write them."""
    measures = {"speed": speed_rows, "f1": f1_rows, "tokenizing": tokenizing_rows}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="../shared/data/wnut17", help="WNUT 17 as a folder (default: %(default)s)")
    parser.add_argument("--groups", nargs="+", choices=measures, default=[*measures], help="(default: all)")
    options = parser.parse_args()
    if not Path(options.dataset).is_dir():
        sys.exit(f"there is no folder {options.dataset}; give WNUT 17's with --dataset")
    RESULTS.mkdir(exist_ok=True)
    for group in options.groups:
        text = as_markdown(measures[group](options.dataset))
        (RESULTS / f"{group}.md").write_text(text, encoding="utf-8")
        print(text)


def run(script: str, *arguments: str) -> dict[str, Any]:
    """Run a script of this folder; return what it prints last, as JSON."""
    done = subprocess.run([sys.executable, str(FOLDER / script), *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{script} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def trained_pair(edition: str, dataset: str, seed: int, epochs: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Train by the plain recipe and fast; return the results of both."""
    settings = {"dataset": dataset, "seed": seed, "epochs": epochs, "learning_rate": 1.2e-4}
    plain, fast = (
        run(f"train_{edition}.py", json.dumps(settings | {"speedups": speedups})) for speedups in (False, True)
    )
    return plain, fast


def speed_rows(dataset: str) -> list[Row]:
    """Compare the speed of training over an epoch."""
    rows = []
    for edition in MAIN:
        turns = tqdm(range(PAIRS), desc=f"{edition}, plain and fast in turn")
        rows.append(speed_row_of(edition, [trained_pair(edition, dataset, SEEDS[0], epochs=1) for _ in turns]))
    return rows


def speed_row_of(edition: str, pairs: list[tuple[dict, dict]]) -> Row:
    """Compare by the median of the ratios of each pair, and say in which numbers the fast one computed."""
    plain, fast = (median(each["sentences_per_second"] for each in side) for side in zip(*pairs, strict=True))
    ratio = median(each["sentences_per_second"] / other["sentences_per_second"] for other, each in pairs)
    goal = SPEED_UP[edition]
    what = f"{edition}, {pairs[0][1]['numbers']}: sentences/s in training"
    return Row(what, f"{goal} times", f"{fast:.1f}", f"{plain:.1f}", ratio, ratio >= goal)


def f1_rows(dataset: str) -> list[Row]:
    """Compare the test F1 after two epochs, over three seeds."""
    rows = []
    for edition in MAIN:
        turns = tqdm(SEEDS, desc=f"{edition}, plain and fast for each seed")
        rows.append(f1_row_of(edition, [trained_pair(edition, dataset, seed, epochs=2) for seed in turns]))
    return rows


def f1_row_of(edition: str, pairs: list[tuple[dict, dict]]) -> Row:
    """Compare the mean F1 of both recipes."""
    plain, fast = (fmean(each["f1"] for each in side) for side in zip(*pairs, strict=True))
    listed = ", ".join(f"{each['f1']:.4f}" for _, each in pairs)
    what = f"{edition}, {pairs[0][1]['numbers']}: mean test F1 ({listed})"
    return Row(what, "not lower by more than 0.005", f"{fast:.4f}", f"{plain:.4f}", None, fast >= plain - 0.005)


def tokenizing_rows(dataset: str) -> list[Row]:
    """Compare tokenizing and aligning with bare tokenization, and see how time and memory grow."""
    few, many = (run("tokenizing.py", dataset, str(count)) for count in tqdm(COUNTS, desc="tokenizing"))
    lesson, ratio = (many[way] / many["bare"] for way in ("lesson", "windows"))
    # Each is measured by the bare tokenization of its own run, as the machine's speed changes from run to run.
    growth = ratio / (few["windows"] / few["bare"])
    memory = (many["peak_memory_bytes"] - few["peak_memory_bytes"]) / 1e6
    return [
        at_most("tokenizing and aligning, as in the lesson, over bare tokenization", lesson, 1.15),
        at_most("the same with an account of each word (long texts)", ratio, 1.15),
        at_most(f"its time for a sentence among {COUNTS[1]:,} over that among {COUNTS[0]:,}", growth, 1.1),
        at_most(f"MB of memory that {COUNTS[1]:,} sentences need above {COUNTS[0]:,}", memory, 100),
    ]


def at_most(what: str, figure: float, goal: float) -> Row:
    """Compare a figure with the largest value that it may have."""
    return Row(what, f"at most {goal:g}", f"{figure:.3g}", "", None, figure <= goal)


def as_markdown(rows: list[Row]) -> str:
    """Lay out rows as a table, with the day, the machine and the releases below it."""
    lines = [f"| {' | '.join(HEADER)} |", "| --- " * len(HEADER) + "|"]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append(
            f"| {row.what} | {row.goal} | {row.figure} | {row.plain} | {ratio} | {'yes' if row.met else '**no**'} |"
        )
    about = describe_machine()
    releases = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    lines.append(f"\n{date.today()}, {about['processor']}, {about['cores']} cores; {releases}.")
    if any(", float32:" in row.what for row in rows):
        lines.append("This machine has no instructions for 16-bit numbers; the goals are for machines that have them.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
