"""The field for sentences of the reader's own, in a kernel that gets the messages which JupyterLab would send."""

import re
from html import unescape

import nbformat
import pytest
from bs4 import BeautifulSoup
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from support.hostile import WORDS
from support.trained_models import save_model
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

from helpers.inference import find_entities
from helpers.run.pages import render_html

TYPES = ["location", "person"]
FIRST = "Bo Li  moved\tto Oslo ."
WIDGET = "application/vnd.jupyter.widget-view+json"
CODE = """
import os
os.environ["USE_TF"] = "0"
from transformers import pipeline
from helpers.notebook.language import use_language
from helpers.notebook.startup import quieten_transformers
from helpers.notebook.try_it import try_it
use_language({language!r})
quieten_transformers()
classify = pipeline("ner", model={folder!r}, device="cpu")
try_it(classify, {types!r}, {first!r})
"""
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


class Cell:
    """A cell with the field, in a running kernel: what it shows, and its widgets by their class."""

    def __init__(self, client, code):
        self.client = client
        messages = self._until_idle(client.execute(code))
        opened = [message["content"] for message in messages if message["msg_type"] == "comm_open"]
        self.comms = {content["data"]["state"]["_model_name"]: content for content in opened}
        self.displays = [message["content"] for message in messages if message["msg_type"] == "display_data"]

    def enter(self, text):
        return self._sent("TextModel", {"method": "update", "state": {"value": text}})

    def click(self):
        return self._sent("ButtonModel", {"method": "custom", "content": {"event": "click"}})

    def state(self, widget):
        return self.comms[widget]["data"]["state"]

    def _sent(self, widget, data):
        """Send what the browser would send, and list the HTML that takes the place of what was shown at first."""
        message = self.client.session.msg("comm_msg", {"comm_id": self.comms[widget]["comm_id"], "data": data})
        self.client.shell_channel.send(message)
        answers = self._until_idle(message["header"]["msg_id"])
        assert not [answer for answer in answers if answer["msg_type"] in ("error", "stream", "display_data")]
        updates = [answer["content"] for answer in answers if answer["msg_type"] == "update_display_data"]
        assert {str(update["transient"]) for update in updates} == {str(self.displays[-1]["transient"])}
        return [update["data"]["text/html"] for update in updates]

    def _until_idle(self, request):
        messages = []
        while not messages or messages[-1]["content"].get("execution_state") != "idle":
            message = self.client.get_iopub_msg(timeout=300)
            if message["parent_header"].get("msg_id") == request:
                messages.append(message)
        return messages


@pytest.fixture(scope="module")
def client():
    manager, client = start_new_kernel(kernel_name="python3")
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module", params=["en", "ko"])
def cell(request, client, folder):
    cell = Cell(client, CODE.format(language=request.param, folder=str(folder), types=TYPES, first=FIRST))
    cell.says = SAYS[request.param]
    return cell


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
    widget, shown = (display["data"] for display in cell.displays)
    assert WIDGET in widget
    assert "text/html" not in widget
    assert WIDGET not in shown
    assert text_of(shown["text/html"]) == FIRST
    assert marks(shown["text/html"]) == spans(FIRST, classify(FIRST, aggregation_strategy="first")) != []
    assert cell.state("TextModel")["value"] == FIRST
    assert (cell.state("TextModel")["description"], cell.state("ButtonModel")["description"]) == cell.says[:2]


@pytest.mark.parametrize(
    "text",
    [
        "Bo Li met Ann in Oslo .",
        "  Bo   Li\tmet Ann ",
        "Bo Li\nmet\r\n\r\nAnn in Oslo",
        "Bo \N{WOMAN}\u200d\N{PERSONAL COMPUTER}\ufe0f\U0001f3fe in \U0001f1f3\U0001f1f4 Oslo",
        "서울에서 김민지 씨가 삼성전자를 떠났다.",
        "שלום Bo Li",
        "\ufe0f",
        "".join(WORDS),
        "a" * 10_000,
        " ".join(["Bo Li lives in Oslo ."] * 50),  # longer than three windows
    ],
)
def test_what_is_entered_is_shown_as_it_is_with_its_entities(cell, classify, text):
    (html,) = cell.enter(text)
    assert text_of(html) == text
    assert marks(html) == spans(text, find_entities(classify, text))
    assert cell.click() == [html]


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_field_gets_a_hint(cell, text):
    cell.enter("Bo")
    (html,) = cell.enter(text)
    assert cell.says[2] in html
    assert marks(html) == []


def test_where_nothing_is_found_that_is_said(cell):
    nothing = Cell(cell.client, f"classify.model.classifier.bias.data[0] += 1e6\ntry_it(classify, {TYPES}, 'Bo')")
    html = nothing.displays[-1]["data"]["text/html"]
    cell.client.execute("classify.model.classifier.bias.data[0] -= 1e6")
    assert text_of(html) == "Bo"
    assert cell.says[3] in html


def test_a_page_shows_the_sentence_once_and_no_widget(tmp_path, folder):
    code = CODE.format(language="en", folder=str(folder), types=TYPES, first=FIRST)
    notebook = new_notebook(cells=[new_code_cell(code)])
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    assert "widgets" in notebook.metadata
    nbformat.write(notebook, tmp_path / "a.ipynb")
    page = BeautifulSoup(render_html(tmp_path / "a.ipynb", tmp_path, "en").read_text(), "html.parser")
    (output,) = page.select(".output_subarea")
    assert text_of(str(output)) == FIRST
    assert "HBox(" not in page.text
