"""A page that sets the results of several runs side by side."""

from importlib.resources import files
from pathlib import Path

import pandas as pd
from jinja2 import Environment

from helpers.results import results_table

TEMPLATE = files("helpers") / "templates" / "report.html"
TITLES = {"pytorch": "PyTorch", "tensorflow": "TensorFlow"}


def write_report(runs: list[dict], folder: Path) -> Path:
    """Write report.html.

    Parameters
    ----------
    runs : list of dict
        The results of runs into this folder, as `results.read_results` gives them.
    folder : Path
        Holds, for each run, ``<framework>.html`` and ``<framework>/figures``.

    Returns
    -------
    Path
        The page. It refers to the figures and notebooks beside it.
    """
    frameworks = [run["framework"] for run in runs]
    figures = sorted({path.name for name in frameworks for path in (folder / name / "figures").glob("*.png")})
    page = (
        Environment(autoescape=True)
        .from_string(TEMPLATE.read_text(encoding="utf-8"))
        .render(
            titles={name: TITLES[name] for name in frameworks},
            dataset=runs[0]["dataset"],
            model=runs[0]["model"],
            results=_to_html(results_table(runs).drop(columns=["dataset", "model"]).rename(index=TITLES).T),
            types=_to_html(_side_by_side(runs, lambda run: {k: v["f1"] for k, v in run["test"]["per_type"].items()})),
            errors=_to_html(_side_by_side(runs, lambda run: run["errors"])),
            seconds=_to_html(_side_by_side(runs, lambda run: run["seconds"])),
            versions=_to_html(_side_by_side(runs, lambda run: run["versions"])),
            figures=figures,
        )
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def _side_by_side(runs: list[dict], part) -> pd.DataFrame:
    return pd.DataFrame({TITLES[run["framework"]]: pd.Series(part(run), dtype=object) for run in runs}).fillna("–")


def _to_html(table: pd.DataFrame) -> str:
    return table.to_html(border=0, formatters=[_cell] * len(table.columns))


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
