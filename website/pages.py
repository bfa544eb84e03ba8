"""Pages for Sphinx, made of an executed notebook or of a report."""

import re
from collections.abc import Iterable
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
from helpers.run.pages import WIDGET

# The best first. Whatever else cells put out could run code.
SHOWN = ("image/png", "text/html", "text/markdown", "text/plain")
ALLOWED_TAGS = nh3.ALLOWED_TAGS | {"progress", "section"}
ALLOWED_ATTRIBUTES = nh3.ALLOWED_ATTRIBUTES | {"*": {"class", "style"}, "progress": {"max", "value"}}
NOTEBOOK_LINK = re.compile(r"\[([^\]]*)\]\(([./\w]*)token_classification_(\w+)\.ipynb\)")
EXERCISE = "exercise"
PAGE = """\
---
hide-toc: true
---
# {title}

```{{raw}} html
:file: {name}.html
```
"""


def write_edition(executed: Path, folder: Path, framework: str, language: str) -> None:
    """Write an executed notebook as pages: ``<framework>.ipynb``, and ``<framework>/01.ipynb`` and on, one a section.

    The cells with gaps are left out, as nobody can fill them in on a page; the solutions stay, folded away.

    Parameters
    ----------
    executed : Path
        The notebook, as `helpers.run` leaves it.
    folder : Path
        Of Sphinx's sources.
    framework : {"pytorch", "tensorflow"}
    language : {"en", "ko"}
        What the notebook is written in.
    """
    notebook = nbformat.read(executed, as_version=4)
    start, *sections = _sections(cell for cell in notebook.cells if EXERCISE not in cell.metadata.get("tags", []))
    names = [f"{framework}/{number:02}" for number in range(1, len(sections) + 1)]
    titles = [section[0].source.splitlines()[0].strip("# ") for section in sections]
    contents = "\n".join(f"{title} <{name}>" for title, name in zip(titles, names, strict=True))
    start.append(nbformat.v4.new_markdown_cell(f"```{{toctree}}\n{contents}\n```"))
    (folder / framework).mkdir(parents=True)
    for name, cells in zip([framework, *names], [start, *sections], strict=True):
        page = nbformat.v4.new_notebook(cells=[_for_page(cell, language) for cell in cells])
        page.metadata.kernelspec = notebook.metadata.kernelspec
        page.metadata.language_info = notebook.metadata.language_info  # a lexer that knows cells with shell commands
        # A search lists pages by their titles, and each section stands in both editions.
        page.cells[0].source = re.sub(r"\A#+ (.*)", rf"# \1 · {EDITIONS[framework]}", page.cells[0].source)
        nbformat.write(page, folder / f"{name}.ipynb")


def _sections(cells: Iterable[NotebookNode]) -> list[list[NotebookNode]]:
    """Split cells before each that begins with a heading of the second level."""
    sections = [[]]
    for cell in cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            sections.append([])
        sections[-1].append(cell)
    return sections


def _for_page(cell: NotebookNode, language: str) -> NotebookNode:
    if cell.cell_type == "markdown":
        cell.source = re.sub("^##", "#", cell.source, flags=re.MULTILINE)  # a section's title is its page's
        cell.source = NOTEBOOK_LINK.sub(lambda link: _page_link(*link.groups(), language), cell.source)
    elif cell.cell_type == "code":
        cell.outputs = [_for_reading(output) for output in cell.outputs if _is_shown(output)]
        texts = [output.metadata.get("image/png", {}).get("alt") for output in cell.outputs if "metadata" in output]
        cell.metadata["mystnb"] = {"image": {"alt": next(filter(None, texts), "")}}
    return cell


def _page_link(text: str, folder: str, framework: str, language: str) -> str:
    if not folder:
        return f"[{text}]({framework}.ipynb)"
    # As HTML, since the other language is a site of its own, whose pages Sphinx does not know.
    return f'<a href="{way_to_other(language)}{framework}.html">{text}</a>'


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
    """Write a report as the page ``<name>.md``, in the report's own style.

    Parameters
    ----------
    report : Path
        As `helpers.run.report` writes it. Its links and pictures are relative to the start page.
    folder : Path
        Of Sphinx's sources.
    name : str
    """
    page = BeautifulSoup(report.read_text(encoding="utf-8"), "html.parser")
    title = page.body.h1.extract().text
    # Nested, so that it is for this part of the page alone.
    style = f"<style>.report {{ {page.style.string} }}</style>"
    html = f'{style}<div class="report">{clean(page.body.decode_contents())}</div>'
    (folder / f"{name}.html").write_text(html, encoding="utf-8")
    (folder / f"{name}.md").write_text(PAGE.format(title=title, name=name), encoding="utf-8")
