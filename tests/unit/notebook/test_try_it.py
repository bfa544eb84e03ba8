"""The field for sentences of the reader's own: what is shown when somebody types into it or clicks."""

import re
from html import unescape

import nbformat
import pytest
from bs4 import BeautifulSoup
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets.widgets.widget import _instances as widgets
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from support.hostile import WORDS
from support.trained_models import save_model
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

from helpers.going_further.inference import find_entities
from helpers.notebook.language import use_language
from helpers.notebook.try_it import try_it
from helpers.run.pages import render_html

TYPES = ["location", "person"]
FIRST = "Bo Li  moved\tto Oslo ."
WIDGET = "application/vnd.jupyter.widget-view+json"
SAYS = {
    "en": ("Sentence", "Find entities", "type a sentence into it", "finds no entity"),
    "ko": ("문장", "개체 찾기", "문장을 입력", "개체를 찾지 못했습니다"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_model("distilbert", tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def classify(folder):
    model = AutoModelForTokenClassification.from_pretrained(folder)
    return pipeline("ner", model=model, tokenizer=AutoTokenizer.from_pretrained(folder), device="cpu")


@pytest.fixture(scope="module", autouse=True)
def no_shell_afterwards():
    yield
    InteractiveShell.clear_instance()


class Cell:
    """A cell with the field: what it has shown, the newest last."""

    def __init__(self, classify, language):
        self.says, self.shown = SAYS[language], CapturingDisplayPublisher()
        use_language(language)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(InteractiveShell.instance(), "display_pub", self.shown)
            try_it(classify, TYPES, FIRST)
        self.field, self.button = widgets[self.shown.outputs[0]["data"][WIDGET]["model_id"]].children

    def after(self, action):
        """Do what the browser tells the kernel to; give the HTML that takes the place of what was shown at first."""
        first, before = self.shown.outputs[1], len(self.shown.outputs)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(InteractiveShell.instance(), "display_pub", self.shown)
            action()
        (last,) = self.shown.outputs[before:]
        assert last["update"]
        assert last["transient"] == first["transient"]
        return last["data"]["text/html"]

    def enter(self, text):
        return self.after(lambda: self.field.set_state({"value": text}))


@pytest.fixture(params=SAYS)
def cell(request, classify):
    return Cell(classify, request.param)


def marks(html):
    """List the marked texts with their types."""
    found = re.findall(r"<mark[^>]*>(.*?)<span[^>]*>(.*?)</span></mark>", html, re.DOTALL)
    return [(unescape(text), unescape(kind.replace("&NoBreak;", ""))) for text, kind in found]


def text_of(html):
    (content,) = re.findall(r"<bdi>(.*)</bdi>", html, re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", "", re.sub(r"<span.*?</span>", "", content)))


def spans(text, entities):
    return [(text[entity["start"] : entity["end"]], entity["entity_group"]) for entity in entities]


def test_the_first_sentence_is_shown_at_once_and_apart_from_the_widget(cell, classify):
    widget, shown = (output["data"] for output in cell.shown.outputs)
    assert "text/html" not in widget
    assert WIDGET not in shown
    assert text_of(shown["text/html"]) == FIRST
    assert marks(shown["text/html"]) == spans(FIRST, classify(FIRST, aggregation_strategy="first")) != []
    assert (cell.field.value, cell.field.description, cell.button.description) == (FIRST, *cell.says[:2])


TEXTS = [
    "Bo Li met Ann in Oslo .",
    "  Bo   Li\tmet Ann ",
    "Bo Li\nmet\r\n\r\nAnn in Oslo",
    "Bo \N{WOMAN}\u200d\N{PERSONAL COMPUTER}\ufe0f\U0001f3fe in \U0001f1f3\U0001f1f4 Oslo",
    "서울에서 김민지 씨가 삼성전자를 떠났다.",
    "שלום Bo Li",
    "\ufe0f",
    "".join(WORDS),
    "a" * 10_000,
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_what_is_entered_is_shown_as_it_is_with_its_entities(classify, text):
    cell = Cell(classify, "en")
    html = cell.enter(text)
    assert text_of(html) == text
    assert marks(html) == spans(text, find_entities(classify, text))
    assert cell.after(cell.button.click) == html


def test_nothing_of_a_long_text_is_cut_off(classify):
    text = " ".join(["Bo Li lives in Oslo ."] * 50)
    html = Cell(classify, "en").enter(text)
    assert text_of(html) == text
    assert classify(text, aggregation_strategy="first")[-1]["end"] < len(text) / 2  # without windows
    assert html.rindex("<mark") > 0.9 * len(html)


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_field_gets_a_hint(cell, text):
    html = cell.enter(text)
    assert cell.says[2] in html
    assert marks(html) == []


def test_where_nothing_is_found_that_is_said(cell, monkeypatch):
    monkeypatch.setattr("helpers.going_further.inference.find_entities", lambda *_: [])
    html = cell.enter("Bo")
    assert text_of(html) == "Bo"
    assert cell.says[3] in html


@pytest.mark.slow
def test_a_page_shows_the_sentence_once_and_no_widget(tmp_path, folder):
    code = "from transformers import pipeline\nfrom helpers.notebook.try_it import try_it\n"
    code += f"try_it(pipeline('ner', model={str(folder)!r}, device='cpu'), {TYPES}, {FIRST!r})"
    notebook = new_notebook(cells=[new_code_cell(code)])
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    assert "widgets" in notebook.metadata
    nbformat.write(notebook, tmp_path / "a.ipynb")
    page = BeautifulSoup(render_html(tmp_path / "a.ipynb", tmp_path, "en").read_text(), "html.parser")
    output = page.select(".output_subarea")[-1]
    assert text_of(str(output)) == FIRST
    assert "HBox(" not in page.text
