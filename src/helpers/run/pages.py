"""Render an executed notebook as an HTML page."""

import base64
import mimetypes
import os
import posixpath
import re
from importlib.metadata import metadata
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from bs4 import BeautifulSoup, Doctype, NavigableString, Tag
from bs4.element import PreformattedString
from nbconvert import HTMLExporter

from helpers.files import written_whole
from helpers.notebook.editions import EDITIONS
from helpers.notebook.language import translate
from helpers.run.frame import framed

WIDGET = "application/vnd.jupyter.widget-view+json"
EDITION_LINK = re.compile(r"token_classification_(\w+)\.ipynb")


def render_html(executed: Path, notebooks: Path, language: str) -> Path:
    """Render an executed notebook beside itself, as one file that needs nothing else.

    Progress bars are left out: they are JavaScript widgets, which a page can only show with a library from the web.
    Links lead to the pages beside this one, and to GitHub for what has none.

    Parameters
    ----------
    executed : Path
        The executed notebook.
    notebooks : Path
        The folder of the notebook it was made from, to which its links are relative.
    language : {"en", "ko"}
        What the notebook is written in.

    Returns
    -------
    Path
        The page.
    """
    notebook = nbformat.read(executed, as_version=4)
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
    exporter = HTMLExporter(
        template_name="basic",  # the content alone, without JupyterLab's style
        exclude_anchor_links=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    content, _ = exporter.from_notebook_node(notebook)
    soup = BeautifulSoup(content, "html.parser")
    # Not with nbconvert's embed_images, which closes a <details> before what is folded into it.
    for image in soup.find_all("img", src=re.compile("^(?!data:)")):
        if _is_image_within(notebooks, image["src"]):
            image["src"] = _data_url(notebooks / image["src"])
    for link in soup.find_all("a", href=_is_relative):
        _lead_somewhere(link, executed, notebooks, language)
    for element in soup.find_all(_acts):
        element.decompose()
    for text in soup.find_all(string=_ends_elsewhere_in_browsers):
        text.extract()
    path = executed.with_suffix(".html")
    with written_whole(path) as unfinished:
        page = framed(soup, "notebook", _pages_beside(executed), "data:", language)
        unfinished.write_text(page, encoding="utf-8")
    return path


def on_github(link: str, language: str) -> str:
    """Give the address of what a link leads to, as it stands in a notebook of a language's own folder."""
    folder = "notebooks" if language == "en" else f"notebooks/{language}"
    addresses = metadata("token-classification-tutorial").get_all("Project-URL")
    (repository,) = (address.split(", ")[1] for address in addresses if address.startswith("Repository, "))
    return f"{repository}/blob/main/{posixpath.normpath(f'{folder}/{link}')}"


def _is_relative(link: str | None) -> bool:
    return bool(link) and not link.startswith("#") and not urlsplit(link).scheme


def _lead_somewhere(link: Tag, executed: Path, notebooks: Path, language: str) -> None:
    """Let a link lead to the page beside this one, or else to GitHub, or make it a mere text."""
    edition = EDITION_LINK.fullmatch(link["href"])
    if edition and edition[1] in _editions_beside(executed):
        link["href"] = f"{edition[1]}.html"
    elif _is_file_within(notebooks.resolve().parent, notebooks / link["href"]):
        link["href"] = on_github(link["href"], language)
    else:
        link.unwrap()


def _pages_beside(executed: Path) -> dict[str, str]:
    """List the other pages of a run."""
    report = {translate("Results side by side"): "report.html"} if executed.with_name("report.html").exists() else {}
    return report | {EDITIONS[edition]: f"{edition}.html" for edition in _editions_beside(executed)}


def _editions_beside(executed: Path) -> list[str]:
    """List the other editions of a run: those with a notebook, as each of these has or gets a page."""
    others = [edition for edition in EDITIONS if edition != executed.stem]
    return [edition for edition in others if executed.with_name(f"{edition}.ipynb").exists()]


def _acts(element: Tag) -> bool:
    """Tell whether an element does more than show something, or could do so in a browser."""
    if element.name == "script":
        return True  # a library from the web, which a page without widgets and formulas does not need
    if element.name == "style":
        return "<" in element.text  # browsers may see a tag there
    return element.has_attr("http-equiv")  # such as what leads to another page, which no policy forbids


def _ends_elsewhere_in_browsers(text: NavigableString) -> bool:
    """Tell comments and the like, after which browsers may see a tag."""
    return isinstance(text, PreformattedString) and not isinstance(text, Doctype)


def _is_image_within(folder: Path, name: str) -> bool:
    """Tell whether a name means an image of a folder, and not a file elsewhere that a cell put onto the page."""
    media_type, _ = mimetypes.guess_type(name)
    return (media_type or "").startswith("image/") and _is_file_within(folder, folder / name)


def _is_file_within(folder: Path, path: Path) -> bool:
    # os.path, as pathlib raises for names that the file system cannot take
    return os.path.isfile(path) and path.resolve().is_relative_to(folder.resolve())


def _data_url(image: Path) -> str:
    media_type, _ = mimetypes.guess_type(image.name)
    return f"data:{media_type};base64,{base64.b64encode(image.read_bytes()).decode()}"
