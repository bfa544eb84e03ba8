"""Set the results of several runs side by side."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from bs4 import BeautifulSoup

from helpers.files import written_whole
from helpers.notebook.editions import EDITIONS
from helpers.notebook.language import current_language
from helpers.notebook.results import results_table
from helpers.run.frame import framed, render
from helpers.run.pages import on_github

IMAGES = "'self' file: data:"


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
    titles = {run["edition"]: EDITIONS[run["edition"]] for run in runs}
    language = current_language()
    content = render(
        "report.html",
        titles=titles,
        lowest_f1=min(run["test"]["f1"] for run in runs),
        model=f"{(folder / runs[0]['edition']).as_posix()}/model",
        own_data=on_github("going_further/own_data.ipynb", language),
        settings=_side_by_side(runs, _settings),
        results=_side_by_side(runs, lambda run: table[run["edition"]]),
        types=_side_by_side(runs, lambda run: {k: v["f1"] for k, v in run["test"]["per_type"].items()}),
        errors=_side_by_side(runs, lambda run: run["errors"]),
        versions=_side_by_side(runs, lambda run: run["versions"]),
    )
    pages = {title: f"{edition}.html" for edition, title in titles.items()}
    path = folder / "report.html"
    page = framed(BeautifulSoup(content, "html.parser"), "report", pages, IMAGES, language)
    with written_whole(path) as unfinished:
        unfinished.write_text(page, encoding="utf-8")
    return path


def _settings(run: dict) -> dict:
    sentences = ", ".join(f"{split} {count}" for split, count in run["dataset"]["sentences"].items())
    chosen = {name: str(value) for name, value in run["parameters"].items() if value != "" and name != "output_dir"}
    return chosen | {"sentences": sentences}


def _side_by_side(runs: list[dict], part: Callable[[dict], dict]) -> str:
    # dtype object, since a column holds counts and scores
    columns = {EDITIONS[run["edition"]]: pd.Series(part(run), dtype=object) for run in runs}
    return pd.DataFrame(columns).to_html(border=0, na_rep="-", float_format="{:,.3f}".format)
