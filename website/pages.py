"""Make pages for Sphinx of notebooks and of a report."""

import posixpath
import re
from pathlib import Path

import nbformat
import nh3
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from helpers.notebook.editions import EDITIONS
from helpers.notebook.language import LANGUAGES
from helpers.run.pages import WIDGET, split_sections

# The best first. Whatever else cells put out could run code.
SHOWN = ("image/png", "text/html", "text/markdown", "text/plain")
ALLOWED_TAGS = nh3.ALLOWED_TAGS | {"progress", "section"}
ALLOWED_ATTRIBUTES = nh3.ALLOWED_ATTRIBUTES | {
    "*": {"class", "style"},
    "progress": {"max", "value"},
    "details": {"open"},
}
# Of Markdown, to a file of the project
LINK = re.compile(r"(?P<text>!?\[[^\]]*\])\((?P<target>[^)\s:#]+)\)")
EDITION = re.compile(r"token_classification_(\w+)$")
OTHER_LANGUAGE = re.compile(r"^(ko/|\.\./)")  # its notebooks, seen from the folder of a language
LEXER = {"name": "python", "pygments_lexer": "ipython3"}  # knows cells with shell commands
PAGE = """\
---
hide-toc: true
---
# {title}

```{{raw}} html
:file: {name}.html
```
"""


def write_edition(path: Path, folder: Path, edition: str, language: str) -> None:
    """Write an edition of the lesson as pages: ``<edition>.ipynb``, and ``<edition>/01.ipynb`` and on, one a section.

    Parameters
    ----------
    path : Path
        The notebook, executed or not.
    folder : Path
        Of Sphinx's sources.
    edition : str
        One of `EDITIONS`.
    language : {"en", "ko"}
        What the notebook is written in.
    """
    place = f"token_classification_{edition}.ipynb"
    start, *sections = split_sections(nbformat.read(path, as_version=4).cells)
    names = [f"{edition}/{number:02}" for number in range(1, len(sections) + 1)]
    titles = [section[0].source.splitlines()[0].strip("# ") for section in sections]
    for section in sections:
        for cell in section:
            if cell.cell_type == "markdown":  # a section's title is its page's
                cell.source = re.sub("^##", "#", cell.source, flags=re.MULTILINE)
    contents = "\n".join(f"{title} <{name}>" for title, name in zip(titles, names, strict=True))
    start.append(nbformat.v4.new_markdown_cell(f"```{{toctree}}\n{contents}\n```"))
    for name, cells in zip([edition, *names], [start, *sections], strict=True):
        _write_page(cells, folder / f"{name}.ipynb", name, place, language, EDITIONS[edition])


def write_notebook(path: Path, folder: Path, place: str, language: str) -> None:
    """Write a chapter or the exercises as one page.

    Parameters
    ----------
    path : Path
        The notebook.
    folder : Path
        Of Sphinx's sources.
    place : str
        The notebook's path in the folder of its language, such as ``going_further/share.ipynb``, and the page's.
    language : {"en", "ko"}
        What the notebook is written in.
    """
    name = place.removesuffix(".ipynb")
    edition = next((title for edition, title in EDITIONS.items() if name.endswith(f"_{edition}")), "")
    _write_page(nbformat.read(path, as_version=4).cells, folder / place, name, place, language, edition)


def _write_page(cells: list[NotebookNode], path: Path, name: str, place: str, language: str, edition: str) -> None:
    page = nbformat.v4.new_notebook(cells=[_for_page(cell, name, place, language) for cell in cells])
    page.metadata.language_info = LEXER
    if edition:  # a search lists pages by their titles, and each section stands in all editions
        page.cells[0].source = re.sub(r"\A# (.*)", rf"# \1 · {edition}", page.cells[0].source)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(page, path)


def _for_page(cell: NotebookNode, name: str, place: str, language: str) -> NotebookNode:
    if cell.cell_type == "markdown":
        cell.source = LINK.sub(
            lambda link: _page_link(link["text"], link["target"], name, place, language), cell.source
        )
    elif cell.cell_type == "code":
        cell.outputs = [_for_reading(output) for output in cell.outputs if _is_shown(output)]
        texts = [output.metadata.get("image/png", {}).get("alt") for output in cell.outputs if "metadata" in output]
        cell.metadata["mystnb"] = {"image": {"alt": next(filter(None, texts), "")}}
    return cell


def _page_link(text: str, target: str, name: str, place: str, language: str) -> str:
    """Let a link of the notebook at a place lead on from the page with a name."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(place), target))
    if not target.endswith(".ipynb"):
        return f"{text}(/{target})"  # an image
    page = EDITION.sub(r"\1", OTHER_LANGUAGE.sub("", target).removesuffix(".ipynb"))
    if OTHER_LANGUAGE.match(target):
        # As HTML, since the other language is a site of its own, whose pages Sphinx does not know.
        up = "../" * name.count("/") + way_to_other(language)
        return f'<a href="{up}{page}.html">{text[1:-1]}</a>'
    return f"{text}(/{page}.ipynb)"


def way_to_other(language: str) -> str:
    """Give the relative address of the other language's pages, from the start page of this one's."""
    (other,) = set(LANGUAGES) - {language}
    return f"{other}/" if language == "en" else "../"


def _is_shown(output: NotebookNode) -> bool:
    # A progress bar has a text too, but is shown by a library from the web.
    return "data" not in output or (WIDGET not in output.data and any(kind in output.data for kind in SHOWN))


def _for_reading(output: NotebookNode) -> NotebookNode:
    if "data" in output:
        kind = next(kind for kind in SHOWN if kind in output.data)
        content = output.data[kind]
        if kind == "text/markdown":
            kind, content = "text/html", _rendered(content)
        output.data = {kind: clean(content) if kind == "text/html" else content}
    return output


def _rendered(markdown: str) -> str:
    """Render what a helper shows as Markdown; HTML in it stays text."""

    def coloured(code: str, language: str, _: str) -> str:
        # without a result it stays as it is
        return highlight(code, PythonLexer(), HtmlFormatter(nowrap=True)) if language == "python" else ""

    return f'<div class="highlight">{MarkdownIt("js-default", {"highlight": coloured}).render(markdown)}</div>'


def clean(html: str) -> str:
    """Take out of HTML what does more than show something: scripts, handlers, frames, forms, styles for other parts."""
    return nh3.clean(html, tags=ALLOWED_TAGS, attributes=ALLOWED_ATTRIBUTES)


def write_report(report: Path, folder: Path, name: str) -> None:
    """Write a report as the page ``<name>.md``.

    Parameters
    ----------
    report : Path
        As `helpers.run.pages` writes it. Its links and pictures are relative to the start page.
    folder : Path
        Of Sphinx's sources.
    name : str
    """
    page = BeautifulSoup(report.read_text(encoding="utf-8"), "html.parser")
    title = page.main.h1.extract().text
    html = f'<div class="report">{clean(page.main.decode_contents())}</div>'
    (folder / f"{name}.html").write_text(html, encoding="utf-8")
    (folder / f"{name}.md").write_text(PAGE.format(title=title, name=name), encoding="utf-8")
