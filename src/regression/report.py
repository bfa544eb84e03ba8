"""Write reports as Markdown, HTML and JUnit XML."""

import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from bs4 import BeautifulSoup
from jinja2 import Environment
from markdown_it import MarkdownIt

from helpers.hub.card import as_code
from helpers.run.pages import IMAGES, frame_page
from regression.baselines import measured, type_scores
from regression.schema import COSTS
from regression.storage import Store
from regression.verdict import JUDGED, MOVED, Judged, compare_editions
from regression.worker import PAGE, printable

HTML, MARKDOWN, JUNIT = FILES = ("report.html", "report.md", "junit.xml")
END_OF_SUMMARY = "## All cases"


def make_report(judged: Sequence[Judged], pages: Sequence[str]) -> str:
    """Make the report, in Markdown; `pages` names the cases that have a page to link to."""
    passed = defaultdict(list)
    for case in judged:
        if case.result["outcome"] == "passed":
            passed[case.result["case"]["group"]].append(case)
    environment = Environment(trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "code": as_code,
        "link": lambda name: f"[{as_code(name)}]({name}/{PAGE})" if name in pages else as_code(name),
        "number": lambda value, form="%.3f", unit=1: "-" if value is None else form % (unit * value),
    }
    template = environment.from_string((files("regression") / MARKDOWN).read_text(encoding="utf-8"))
    return template.render(
        judged=judged,
        counts=", ".join(f"{count} {verdict}" for verdict, count in Counter(case.verdict for case in judged).items()),
        new=sorted({case.result["case"]["group"] for case in judged if case.verdict == "no baseline"}),
        moved={verdict: _moved(judged, verdict) for verdict in MOVED},
        differences=compare_editions([case.result for cases in passed.values() for case in cases]),
        end_of_summary=END_OF_SUMMARY,
        costs=COSTS,
        rows=[_row(case) for case in judged],
        types=[_types(group, cases) for group, cases in passed.items()],
        versions=_changed_versions(judged),
        machines=_machines(judged),
    )


def summarise(report: str) -> str:
    """Return what a report says before its tables."""
    return report.split(END_OF_SUMMARY)[0].strip()


def write_report(report: str, judged: Sequence[Judged], store: Store) -> None:
    """Write report.html, report.md and junit.xml beside the results of a run."""
    store.write(MARKDOWN, report)
    content = BeautifulSoup(MarkdownIt("js-default", {"html": False}).render(report), "html.parser")
    for table in content("table"):
        table["class"] = "dataframe"
        table.wrap(content.new_tag("div", attrs={"class": "table"}))
    store.write(HTML, frame_page(content, "report", {}, IMAGES, "en"))
    store.write(JUNIT, _junit(judged))


def _moved(judged: Sequence[Judged], verdict: str) -> list[tuple]:
    """List the series and metrics that got worse, or better."""
    series = {case.result["case"]["series"]: case.comparisons for case in judged}
    return [(name, found) for name, comparisons in series.items() for found in comparisons if found.verdict == verdict]


def _row(case: Judged) -> dict[str, Any]:
    """Make a case's row of the table: its own scores and costs, not those of its series."""
    values = measured(case.result) if case.result["outcome"] == "passed" else {}
    known = {comparison.metric: comparison for comparison in case.comparisons}
    return {
        "name": case.result["case"]["name"],
        "verdict": case.verdict if case.verdict in ("held", "better", "no baseline") else f"**{case.verdict}**",
        "f1": values.get("f1"),
        "baseline": known["f1"].mean if known else None,
        "tolerance": known["f1"].tolerance if known else None,
        "costs": [values[cost] / known[cost].mean if known else None for cost in COSTS],
        "seconds": case.result["seconds"],
    }


def _types(group: str, cases: Sequence[Judged]) -> tuple[str, int, list[tuple]]:
    """List the mean F1 of a group's entity types beside the baseline's."""
    baseline = (cases[0].baseline or {"per_type_f1": {}})["per_type_f1"]
    now = type_scores([case.result for case in cases]).mean()
    names = sorted({*now.keys(), *baseline})
    return group, len(cases), [(name, now.get(name, 0.0), baseline.get(name, {}).get("mean")) for name in names]


def _changed_versions(judged: Sequence[Judged]) -> list[tuple[str, str, str]]:
    """List the libraries whose release differs from a baseline's: name, then, now."""
    changed = set()
    for case in judged:
        now = case.result["fingerprint"]["versions"]
        before = case.baseline["versions"] if case.baseline else now
        changed |= {(name, before.get(name, "-"), now.get(name, "-")) for name in before.keys() | now.keys()}
    return sorted((name, before, now) for name, before, now in changed if before != now)


def _machines(judged: Sequence[Judged]) -> list[str]:
    found = [("now", case.result["machine"]) for case in judged]
    found += [("baseline", case.baseline["machine"]) for case in judged if case.baseline]
    said = "{title}: {processor}, {cores} cores, {memory_bytes:.3g} bytes, {system}"
    return list(dict.fromkeys(said.format(title=title, **machine) for title, machine in found))


def _junit(judged: Sequence[Judged]) -> bytes:
    suite = ET.Element("testsuite", name="regression", tests=str(len(judged)))
    for case in judged:
        about, seconds = case.result["case"], f"{case.result['seconds']:.3f}"
        test = ET.SubElement(suite, "testcase", classname=about["group"], name=about["name"], time=seconds)
        if case.verdict == "worse":
            fallen = [str(comparison) for comparison in case.comparisons if comparison.verdict == "worse"]
            ET.SubElement(test, "failure", type="worse", message="; ".join(fallen))
        elif case.verdict not in JUDGED:
            message = case.result["error"] or "there is no baseline to judge it by"
            ET.SubElement(test, "error", type=case.verdict, message=printable(message))
    return ET.tostring(suite, encoding="utf-8", xml_declaration=True)
