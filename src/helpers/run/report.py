"""Set the results of several runs side by side."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pandas as pd
from jinja2 import Environment

from helpers.notebook.editions import EDITIONS
from helpers.notebook.language import current_language, translate
from helpers.notebook.results import results_table

TEMPLATE = files("helpers.run") / "report.html"


def write_report(runs: list[dict], folder: Path) -> Path:
    """Write report.html.

    Parameters
    ----------
    runs : list of dict
        The results of runs into this folder, as `results.read_results` gives them.
    folder : Path
        Holds, for each run, ``<edition>.html`` and ``<edition>/figures``.

    Returns
    -------
    Path
        The page. It refers to the figures and notebooks beside it.
    """
    table = results_table(runs).drop(columns=["dataset", "model", "epochs"]).to_dict("index")
    page = (
        Environment(autoescape=True)
        .from_string(TEMPLATE.read_text(encoding="utf-8"))
        .render(
            titles={run["edition"]: EDITIONS[run["edition"]] for run in runs},
            settings=_side_by_side(runs, _settings),
            results=_side_by_side(runs, lambda run: table[run["edition"]]),
            types=_side_by_side(runs, lambda run: {k: v["f1"] for k, v in run["test"]["per_type"].items()}),
            errors=_side_by_side(runs, lambda run: run["errors"]),
            seconds=_side_by_side(runs, lambda run: run.get("seconds", {}), digits=1),
            versions=_side_by_side(runs, lambda run: run["versions"]),
            language=current_language(),
            _=translate,
        )
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def _settings(run: dict) -> dict:
    sentences = ", ".join(f"{split} {count}" for split, count in run["dataset"]["sentences"].items())
    return {name: str(value) for name, value in run["parameters"].items() if value != ""} | {"sentences": sentences}


def _side_by_side(runs: list[dict], part: Callable[[dict], dict], digits: int = 3) -> str:
    # dtype object, since a column holds counts and scores
    columns = {EDITIONS[run["edition"]]: pd.Series(part(run), dtype=object) for run in runs}
    return pd.DataFrame(columns).to_html(border=0, na_rep="-", float_format=f"{{:,.{digits}f}}".format)
