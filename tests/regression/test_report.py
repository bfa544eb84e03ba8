"""What the report says, beside what whole runs show of it."""

import re
import xml.etree.ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from support.browsing import visible_text
from support.hostile import TYPES, WORDS

from regression.report import write_report
from regression.storage import Store
from regression.verdict import Comparison, Judged

MACHINE = {"processor": "a processor", "cores": 2, "memory_bytes": 8e9, "system": "a system"}
HOSTILE = "<script>alert(1)</script> | ``` & [a](b)"


def judged(
    name="a-case",
    group="a-group",
    outcome="passed",
    error=None,
    verdict="held",
    versions=None,
    worse=False,
    types=("person",),
):
    scores = {"precision": 0.5, "recall": 0.5, "f1": 0.4, "accuracy": 0.9}
    result = {
        "case": {"name": name, "series": name, "group": group, "chosen": {"dataset": name}}
        | {"edition": "pytorch", "language": "en", "profile": "sample"},
        "outcome": outcome,
        "error": error,
        "cell": {"number": 3, "source": error} if error else None,
        "seconds": 5.0,
        "fingerprint": {"versions": {"torch": "2", "numpy": "1"}},
        "machine": MACHINE,
        "calibration": {"seconds": 0.1, "memory_bytes": 100},
        "results": {
            "test": scores | {"per_type": {name: {"f1": 0.4} for name in types}},
            "seconds": {"training": 2.0, "total": 4.0},
            "peak_memory_bytes": 300,
            "history": [{"epoch": 1, "f1": 0.2}, {"epoch": 2, "f1": 0.4}],
        },
    }
    baseline = {
        "per_type_f1": {"person": {"mean": 0.5}},
        "validation_f1": [0.3, 0.4],
        "versions": versions or {"torch": "2", "numpy": "1"},
        "machine": MACHINE,
    }
    metrics = ("precision", "recall", "f1", "accuracy", "training time", "total time", "memory")
    comparisons = [Comparison(metric, 0.4, 0.5, 0.05, "worse" if worse else "held") for metric in metrics]
    passed = outcome == "passed"
    return Judged(result, baseline if passed else None, comparisons if passed else [], verdict)


@pytest.fixture
def report(tmp_path):
    """Write a report; give its pages and its JUnit XML, the page with its last run's files beside it."""

    def write(*cases):
        write_report(cases, Store(str(tmp_path)))
        html, md = ((tmp_path / f"report.{kind}").read_text(encoding="utf-8") for kind in ("html", "md"))
        return html, md, ET.parse(tmp_path / "junit.xml")

    return write


def test_text_of_cases_stays_text(report):
    html, md, junit = report(judged(), judged(name="other", outcome="raised", verdict="raised", error=HOSTILE))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in MarkdownIt("gfm-like", {"linkify": False}).render(md).replace("&lt;script&gt;", "")
    assert 'href="b"' not in MarkdownIt().render(md)
    (error,) = junit.iter("error")
    assert error.get("message").startswith("<script>")


def test_an_error_may_hold_what_xml_and_utf_8_cannot(report):
    allowed = {0x9, 0xA, 0xD, *range(0x20, 0xD800), *range(0xE000, 0xFFFE), *range(0x10000, 0x110000)}  # XML 1.0, 2.2
    forbidden = "".join(chr(code) for code in range(0x110000) if code not in allowed)
    error = f"before{forbidden}after"
    _, md, junit = report(judged(outcome="raised", verdict="raised", error=error))
    (found,) = junit.iter("error")
    assert re.fullmatch("before\ufffd+after", found.get("message"))
    assert "What did not run to its end" in md


def test_in_a_browser_too_text_of_cases_stays_text(report, browser, tmp_path):
    raised = judged(name="other", outcome="raised", verdict="raised", error="\n".join(WORDS))
    raised.result["case"]["chosen"]["dataset"] = WORDS[0]
    _, md, _ = report(judged(types=TYPES), raised)
    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(md)
    (tmp_path / "rendered.html").write_text(f"<!DOCTYPE html><meta charset='utf-8'>{rendered}", encoding="utf-8")
    for page in ("report.html", "rendered.html"):
        text = visible_text(browser, tmp_path / page)
        assert [word for word in (*WORDS, *TYPES) if word.replace("`", "'") not in text.replace("`", "'")] == []


def test_versions_that_changed_are_listed(report):
    _, md, _ = report(judged(versions={"torch": "1", "scipy": "3"}))
    changed = md.split("## Versions that changed since the baseline")[1].split("##")[0]
    assert changed.split("\n\n")[1].strip().splitlines() == [
        "- numpy: -, now 1",
        "- scipy: 3, now -",
        "- torch: 1, now 2",
    ]
    assert "None." in report(judged())[1]


def test_only_what_is_there_is_linked(report, tmp_path):
    (tmp_path / "with").mkdir()
    (tmp_path / "with" / "notebook.html").touch()
    html, md, _ = report(judged("with"), judged("without", outcome="died", verdict="died", error="lost"))
    assert re.findall(r'href="([^"]+)"', html) == ["with/notebook.html"]
    assert re.findall(r"\]\((w[^)]+)\)", md) == ["with/notebook.html"]


def test_a_series_that_got_worse_stands_once_in_the_list_and_at_each_case(report):
    html, md, junit = report(judged(verdict="worse", worse=True), judged(verdict="worse", worse=True))
    assert md.count("- a-case: f1 0.400, baseline 0.500 ± 0.050\n") == 1
    assert "training time 80% of the baseline, ± 10%" in html
    assert [failure.get("type") for failure in junit.iter("failure")] == ["worse", "worse"]


def test_what_is_left_out_of_the_figure_is_said(report):
    assert "1 more groups of cases are not drawn" in report(*(judged(group=str(i)) for i in range(13)))[1]
