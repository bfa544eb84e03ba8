"""Write reports as HTML, Markdown and JUnit XML."""

import io
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files
from statistics import fmean
from typing import Any

import matplotlib.pyplot as plt
from jinja2 import Environment

from helpers.hub.card import as_code
from helpers.metrics import SCORES
from regression.baselines import measured, type_scores
from regression.schema import COSTS
from regression.storage import RESULT, Store
from regression.verdict import JUDGED, MOVED, Comparison, Judged
from regression.worker import PAGE, printable

PAGES = ("report.html", "report.md")
CURVES, JUNIT = "curves.png", "junit.xml"
FILES = (*PAGES, CURVES, JUNIT)
MOST_CURVES = 12  # groups in the figure; nobody can tell more apart
VERDICTS = (*JUDGED, "no baseline")


def write_report(judged: Sequence[Judged], store: Store) -> None:
    """Write report.html, report.md, curves.png and junit.xml beside the results of a run.

    Parameters
    ----------
    judged : sequence of Judged
    store : Store
    """
    content = report_content(judged)
    files_kept = {
        "page": PAGE,
        "with_page": set(store.names(PAGE)),
        "result": RESULT,
        "with_result": set(store.names()),
    }
    for page in PAGES:
        environment = Environment(autoescape=page.endswith(".html"), trim_blocks=True, lstrip_blocks=True)
        environment.filters |= {"score": _score, "percent": _percent, "cell": _table_cell, "code": as_code}
        template = (files("regression") / page).read_text(encoding="utf-8")
        store.write(page, environment.from_string(template).render(content | files_kept))
    if content["curves"]:
        store.write(CURVES, _curves(judged))
    store.write(JUNIT, _junit(judged))


def report_content(judged: Sequence[Judged]) -> dict[str, Any]:
    """Gather the content of the pages.

    Parameters
    ----------
    judged : sequence of Judged

    Returns
    -------
    dict
        Keys are the names that the templates use.
    """
    passed = [case for case in judged if case.result["outcome"] == "passed"]
    chosen = _varying(judged)
    return {
        "counts": Counter(case.verdict for case in judged),
        "failed": [case for case in judged if case.verdict not in VERDICTS],
        "moved": {verdict: moved(judged, verdict) for verdict in MOVED},
        "new": new_groups(judged),
        "chosen": chosen,
        "rows": [_row(case, chosen) for case in judged],
        "types": _types(passed),
        "versions": _changed_versions(judged),
        "machines": _machines(case.result["machine"] for case in judged),
        "baseline_machines": _machines(case.baseline["machine"] for case in judged if case.baseline),
        "curves": CURVES if passed else None,
        "left_out": max(0, len(_groups(passed)) - MOST_CURVES),
        "costs": COSTS,
        "judged": JUDGED,
        "says": says,
    }


def moved(judged: Sequence[Judged], verdict: str) -> list[tuple[str, Comparison]]:
    """List the series and metrics that got worse, or better."""
    series = {case.result["case"]["series"]: case.comparisons for case in judged if case.comparisons}
    return [(name, found) for name, comparisons in series.items() for found in comparisons if found.verdict == verdict]


def new_groups(judged: Sequence[Judged]) -> list[str]:
    """List the groups that have no baseline."""
    return sorted({case.result["case"]["group"] for case in judged if case.verdict == "no baseline"})


def says(comparison: Comparison) -> str:
    """Format how a metric compares with its baseline."""
    value, mean, allowed = comparison.value, comparison.mean, comparison.tolerance
    if comparison.metric in SCORES:
        return f"{comparison.metric} {value:.3f}, baseline {mean:.3f} ± {allowed:.3f}"
    return f"{comparison.metric} {value / mean:.0%} of the baseline, ± {allowed / mean:.0%}"


def _row(case: Judged, chosen: Sequence[str]) -> dict[str, Any]:
    """Make a case's row of the table: its own scores and costs, not those of its series."""
    about, passed = case.result["case"], case.result["outcome"] == "passed"
    values = measured(case.result) if passed else {}
    f1 = next((comparison for comparison in case.comparisons if comparison.metric == "f1"), None)
    means = {comparison.metric: comparison.mean for comparison in case.comparisons}
    return {
        "name": about["name"],
        "verdict": case.verdict,
        "axes": [about["edition"], about["language"], about["profile"]],
        "chosen": [about["chosen"].get(name, "") for name in chosen],
        "f1": values.get("f1"),
        "baseline": f1.mean if f1 else None,
        "tolerance": f1.tolerance if f1 else None,
        "costs": [values[cost] / means[cost] if means else None for cost in COSTS],
        "seconds": case.result["seconds"],
    }


def _machines(machines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({repr(machine): machine for machine in machines}.values())


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _table_cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _varying(judged: Sequence[Judged]) -> list[str]:
    """List the parameters in which cases differ."""
    chosen = [case.result["case"]["chosen"] for case in judged]
    names = sorted({name for choice in chosen for name in choice})
    return [name for name in names if len({repr(choice.get(name)) for choice in chosen}) > 1]


def _groups(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    groups = {}
    for case in judged:
        groups.setdefault(case.result["case"]["group"], []).append(case)
    return groups


def _types(passed: Sequence[Judged]) -> list[dict[str, Any]]:
    """List the mean F1 of each group's entity types beside the baseline's."""
    tables = []
    for group, cases in _groups(passed).items():
        baseline = (cases[0].baseline or {"per_type_f1": {}})["per_type_f1"]
        names = sorted({name for case in cases for name in type_scores(case.result)} | set(baseline))
        rows = [
            (
                name,
                fmean(type_scores(case.result).get(name, 0.0) for case in cases),
                baseline[name]["mean"] if name in baseline else None,
            )
            for name in names
        ]
        tables.append({"group": group, "rows": rows, "cases": len(cases)})
    return tables


def _changed_versions(judged: Sequence[Judged]) -> list[tuple[str, str, str]]:
    """List the libraries whose release differs from a baseline's: name, then, now."""
    changed = set()
    for case in judged:
        if case.baseline:
            before, now = case.baseline["versions"], case.result["fingerprint"]["versions"]
            names = before.keys() | now.keys()
            changed |= {(n, before.get(n, "-"), now.get(n, "-")) for n in names if before.get(n) != now.get(n)}
    return sorted(changed)


def _curves(judged: Sequence[Judged]) -> bytes:
    """Draw the validation F1 of each epoch as PNG: a panel for each group, the baseline dashed."""
    groups = _groups([case for case in judged if case.result["outcome"] == "passed"])
    shown = list(groups.items())[:MOST_CURVES]
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(5.5 * columns, 3.2 * rows), squeeze=False, sharey=True)
    for panel in panels.flat[len(shown) :]:
        panel.remove()
    for panel, (group, cases) in zip(panels.flat, shown, strict=False):
        for case in cases:
            history = case.result["results"]["history"]
            panel.plot([row["epoch"] for row in history], [row["f1"] for row in history], marker="o", alpha=0.6)
        if cases[0].baseline:
            mean = cases[0].baseline["validation_f1"]
            panel.plot(range(1, len(mean) + 1), mean, "k--", label="baseline")
            panel.legend()
        panel.set_title(group, fontsize=8)
        panel.set_xlabel("epoch")
        panel.set_ylabel("validation F1")
        panel.xaxis.get_major_locator().set_params(integer=True)
    figure.tight_layout()
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=110)
    plt.close(figure)
    return image.getvalue()


def _junit(judged: Sequence[Judged]) -> bytes:
    suite = ET.Element("testsuite", name="regression", tests=str(len(judged)))
    for case in judged:
        about, seconds = case.result["case"], f"{case.result['seconds']:.3f}"
        test = ET.SubElement(suite, "testcase", classname=about["group"], name=about["name"], time=seconds)
        if case.verdict == "worse":
            fallen = [says(comparison) for comparison in case.comparisons if comparison.verdict == "worse"]
            ET.SubElement(test, "failure", type="worse", message="; ".join(fallen))
        elif case.verdict not in ("held", "better"):
            message = case.result["error"] or "there is no baseline to judge it by"
            ET.SubElement(test, "error", type=case.verdict, message=printable(message))
    for kind in ("failure", "error"):
        suite.set(f"{kind}s", str(len(suite.findall(f".//{kind}"))))
    return ET.tostring(suite, encoding="utf-8", xml_declaration=True)
