"""The lesson's drawing of the model."""

import runpy
from xml.etree import ElementTree

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from support.browsing import contrast
from support.editions import ROOT
from transformers import AutoTokenizer

from helpers.alignment import align_labels
from helpers.checkpoints.find import resolve_checkpoint

TOOL = runpy.run_path(str(ROOT / "tools" / "draw_model.py"))
SVG = "{http://www.w3.org/2000/svg}"


def texts_on_boxes(path):
    """Each text with the box that it stands on: left, top, right, bottom, colour."""
    boxes = []
    for element in ElementTree.parse(ROOT / path).iter():
        if element.tag == SVG + "rect":
            x, y, width, height = (float(element.get(name)) for name in ("x", "y", "width", "height"))
            boxes.append((x, y, x + width, y + height, element.get("fill")))
        if element.tag == SVG + "text":
            x, y = float(element.get("x")), float(element.get("y"))
            yield element, [box for box in boxes if box[0] <= x <= box[2] and box[1] <= y <= box[3]][-1]  # the topmost


@pytest.mark.parametrize("path", TOOL["TEXTS"])
def test_the_drawing_is_what_the_tool_writes_and_its_texts_stand_out(path):
    assert (ROOT / path).read_text("utf-8") == TOOL["draw"](TOOL["TEXTS"][path])
    texts = list(texts_on_boxes(path))
    assert len(texts) == 7 * 2 + 3 + 8 * 2 + 5 + 2  # rows, layers, columns, words, "added"
    for text, box in texts:
        assert contrast(text.get("fill"), box[4]) >= 4.5, text.text


def test_the_texts_fit_even_in_a_wide_font():
    for text, (left, _, right, _, _) in texts_on_boxes("notebooks/images/model.svg"):
        font = FontProperties(family="DejaVu Sans", weight=text.get("font-weight"))
        width = TextPath((0, 0), text.text, size=float(text.get("font-size")), prop=font).get_extents().width
        x = float(text.get("x"))
        start = x - width / 2 if text.get("text-anchor") else x
        end = TOOL["LEFT"] if x < TOOL["LEFT"] else right  # names of rows stop where the columns begin
        assert left + 2 <= start and start + width <= end - 2, text.text


def test_both_languages_have_the_same_structure():
    drawings = [ElementTree.parse(ROOT / path).iter() for path in TOOL["TEXTS"]]
    english, korean = ([(element.tag, element.attrib) for element in drawing] for drawing in drawings)
    assert english == korean


def test_the_example_is_split_and_labelled_as_drawn():
    words, subwords, labels = zip(*TOOL["WORDS"], strict=True)
    encoding = AutoTokenizer.from_pretrained(resolve_checkpoint("bundled"))(list(words), is_split_into_words=True)
    assert encoding.tokens() == ["[CLS]", *sum(subwords, ()), "[SEP]"] == [column[0] for column in TOOL["COLUMNS"]]
    aligned = align_labels(encoding.word_ids(), list(labels))
    assert [str(label) for label in aligned] == [column[1] for column in TOOL["COLUMNS"]]
    assert encoding.tokens()[TOOL["FOCUS"]] == "kam"
