"""What the report and the progress table say, beside what whole runs show of them."""

import io
import re
import xml.etree.ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from rich.console import Console
from support.browsing import visible_text
from support.hostile import TYPES, WORDS
from support.regression_results import make_result

from regression.baselines import make_baseline
from regression.progress_table import ProgressTable
from regression.report import make_report, summarise, write_report
from regression.storage import Store
from regression.verdict import judge_all

HOSTILE = "<script>alert(1)</script> | ``` & [a](b)"
BASELINE = make_baseline([make_result(seed, 0.5 + seed / 1000) for seed in (1, 2, 3)])


def raised(error, **about):
    return make_result(9, outcome="raised", **about) | {"error": error, "cell": {"number": 3, "source": error}}


@pytest.fixture
def report(tmp_path):
    """Write a report; give its pages and its JUnit XML, the page with its last run's files beside it."""

    def write(*results, baseline=BASELINE):
        judged, store = judge_all(results, {"pytorch-sample": baseline}), Store(str(tmp_path))
        write_report(make_report(judged, store.names("notebook.html")), judged, store)
        html, md = ((tmp_path / f"report.{kind}").read_text(encoding="utf-8") for kind in ("html", "md"))
        return html, md, ET.parse(tmp_path / "junit.xml")

    return write


def test_text_of_cases_stays_text(report):
    html, md, junit = report(make_result(), raised(HOSTILE))
    for page in (html, MarkdownIt("gfm-like", {"linkify": False}).render(md)):
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        assert 'href="b"' not in page
    (error,) = junit.iter("error")
    assert error.get("message").startswith("<script>")


def test_an_error_may_hold_what_xml_and_utf_8_cannot(report):
    allowed = {0x9, 0xA, 0xD, *range(0x20, 0xD800), *range(0xE000, 0xFFFE), *range(0x10000, 0x110000)}  # XML 1.0, 2.2
    forbidden = "".join(chr(code) for code in range(0x110000) if code not in allowed)
    _, md, junit = report(raised(f"before{forbidden}after"))
    (found,) = junit.iter("error")
    assert re.fullmatch("before\ufffd+after", found.get("message"))
    assert "What did not run to its end" in md


def test_in_a_browser_too_text_of_cases_stays_text(report, browser, tmp_path):
    _, md, _ = report(make_result(types=TYPES, versions={"torch": "2"}), raised("\n".join(WORDS)))
    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(md)
    (tmp_path / "rendered.html").write_text(f"<!DOCTYPE html><meta charset='utf-8'>{rendered}", encoding="utf-8")
    for page in ("report.html", "rendered.html"):
        text = visible_text(browser, tmp_path / page)
        assert [word for word in (*WORDS, *TYPES) if word.replace("`", "'") not in text.replace("`", "'")] == []


def test_versions_that_changed_are_listed(report):
    _, md, _ = report(make_result(versions={"torch": "2", "numpy": "1"}))
    changed = md.split("## Versions that changed since the baseline")[1].split("##")[0]
    assert changed.split() == "- numpy: -, now 1 - torch: 1, now 2".split()
    assert "None." in report(make_result())[1]


def test_only_what_is_there_is_linked(report, tmp_path):
    name = make_result()["case"]["name"]
    (tmp_path / name).mkdir()
    (tmp_path / name / "notebook.html").touch()
    html, md, _ = report(make_result(), raised("lost"))
    links = re.findall(r'href="([^"#]+)"', html), re.findall(r"\]\(([^)]+)\)", md)
    assert links == ([f"{name}/notebook.html"],) * 2


def test_a_series_that_got_worse_stands_once_in_the_list_and_at_each_case(report):
    html, md, junit = report(make_result(1, 0.4, 20), make_result(2, 0.4, 20))
    assert len(re.findall(r"- pytorch-en-sample: f1 0\.400, baseline 0\.502 ± 0\.0\d\d\n", md)) == 1
    assert "training time 200% of the baseline, ± 0%" in html
    assert [failure.get("type") for failure in junit.iter("failure")] == ["worse", "worse"]
    assert (
        len(re.findall(r"\| \*\*worse\*\* \| 0\.400 \| 0\.502 \| 0\.0\d\d \| 200% \| 200% \| 100% \| 60 \|", md)) == 2
    )
    assert "| `person` | 0.400 | 0.502 |" in md


def test_the_summary_says_what_a_person_has_to_do():
    said = summarise(make_report(judge_all([make_result(), raised("on purpose")], {"pytorch-sample": None}), []))
    assert "2 cases: 1 no baseline, 1 raised." in said and "There is no baseline for pytorch-sample" in said
    assert said.endswith("in cell 3\n\n    on purpose")


def test_the_progress_table_counts_cases_and_prints_a_line_when_one_ends(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("regression.progress_table.time.monotonic", lambda: clock[0])
    console = Console(file=io.StringIO(), width=300)
    with ProgressTable(12, console) as table:
        rows = lambda: [task.description for task in table.tasks]  # noqa: E731
        assert rows() == ["0 running, 0 done, 0 failed, 12 in all"]
        table.tell("one")
        table.tell("two", "cell 3")
        assert rows() == ["2 running, 0 done, 0 failed, 12 in all", "one  ", "two  cell 3"]
        clock[0] = 160.0
        table.end("one", "passed", 60.0)
        table.end("two", "timed out", 61.2)
        # Two cases took a minute side by side, so the other ten will take five.
        assert rows() == ["0 running, 2 done, 1 failed, 12 in all; about 5 min left"]
    lines = [" 1/12 passed           60 s  one", " 2/12 timed out        61 s  two"]
    assert console.file.getvalue().splitlines() == lines
