"""The slides of the lesson: what is on them, and that nothing on them acts or lies outside."""

from importlib.metadata import PackageNotFoundError, distribution

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output
from support.browsing import watched_page
from support.editions import lesson, read_notebook
from tools.slides import first_sentences, for_slide, slides, write_slides

from helpers.notebook.language import LANGUAGES

OVERFLOWS = """() => {
  const frame = document.querySelector('.slides').getBoundingClientRect();
  return [...deck.getCurrentSlide().querySelectorAll('*')].filter(element => {
    const box = element.getBoundingClientRect();
    return box.width && (box.bottom > frame.bottom + 2 || box.right > frame.right + 2 || box.left < frame.left - 2);
  }).map(element => element.outerHTML.slice(0, 200));
}"""
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)><p>shown</p><img src='https://example.org/a.png'>"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_section_but_the_set_up_is_a_column_without_links_to_other_notebooks(language):
    cells = read_notebook(lesson("pytorch", language)).cells
    headings = [cell.source.splitlines()[0] for cell in cells if cell.source.startswith("## ")]
    shown = list(slides(cells))
    starts = [cell.source for cell in shown if cell.metadata.get("slideshow", {}).get("slide_type") == "slide"]
    assert [text.splitlines()[0] for text in starts[1:]] == headings[1:]
    assert starts[0].startswith("# ") and "| B-group |" in shown[1].source
    text = "\n".join(cell.source for cell in shown)
    assert "%pip" not in text and "<small>" not in text
    assert ".ipynb" not in text and "open_in_colab" not in text
    code = {cell.source for cell in cells if cell.cell_type == "code"}
    kept = {cell.source for cell in shown if cell.cell_type == "code"}
    assert len(code - kept) == 4 and kept <= code  # those of the set-up


def test_paragraphs_before_code_keep_two_sentences():
    text = "# A title. With a dot. And more.\n\nOne `a.b`. Two? Three! Four.\n\n- a: b. c. d.\n- e\n\n| x. y. z. | w |"
    assert for_slide(text, abridged=True) == (
        "# A title. With a dot. And more.\n\nOne `a.b`. Two?\n\n- a: b. c.\n- e\n\n| x. y. z. | w |"
    )
    assert for_slide(text, abridged=False) == text
    assert for_slide("see [Long texts](a/b.ipynb), [c](https://c.org)", False) == "see Long texts, [c](https://c.org)"
    assert first_sentences("하나입니다. 둘입니다. 셋입니다.") == "하나입니다. 둘입니다."


@pytest.mark.site
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_lies_outside_of_a_slide_and_nothing_acts(browser, tmp_path, language):
    try:
        distribution("sphinx-revealjs")
    except PackageNotFoundError:
        pytest.skip("no reveal.js: requirements/site.txt is not installed")
    notebook = read_notebook(lesson("pytorch", language))
    long = new_output("stream", text="\n".join(["a line of what a cell prints " * 5] * 25))
    page = new_output("display_data", data={"text/html": HOSTILE + "<table>" + "<tr><td>a</td></tr>" * 15 + "</table>"})
    for number, cell in enumerate(cell for cell in notebook.cells if cell.cell_type == "code"):
        cell.outputs = [[], [long], [page]][number % 3]
    notebook.cells.insert(-1, new_code_cell("a = 1\n" * 20, outputs=[page, long]))
    nbformat.write(notebook, tmp_path / "pytorch.ipynb")
    page, fired = watched_page(browser)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(write_slides(tmp_path / "pytorch.ipynb", language).as_uri())
    page.wait_for_function("deck.isReady()")
    assert page.title() == notebook.cells[0].source.splitlines()[0].strip("# ")
    count = page.evaluate("deck.getTotalSlides()")
    assert 30 < count < 80
    for number in range(count):
        assert page.evaluate(OVERFLOWS) == [], number
        assert page.evaluate("Number(deck.getCurrentSlide().style.zoom)") > 0.5
        page.evaluate("deck.next()")
    assert page.evaluate("deck.isLastSlide()")
    assert [message for message in fired if "Content Security Policy" not in message] == []
