"""Train on WNUT 17 by two recipes over three seeds, and decode each model in the ways of the chapter `valid_sequences`.

One recipe is the lesson's, by the profile `wnut17_bundled`, the other the chapter's `layer_rates`, with as many epochs
and as large batches. The decoding chapter chooses its settings on the validation split, and scores the test split.
What is in the folder of the results already isn't run again.
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
RECIPES = {"one rate": "token_classification_{}", "layer rates": "going_further/layer_rates_{}"}
SCORES = ("precision", "recall", "f1")


def main() -> None:
    """Print the test scores of each recipe, edition, seed and way to decode, and their means over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="../shared/data/wnut17", help="WNUT 17 as a folder (default: %(default)s)")
    parser.add_argument("--output", default="output/wnut17", help="where the results go (default: %(default)s)")
    options = parser.parse_args()
    dataset, output = str(Path(options.dataset).resolve()), Path(options.output).resolve()
    profile = read_yaml(NOTEBOOKS / "profiles" / "wnut17_bundled.yaml") | {"dataset": dataset}
    without_rate = {
        name: value for name, value in profile.items() if name != "learning_rate"
    }  # the chapter has its own
    settings = {"one rate": profile, "layer rates": without_rate}
    tables = []
    for recipe, edition, seed in tqdm([*product(RECIPES, MAIN, SEEDS)], unit="model"):
        folder = output / f"{recipe.replace(' ', '_')}_{edition}_{seed}"
        run(RECIPES[recipe].format(edition), settings[recipe] | {"seed": seed}, folder)
        model = {"dataset": dataset, "model_dir": str(folder / "model"), "seed": seed}
        run("going_further/valid_sequences", model, folder / "decoded")
        scores = pd.read_csv(folder / "decoded" / "test_scores.csv")
        tables.append(scores.assign(recipe=recipe, edition=edition, seed=seed, step=range(len(scores))))
    table = pd.concat(tables)
    print(table.set_index(["recipe", "edition", "seed", "way"])[[*SCORES]].round(4).to_string())
    print(table.groupby(["recipe", "edition", "step"], sort=False)[[*SCORES]].mean().round(4).to_string())


def run(name: str, parameters: dict, folder: Path) -> None:
    """Execute a notebook in a folder of its own, unless it was executed there to the end."""
    executed = folder / "executed.ipynb"
    if not executed.is_file():
        parameters = parameters | {"output_dir": str(folder)}
        notebook = papermill.execute_notebook(NOTEBOOKS / f"{name}.ipynb", None, parameters, progress_bar=False)
        papermill.iorw.write_ipynb(notebook, str(executed))


if __name__ == "__main__":
    main()
