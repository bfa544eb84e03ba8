"""Train on WNUT 17 over three seeds, with one rate for all layers and with one for each, and decode in several ways.

The one rate is the lesson's, by the profile `wnut17_bundled`; the others are those of the chapter `layer_rates`. All
test scores come from the chapter `valid_sequences`, which chooses its settings on the validation split. What is
in the folder of the results already isn't run again.
"""

import argparse
from itertools import product
from pathlib import Path

import pandas as pd
import papermill
from tqdm import tqdm

from helpers.notebook.editions import MAIN
from helpers.run.plain_yaml import read_yaml

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
SEEDS = (42, 43, 44)
RECIPES = {"one rate": "token_classification_{}", "a rate for each layer": "going_further/layer_rates_{}"}
WAYS = ("argmax", "valid", "and likely", "and with a bias")


def main() -> None:
    """Print the test F1 of each recipe, edition, way to decode and seed, and their means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="../shared/data/wnut17", help="WNUT 17 as a folder (default: %(default)s)")
    parser.add_argument("--output", default="output/wnut17", help="where the results go (default: %(default)s)")
    options = parser.parse_args()
    dataset, output = str(Path(options.dataset).resolve()), Path(options.output).resolve()
    profile = read_yaml(NOTEBOOKS / "profiles" / "wnut17_bundled.yaml")
    rows = {}
    for recipe, edition, seed in tqdm([*product(RECIPES, MAIN, SEEDS)], unit="model"):
        folder = output / f"{recipe.replace(' ', '_')}_{edition}_{seed}"
        run(RECIPES[recipe].format(edition), profile | {"dataset": dataset, "seed": seed}, folder)
        model = {"dataset": dataset, "model_dir": str(folder / "model"), "seed": seed}
        run("going_further/valid_sequences", model, folder / "decoded")
        scores = pd.read_csv(folder / "decoded" / "test_scores.csv")
        rows[recipe, edition, seed] = dict(zip(WAYS, scores["f1"], strict=True))
    table = pd.DataFrame(rows).T
    print(table.round(4).to_string(), table.groupby(level=[0, 1]).mean().round(4).to_string(), sep="\n\n")


def run(name: str, parameters: dict, folder: Path) -> None:
    """Execute a notebook in a folder of its own, unless it was executed there to the end."""
    executed = folder / "executed.ipynb"
    if executed.is_file():
        return
    source = NOTEBOOKS / f"{name}.ipynb"
    known = papermill.inspect_notebook(source)
    parameters = {key: value for key, value in (parameters | {"output_dir": str(folder)}).items() if key in known}
    notebook = papermill.execute_notebook(source, None, parameters, progress_bar=False)
    papermill.iorw.write_ipynb(notebook, str(executed))


if __name__ == "__main__":
    main()
