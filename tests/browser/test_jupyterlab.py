"""The notebooks as most people meet them: `make lab` in a browser, cell by cell or all at once.

Pictures of each section are left in ``runs/browser/``, to be looked at.
"""

import ast
import re
from pathlib import Path

import pytest
from support.editions import ROOT, lesson, python_of, read_notebook

from browser.conftest import opened_in, started_lab
from browser.notebook_page import WHOLE_RUN, WIDGET
from helpers.notebook.editions import MAIN
from helpers.notebook.language import LANGUAGES
from helpers.notebook.results import read_results

NOTEBOOKS = ROOT / "notebooks"
PICTURES = ROOT / "runs" / "browser"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
LAPTOP, SMALL = 1366, 700  # pixels

EXERCISES = Path("exercises", "exercises.ipynb")
CHAPTER = Path("going_further", "long_texts.ipynb")
# Each with the profile that it runs with: the sample and a model that learns, or the quick one.
LESSONS = [
    (lesson(edition, language).relative_to(NOTEBOOKS), {"en": "sample", "ko": "smoke"}[language])
    for edition in MAIN
    for language in LANGUAGES
]
ALL = [*LESSONS, (EXERCISES, "sample"), (CHAPTER, "sample")]

# What cells hold that people run too early, in the order of the sections.
RUN_TOO_EARLY = (
    *("plots.label_counts(", "ner_data.map(", "batch = data_collator(", "id2label = dict(", "plots.learning_curves("),
    *("metrics.match_entities(", "tokenizer.save_pretrained(", "save_results("),
)

pytestmark = pytest.mark.browser


def name_of(path):
    return path.with_suffix("").as_posix().replace("/", "-")


@pytest.fixture(scope="module")
def ran(request, opened):
    """A notebook after Run All Cells."""
    path, profile = request.param
    with opened(profile, path) as notebook:
        notebook.run_all()
        yield notebook


each_notebook = pytest.mark.parametrize("ran", ALL, indirect=True, ids=lambda each: name_of(each[0]))
each_lesson = pytest.mark.parametrize("ran", LESSONS, indirect=True, ids=lambda each: name_of(each[0]))


def exercises(notebook):
    return [n for n, cell in enumerate(notebook.cells) if "exercise" in cell.metadata.get("tags", [])]


def wrong(solution):
    """Answer an exercise with nonsense, and call its check all the same."""
    tree = ast.parse(solution)
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            statement.value = ast.Constant("nonsense")
        elif isinstance(statement, ast.FunctionDef):
            statement.body = [ast.Return(ast.Constant("nonsense"))]
    return ast.unparse(ast.fix_missing_locations(tree))


def results_folder(notebook):
    return notebook.file.parent / "output" / notebook.file.stem.rpartition("_")[2]


def assert_ran(notebook):
    assert notebook.faults() == []
    assert notebook.prompts() == [f"[{number}]:" for number in range(1, len(notebook.prompts()) + 1)]
    assert len(notebook.prompts()) == sum(cell.cell_type == "code" for cell in notebook.source.cells)


@each_notebook
def test_every_cell_runs_without_an_error_or_noise(ran):
    assert_ran(ran)


@each_lesson
def test_all_figures_and_highlights_are_there(ran):
    page = ran.page
    assert page.locator(".jp-OutputArea img").count() == sum("plots.save(" in c.source for c in ran.source.cells)
    highlighting = [n for n, cell in enumerate(ran.source.cells) if re.search(r"^highlight\w*\(", cell.source, re.M)]
    assert len(highlighting) >= 2
    for number in highlighting:
        assert ran.cell(number).locator(".jp-OutputArea mark").count() > 0
    descriptions = page.locator(".jp-OutputArea img").evaluate_all("images => images.map(image => image.alt)")
    assert min(map(len, descriptions)) > 40
    assert len(set(descriptions)) == len(descriptions)


@each_lesson
def test_progress_bars_move_and_then_stand_complete(ran):
    bars = ran.bars()
    assert len(bars) >= 4  # tokenization of three splits, and the training
    assert [bar for bar in bars if bar[-1] != 1] == []
    assert [bar for bar in bars if bar != sorted(bar)] == []
    if ran.file.parent.name == "sample":  # the steps of the other profile can be over before a page is drawn
        assert max(map(len, bars)) > 2
    assert ran.page.locator(".widget-hprogress .progress-bar-success").count() == 3


@each_lesson
def test_the_table_of_contents_shows_the_steps(ran):
    text = "\n".join(cell.source for cell in ran.source.cells if cell.cell_type == "markdown")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    ran.page.get_by_role("tab", name="Table of Contents").click()
    items = ran.page.locator(".jp-TableOfContents-tree .jp-tocItem-heading")
    items.nth(len(headings) - 1).wait_for()
    assert [" ".join(item.split()) for item in items.all_inner_texts()] == headings
    step = next(place for place, heading in enumerate(headings) if heading.startswith("9."))
    items.nth(step).click()
    ran.still()
    heading = ran.page.locator(".jp-Notebook").get_by_role("heading", name=headings[step])
    assert 0 < heading.bounding_box()["y"] < ran.page.viewport_size["height"]
    ran.page.get_by_role("tab", name="File Browser").click()


@pytest.mark.parametrize("width", [LAPTOP, SMALL])
@pytest.mark.parametrize("theme", THEMES)
@each_notebook
def test_nothing_is_cut_off(ran, theme, width):
    ran.use_theme(THEMES[theme])
    if width == SMALL:
        ran.resize(width)
        ran.page.keyboard.press("Control+b")  # which hides the files, as one does where there is little room
    try:
        ran.photograph(PICTURES / name_of(ran.path) / f"{theme}-{width}")
        assert ran.faults() == []
    finally:
        if width == SMALL:
            ran.page.keyboard.press("Control+b")
            ran.resize(LAPTOP)
        ran.use_theme(THEMES["light"])


@pytest.mark.parametrize("ran", [(EXERCISES, "sample")], indirect=True, ids=lambda each: name_of(each[0]))
def test_exercises_answer_what_a_person_types(ran):
    solved = read_notebook(NOTEBOOKS / EXERCISES.with_stem("exercises_solved"))
    solutions = [solved.cells[number].source for number in exercises(solved)]
    numbers = exercises(ran.source)
    assert len(numbers) == len(solutions) == 20
    for number, solution in zip(numbers, solutions, strict=True):
        box = ran.cell(number).locator(".feedback")
        assert box.get_attribute("class") == "feedback open"
        ran.run_cell(number, wrong(solution))
        assert box.get_attribute("class") == "feedback not yet"
        ran.run_cell(number, solution)
        assert box.get_attribute("class") in ("feedback right", "feedback surprise"), solution
    assert ran.faults() == []


# What stands below the field, without the names of the types.
SHOWN_TEXT = """cell => {
    const text = cell.querySelector("pre bdi").cloneNode(true)
    text.querySelectorAll("mark > :last-child").forEach(name => name.remove())
    return text.textContent
}"""


@each_lesson
def test_the_field_shows_what_is_typed_into_it(ran):
    number = next(n for n, cell in enumerate(ran.source.cells) if "\ntry_it(" in cell.source)
    cell = ran.cell(number)
    field = cell.locator(".widget-text input")
    assert cell.evaluate(SHOWN_TEXT) == field.input_value()
    for typed in ("Anna  <b>Lopez</b> flew to $Lisbon$ \N{AIRPLANE}", "Wien"):
        field.fill(typed)
        field.press("Enter")
        ran.page.wait_for_function(
            f"([cell, typed]) => ({SHOWN_TEXT})(cell) === typed", arg=[cell.element_handle(), typed]
        )
    assert ran.faults() == []


def test_the_tensorflow_edition_runs_in_its_own_environment(browser, workplace, tmp_path):
    path = lesson("tensorflow").relative_to(NOTEBOOKS)
    python = python_of("tensorflow")
    with (
        started_lab(workplace, tmp_path, "--profile", "smoke", python=python) as lab,
        opened_in(browser, lab, path) as notebook,
    ):
        notebook.run_all()
        assert_ran(notebook)
        assert read_results(results_folder(notebook))["versions"]["transformers"].startswith("4.")


@pytest.mark.parametrize("edition", MAIN)
def test_restarted_and_run_again_it_gives_the_same_result(opened, edition):
    with opened("smoke", lesson(edition).relative_to(NOTEBOOKS)) as notebook:
        notebook.run_all()
        first = read_results(results_folder(notebook))
        (results_folder(notebook) / "metrics.json").unlink()
        notebook.restart_and_run_all()
        assert_ran(notebook)
        second = read_results(results_folder(notebook))
    for key in ("dataset", "model", "parameters", "history", "test", "errors"):
        assert second[key] == first[key]


@pytest.mark.parametrize(("edition", "language"), [("pytorch", "en"), ("keras", "en"), ("pytorch", "ko")])
def test_a_cell_that_is_run_too_early_says_what_to_run_first(opened, edition, language):
    with opened("smoke", lesson(edition, language).relative_to(NOTEBOOKS)) as notebook:
        code = [(n, cell.source) for n, cell in enumerate(notebook.source.cells) if cell.cell_type == "code"]
        for part in RUN_TOO_EARLY:
            number = next(n for n, source in code if part in source)
            notebook.run_cell(number)
            said = notebook.output(number)
            assert said.startswith("NameError: ")
            assert "Run All Above Selected Cell" in said
            assert "Traceback" not in said
            assert re.search("[가-힣]", said) if language == "ko" else "does not exist yet" in said


WRONG = {
    "import sys; print('noise', file=sys.stderr)": "noise",
    "1 / 0": "ZeroDivisionError",
    "from IPython.display import HTML; HTML('<img src=images/none.png alt=none>')": "an image is not drawn",
    "HTML('<img src=images/open_in_colab.svg width=100 height=30>')": "an image has no text alternative",
    "HTML('<img src=images/open_in_colab.svg alt=x style=\"max-width:none;width:3000px\">')": "an image reaches",
    "HTML('<mark style=\"background:#ff0;display:none\">word</mark>')": "a highlight is not drawn",
    "HTML('<mark style=\"background:#ff0;white-space:nowrap\">' + 'word ' * 500 + '</mark>')": "a highlight reaches",
    "HTML('<mark style=\"background:inherit\">word</mark>')": "a highlight has no colour",
    "HTML('<div style=\"overflow:hidden\"><p style=\"width:max-content\">' + 'word ' * 500)": "p is cut off",
}


def test_what_is_wrong_is_noticed(opened):
    with opened("smoke", LESSONS[0][0]) as notebook:
        number = next(n for n, cell in enumerate(notebook.source.cells) if cell.cell_type == "code")
        for code, fault in WRONG.items():
            notebook.run_cell(number, code)
            found = notebook.faults()
            assert any(fault in text for text in found), (fault, found)


def test_links_lead_from_copy_to_copy(opened):
    with opened("smoke", LESSONS[0][0]) as notebook:
        for link, path in (
            ("한국어", "ko/token_classification_pytorch.ipynb"),
            ("English", "token_classification_pytorch.ipynb"),
            ("Exercises", "exercises/exercises.ipynb"),
            ("Keras", "token_classification_keras.ipynb"),
            ("Long texts", "going_further/long_texts.ipynb"),
        ):
            notebook.follow(link)
            notebook.page.wait_for_function(f"{WIDGET}?.context?.path === '{path}'")


@pytest.mark.parametrize(("arguments", "folder"), [([], ""), (["--language", "ko"], "ko")])
def test_without_a_profile_the_notebooks_themselves_are_opened(browser, workplace, tmp_path, arguments, folder):
    with started_lab(workplace, tmp_path, *arguments) as lab:
        page = browser.new_page()
        page.set_default_timeout(WHOLE_RUN)
        page.goto(f"{lab.address}?token={lab.token}")
        shown = page.locator(".jp-DirListing-itemName")
        shown.filter(has_text="token_classification_pytorch.ipynb").wait_for()
        assert ("ko" in shown.all_inner_texts()) == (folder == "")
        assert lab.root == str(workplace / "notebooks")
        page.close()
