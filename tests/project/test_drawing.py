"""The lesson's drawing of the model."""

import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest
from transformers import AutoTokenizer

from helpers.alignment import align_labels
from helpers.checkpoints.find import resolve_checkpoint

ROOT = Path(__file__).parents[2]
TOOL = runpy.run_path(str(ROOT / "tools" / "draw_model.py"))
SVG = "{http://www.w3.org/2000/svg}"


def luminance(colour):
    """WCAG 2's relative luminance."""
    if len(colour) == 4:
        colour = "#" + "".join(2 * digit for digit in colour[1:])
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("path", TOOL["TEXTS"])
def test_the_drawing_is_what_the_tool_writes_and_its_texts_stand_out(path):
    written = (ROOT / path).read_text("utf-8")
    assert written == TOOL["draw"](TOOL["TEXTS"][path])
    texts, boxes = 0, []
    for element in ElementTree.fromstring(written).iter():
        if element.tag == SVG + "rect":
            x, y, width, height = (float(element.get(name)) for name in ("x", "y", "width", "height"))
            boxes.append((x, y, x + width, y + height, element.get("fill")))
        if element.tag == SVG + "text":
            x, y = float(element.get("x")), float(element.get("y"))
            ground = [box[4] for box in boxes if box[0] <= x <= box[2] and box[1] <= y <= box[3]][-1]  # the topmost
            dark, light = sorted([luminance(element.get("fill")), luminance(ground)])
            assert (light + 0.05) / (dark + 0.05) >= 4.5, element.text
            texts += 1
    assert texts > 40


def test_the_example_is_split_and_labelled_as_drawn():
    words, subwords, labels = zip(*TOOL["WORDS"], strict=True)
    encoding = AutoTokenizer.from_pretrained(resolve_checkpoint("bundled"))(list(words), is_split_into_words=True)
    assert encoding.tokens() == ["[CLS]", *sum(subwords, ()), "[SEP]"] == [column[0] for column in TOOL["COLUMNS"]]
    aligned = align_labels(encoding.word_ids(), list(labels))
    assert [str(label) for label in aligned] == [column[1] for column in TOOL["COLUMNS"]]
    assert encoding.tokens()[TOOL["FOCUS"]] == "st"
