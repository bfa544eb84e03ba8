"""Both editions over several seeds on real data: `python -m proofs.seeds`."""

import argparse
import sys
from typing import Any

import numpy as np
import pandas as pd

from helpers.errors import TutorialError
from helpers.notebook.editions import MAIN
from helpers.notebook.results import read_results
from helpers.run.editions import RUNS, load_profile, run_editions

SEEDS = (42, 43, 44)
PROFILE = "wnut17_bundled"
BOUND = 0.01  # how far apart the means of the F1 may be, unless their standard error is larger


def main(arguments: list[str] | None = None) -> int:
    """Run the series and print the table; the exit status is 0 if the editions agree, else 1."""
    parser = argparse.ArgumentParser(prog="python -m proofs.seeds", description=__doc__)
    parser.add_argument("--dataset", help=f"in place of the profile {PROFILE}'s, such as a folder")
    options = parser.parse_args(arguments)
    try:
        parameters = load_profile(PROFILE) | ({"dataset": options.dataset} if options.dataset else {})
        scores = pd.DataFrame(
            [[run_for_f1(framework, parameters | {"seed": seed}) for framework in MAIN] for seed in SEEDS],
            index=pd.Index(SEEDS, name="seed"),
            columns=MAIN,
        )
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    difference, standard_error = difference_of_means(scores)
    agree = abs(difference) < max(BOUND, standard_error)
    print("F1 on the test split")
    print(pd.concat([scores, scores.mean().to_frame("mean").T]).to_string(float_format="{:.4f}".format))
    print(f"The means differ by {difference:+.4f}, with a standard error of {standard_error:.4f}: ", end="")
    print(f"less than {BOUND} or than that error." if agree else f"more than {BOUND} and than that error.")
    return 0 if agree else 1


def run_for_f1(framework: str, parameters: dict[str, Any]) -> float:
    """Run an edition with some parameters, the seed among them, and find its test F1.

    Raises
    ------
    RunError
        If a cell fails.
    """
    folder = RUNS / "seeds" / str(parameters["seed"])
    run_editions((framework,), parameters, folder)
    return read_results(folder / framework)["test"]["f1"]


def difference_of_means(scores: pd.DataFrame) -> tuple[float, float]:
    """Compare the means of two columns of independent scores.

    Parameters
    ----------
    scores : DataFrame of float
        Two columns; at least two rows.

    Returns
    -------
    difference, standard_error : float
        Of the second mean from the first; the root of the sum of both sample variances over their number.
    """
    first, second = scores.mean()
    return second - first, float(np.sqrt(scores.var(ddof=1).sum() / len(scores)))


if __name__ == "__main__":
    sys.exit(main())
