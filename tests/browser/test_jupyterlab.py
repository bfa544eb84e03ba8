"""The notebooks as most people meet them: `make lab` in a browser, cell by cell or all at once.

Pictures of each section are left in ``runs/browser/``, to be looked at.
"""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest

from browser.conftest import started_lab

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "runs" / "browser"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
LAPTOP, SMALL = 1366, 700  # pixels

FRAMEWORKS = ("pytorch", "tensorflow")
LEARNERS = [(framework, language, "") for framework in FRAMEWORKS for language in ("en", "ko")]
SOLVED = [(framework, language, "_solved") for framework in FRAMEWORKS for language in ("en", "ko")]
PROFILES = {"en": "sample", "ko": "smoke"}  # for the learners' notebooks; the solved ones take the quick one

# What each cell holds that people run too early, and the section that it belongs to.
RUN_TOO_EARLY = {
    3: "highlight([(",
    5: "inside = alignment.inside_ids",
    8: "ForTokenClassification.from_pretrained(",
    9: 'with stopwatch("training"',
    10: "plots.type_scores(",
    11: "ner_model.save_pretrained(",
    12: "results.write_results(",
}
TOO_EARLY = {"en": "does not exist yet", "ko": "아직 없는 이름입니다"}

pytestmark = pytest.mark.browser


def path_of(framework, language, solved):
    return Path("" if language == "en" else language, f"token_classification_{framework}{solved}.ipynb")


def profile_of(language, solved):
    return "smoke" if solved else PROFILES[language]


def notebook_ids(notebook):
    framework, language, solved = notebook
    return f"{framework}-{language}{solved}-{profile_of(language, solved)}"


@pytest.fixture(scope="module", params=[*LEARNERS, *SOLVED], ids=notebook_ids)
def ran(request, opened):
    """A notebook after Run All Cells, beside what says which it is."""
    _, language, solved = request.param
    with opened(profile_of(language, solved), path_of(*request.param)) as notebook:
        notebook.run_all()
        yield notebook, request.param


def exercises(notebook):
    return [n for n, cell in enumerate(notebook.cells) if "exercise" in cell.metadata.get("tags", [])]


def solutions(notebook):
    """List the solved exercises of a learner's notebook."""
    solved = nbformat.read(notebook.file.with_name(f"{notebook.file.stem}_solved.ipynb"), as_version=4)
    return [solved.cells[number].source for number in exercises(solved)]


def wrong(solution):
    """Answer an exercise with nonsense, and call its check all the same."""
    tree = ast.parse(solution)
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            statement.value = ast.Constant("nonsense")
        elif isinstance(statement, ast.FunctionDef):
            statement.body = [ast.Return(ast.Constant("nonsense"))]
    return ast.unparse(ast.fix_missing_locations(tree))


def results_of(notebook, framework):
    return json.loads((notebook.file.parent / "output" / framework / "metrics.json").read_text(encoding="utf-8"))


def test_every_cell_runs_without_an_error_or_noise(ran):
    notebook, _ = ran
    assert notebook.faults() == []
    numbers = [f"[{number}]:" for number in range(1, len(notebook.prompts()) + 1)]
    assert notebook.prompts() == numbers
    assert len(numbers) == sum(cell.cell_type == "code" for cell in notebook.source.cells)


def test_all_figures_and_highlights_are_there(ran):
    notebook, _ = ran
    page = notebook.page
    assert page.locator(".jp-OutputArea img").count() == sum("plots.save(" in c.source for c in notebook.source.cells)
    highlighting = [
        n for n, cell in enumerate(notebook.source.cells) if re.search(r"^highlight\w*\(", cell.source, re.M)
    ]
    assert len(highlighting) >= 2
    for number in highlighting:
        assert notebook.cell(number).locator(".jp-OutputArea mark").count() > 0
    descriptions = page.locator(".jp-OutputArea img").evaluate_all("images => images.map(image => image.alt)")
    assert min(map(len, descriptions)) > 40
    assert len(set(descriptions)) == len(descriptions)


def test_progress_bars_move_and_then_stand_complete(ran):
    notebook, (_, language, solved) = ran
    bars = notebook.bars()
    assert len(bars) >= 4  # tokenization of three splits, and the training
    assert [bar for bar in bars if bar[-1] != 1] == []
    assert [bar for bar in bars if bar != sorted(bar)] == []
    if profile_of(language, solved) == "sample":  # the four steps of the other can be over before a page is drawn
        assert max(map(len, bars)) > 2
    assert notebook.page.locator(".widget-hprogress .progress-bar").count() == 3
    assert notebook.page.locator(".widget-hprogress .progress-bar-success").count() == 3


def test_the_table_of_contents_shows_the_steps(ran):
    notebook, _ = ran
    text = "\n".join(cell.source for cell in notebook.source.cells if cell.cell_type == "markdown")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    notebook.page.get_by_role("tab", name="Table of Contents").click()
    items = notebook.page.locator(".jp-TableOfContents-tree .jp-tocItem-heading")
    items.nth(len(headings) - 1).wait_for()
    assert [" ".join(item.split()) for item in items.all_inner_texts()] == headings
    step = items.nth(headings.index(next(heading for heading in headings if heading.startswith("9."))))
    step.click()
    heading = notebook.page.locator(".jp-Notebook h2").nth(8)
    notebook.page.wait_for_timeout(1000)
    assert 0 < heading.bounding_box()["y"] < notebook.page.viewport_size["height"]
    notebook.page.get_by_role("tab", name="File Browser").click()


@pytest.mark.parametrize("width", [LAPTOP, SMALL])
@pytest.mark.parametrize("theme", THEMES)
def test_nothing_is_cut_off(ran, theme, width):
    notebook, (framework, language, solved) = ran
    notebook.use_theme(THEMES[theme])
    if width == SMALL:
        notebook.resize(width)
        notebook.page.keyboard.press("Control+b")  # which hides the files, as one does where there is little room
    try:
        if not solved:  # it looks like the learners'
            notebook.photograph(PICTURES / f"{framework}-{language}" / f"{theme}-{width}")
        assert notebook.faults() == []
    finally:
        if width == SMALL:
            notebook.page.keyboard.press("Control+b")
            notebook.resize(LAPTOP)
        notebook.use_theme(THEMES["light"])


def test_exercises_answer_what_a_person_types(ran):
    notebook, (_, _, solved) = ran
    numbers = exercises(notebook.source)
    if solved:
        for number in numbers:
            notebook.cell(number).locator(".feedback.right").wait_for()
        return
    for number, solution in zip(numbers, solutions(notebook), strict=True):
        assert notebook.cell(number).locator(".feedback.open").count() == 1
        notebook.type_into(number, wrong(solution))
        assert notebook.cell(number).locator(".feedback").get_attribute("class") == "feedback not yet"
        notebook.type_into(number, solution)
        assert notebook.cell(number).locator(".feedback").get_attribute("class") == "feedback right"
    assert notebook.faults() == []


# What stands below the field, without the names of the types.
SHOWN_TEXT = """cell => {
    const text = cell.querySelector("pre bdi").cloneNode(true)
    text.querySelectorAll("mark > :last-child").forEach(name => name.remove())
    return text.textContent
}"""


def test_the_field_shows_what_is_typed_into_it(ran):
    notebook, _ = ran
    number = next(n for n, cell in enumerate(notebook.source.cells) if "\ntry_it(" in cell.source)
    cell = notebook.cell(number)
    field = cell.locator(".widget-text input")
    assert cell.evaluate(SHOWN_TEXT) == field.input_value()
    for typed in ("Anna  <b>Lopez</b> flew to $Lisbon$ \N{AIRPLANE}", "Wien"):
        field.fill(typed)
        field.press("Enter")
        notebook.page.wait_for_timeout(1000)
        notebook.wait()
        assert cell.evaluate(SHOWN_TEXT) == typed
    assert notebook.faults() == []


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_restarted_and_run_again_it_gives_the_same_result(opened, framework):
    with opened("smoke", path_of(framework, "en", "")) as notebook:
        notebook.run_all()
        first = results_of(notebook, framework)
        notebook.restart_and_run_all()
        second = results_of(notebook, framework)
        assert notebook.faults() == []
        assert notebook.prompts()[-1] == f"[{len(notebook.prompts())}]:"
    assert second["seconds"] != first["seconds"]  # it has run again
    for key in ("dataset", "model", "parameters", "history", "test", "errors", "alignment"):
        assert second[key] == first[key]


@pytest.mark.parametrize(("framework", "language"), [("pytorch", "en"), ("tensorflow", "en"), ("pytorch", "ko")])
def test_a_cell_that_is_run_too_early_says_what_to_run_first(opened, framework, language):
    with opened("smoke", path_of(framework, language, "")) as notebook:
        section, early = 0, {}
        for number, cell in enumerate(notebook.source.cells):
            section = next(map(int, re.findall(r"^## (\d+)\.", cell.source, re.MULTILINE)), section)
            if cell.cell_type == "code" and RUN_TOO_EARLY.get(section, "\0") in cell.source:
                early.setdefault(section, number)
        assert early.keys() == RUN_TOO_EARLY.keys()
        for number in early.values():
            notebook.run_cell(number)
            said = notebook.output(number)
            assert TOO_EARLY[language] in said
            assert "Run All Above Selected Cell" in said
            assert re.search(r"\W\d+\. \w", said)  # a section's heading
            assert "Traceback" not in said


WRONG = {
    "import sys; print('noise', file=sys.stderr)": "noise",
    "1 / 0": "ZeroDivisionError",
    "from IPython.display import HTML; HTML('<img src=images/none.png alt=none>')": "an image is not drawn",
    "HTML('<img src=images/open_in_colab.svg width=100 height=30>')": "an image has no text alternative",
    "HTML('<img src=images/open_in_colab.svg alt=x style=\"max-width:none;width:3000px\">')": "an image reaches",
    "HTML('<mark style=\"background:#ff0;display:none\">word</mark>')": "a highlight is not drawn",
    "HTML('<mark style=\"background:#ff0;white-space:nowrap\">' + 'word ' * 500 + '</mark>')": "a highlight reaches",
    "HTML('<mark style=\"background:inherit\">word</mark>')": "a highlight has no colour",
}


def test_what_is_wrong_is_noticed(opened):
    with opened("smoke", path_of("pytorch", "en", "")) as notebook:
        number = next(n for n, cell in enumerate(notebook.source.cells) if cell.cell_type == "code")
        for code, fault in WRONG.items():
            notebook.type_into(number, code)
            notebook.page.wait_for_timeout(500)
            found = notebook.faults()
            assert any(fault in text for text in found), (fault, found)


def test_a_link_leads_to_the_copy_in_the_other_language(opened):
    with opened("smoke", path_of("pytorch", "en", "")) as notebook:
        page = notebook.page
        page.locator(".jp-RenderedMarkdown a", has_text="한국어").first.click()
        page.get_by_role("heading", name="1. 토큰 분류란").wait_for()
        page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-RenderedMarkdown a", has_text="English").first.click()
        page.get_by_role("heading", name="1. What token classification is").wait_for()


@pytest.mark.parametrize(("arguments", "folder"), [([], ""), (["--language", "ko"], "ko")])
def test_without_a_profile_the_notebooks_themselves_are_opened(browser, workplace, tmp_path, arguments, folder):
    with started_lab(workplace, tmp_path, *arguments) as lab:
        page = browser.new_page()
        page.goto(f"{lab.address}?token={lab.token}", timeout=120_000)
        shown = page.locator(".jp-DirListing-itemName")
        shown.filter(has_text="token_classification_pytorch.ipynb").wait_for(timeout=120_000)
        assert ("ko" in shown.all_inner_texts()) == (folder == "")
        assert lab.root == str(workplace / "notebooks")
        page.close()
