"""Make slides of the lesson from its runs on the sample, one file a language: `make slides`."""

import argparse
import base64
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from itertools import zip_longest
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup
from jinja2 import StrictUndefined, Template
from nbconvert import SlidesExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from pygments.formatters import HtmlFormatter

from helpers.disk.files import atomic_write_text
from helpers.notebook.language import LANGUAGES
from helpers.run.editions import RUNS, subfolder
from helpers.run.pages import WIDGET, split_sections

HERE = Path(__file__).resolve().parent
NOTEBOOKS = HERE.parent / "notebooks"
WIDTH, HEIGHT = 1280, 720  # of a slide, in pixels that a browser makes larger or smaller
ROOM = 810  # pixels: what is a little too high gets smaller, which is better than a slide with the rest
LETTERS = 90  # in a line of text; Korean ones are twice as wide
LINE, CODE_LINE, ROW, FIGURE = 46, 27, 38, 480  # how high these are, about
REVEAL = "sphinx_revealjs/_static/revealjs/dist"  # sphinx-revealjs is the package on PyPI that has all of reveal.js

HANGUL = re.compile("[가-힣]")
ROWS = re.compile("<(?:tr|p|pre|br)\\b")
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
RELATIVE_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:)[^)]*\)")
FRAME = ("[![", "<small>")  # begin a badge, and what says what the notebook is built from
START = """
const deck = new Reveal({width: %d, height: %d, margin: 0.04, center: false, hash: true, slideNumber: "c/t",
                         transition: "none"});
// What is higher than a slide after all gets smaller.
const fit = ({currentSlide: slide}) => {
  slide.style.zoom = 1;
  slide.style.zoom = Math.min(1, %d / slide.scrollHeight);
};
deck.on("slidechanged", fit);
deck.initialize().then(() => fit({currentSlide: deck.getCurrentSlide()}));
"""


def main() -> int:
    """Write the slides of an edition in each language; the exit status is 1 where something is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edition", default="pytorch", choices=("pytorch", "keras"))
    edition = parser.parse_args().edition
    try:
        for language in LANGUAGES:
            executed = RUNS / subfolder(language) / "sample" / f"{edition}.ipynb"
            print(f"Slides: {write_slides(executed, language)}")
    except (FileNotFoundError, PackageNotFoundError) as error:
        print(f"not there: {error}; run `make slides`", file=sys.stderr)
        return 1
    return 0


def write_slides(executed: Path, language: str) -> Path:
    """Write an executed notebook's slides beside it, as one file that needs nothing else, and name that."""
    cells = list(slides(nbformat.read(executed, as_version=4).cells))
    exporter = SlidesExporter(exclude_anchor_links=True, exclude_input_prompt=True, exclude_output_prompt=True)
    page, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    content = BeautifulSoup(page, "html.parser").select_one(".slides")
    for script in content("script"):
        script.decompose()
    for image in content.find_all("img", src=re.compile(r"\.svg$")):
        drawing = base64.b64encode((NOTEBOOKS / subfolder(language) / image["src"]).read_bytes()).decode()
        image["src"] = f"data:image/svg+xml;base64,{drawing}"
    reveal = Path(distribution("sphinx-revealjs").locate_file(REVEAL))
    scripts = [(reveal / "reveal.js").read_text("utf-8"), START % (WIDTH, HEIGHT, HEIGHT)]
    text = Template((HERE / "slides.html").read_text("utf-8"), undefined=StrictUndefined).render(
        language=language,
        title=content.h1.get_text(),
        styles=[(reveal / "reveal.css").read_text("utf-8"), HtmlFormatter().get_style_defs(".highlight")],
        slides=content.decode_contents(),
        scripts=scripts,
        digests=[base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts],
    )
    return atomic_write_text(executed.with_suffix(".slides.html"), text)


def slides(cells: Iterable[NotebookNode]) -> Iterator[NotebookNode]:
    """Turn the lesson's cells into those of its slides: each with the place that nbconvert gives it.

    A section is a column, and a text begins a slide, unless it follows another text. So does code or output that no
    longer fits below. The set-up, that is the section with the parameters, is left out, and so is what would be too
    small to read on a slide.
    """
    for section in split_sections(cells):
        if any("parameters" in cell.metadata.get("tags", []) for cell in section):
            continue
        room, kind, previous = 0, "slide", "code"
        for part in (part for cell, after in zip_longest(section, section[1:]) for part in parts(cell, after)):
            needed = height(part)
            if needed > 2 * ROOM:
                continue
            if needed > room or (previous, part.cell_type) == ("code", "markdown"):
                part.metadata["slideshow"] = {"slide_type": kind}
                room, kind = ROOM, "subslide"
            room, previous = room - needed, part.cell_type
            yield part


def parts(cell: NotebookNode, after: NotebookNode | None) -> Iterator[NotebookNode]:
    """Split a cell into what may stand on different slides: a text, or code and each of its outputs."""
    if cell.cell_type == "markdown":
        has_code = after is not None and after.cell_type == "code"
        if text := for_slide(cell.source, abridged=has_code):
            yield new_markdown_cell(text)
        return
    yield new_code_cell(cell.source)
    for output in cell.outputs:
        if WIDGET not in output.get("data", {}) and output.get("name") != "stderr":
            yield new_code_cell(outputs=[output], metadata={"transient": {"remove_source": True}})


def for_slide(source: str, abridged: bool) -> str:
    """Drop badges and links to other notebooks from a text; abridged, paragraphs keep two sentences."""
    blocks = [block for block in source.split("\n\n") if not block.startswith(FRAME) and " · " not in block]
    if abridged:
        blocks = ["\n".join(map(first_sentences, block.split("\n"))) for block in blocks]
    return RELATIVE_LINK.sub(r"\1", "\n\n".join(blocks)).strip()


def first_sentences(line: str) -> str:
    """Keep two sentences of a paragraph or list item, and headings, rows of tables and images as they are."""
    return line if line.startswith(("|", "#", "!")) else " ".join(SENTENCE_END.split(line)[:2])


def height(part: NotebookNode) -> int:
    """Estimate how high a part is on a slide, in pixels."""
    if part.cell_type == "markdown":
        lines = [line for line in part.source.splitlines() if line]
        rows = [-(-(len(line) + len(HANGUL.findall(line))) // LETTERS) for line in lines if not line.startswith("!")]
        return LINE * sum(rows) + FIGURE * ("![" in part.source)
    if not part.outputs:
        return CODE_LINE * (len(part.source.splitlines()) + 1)
    data = part.outputs[0].get("data", {"text/plain": part.outputs[0].get("text", "")})
    if "image/png" in data:
        return FIGURE
    if "text/html" in data:
        return ROW * len(ROWS.findall(data["text/html"]))
    text = data.get("text/markdown", data.get("text/plain", ""))
    return CODE_LINE * sum(1 + len(line) // 100 for line in text.splitlines())


if __name__ == "__main__":
    sys.exit(main())
