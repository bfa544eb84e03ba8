"""An executed notebook as an HTML page."""

import base64
import mimetypes
import os
import re
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup, Doctype, NavigableString, Tag
from bs4.element import PreformattedString
from nbconvert import HTMLExporter

# nbconvert's template sets code that stands in an output in the font of the text.
CODE_STYLE = "<style>.highlight pre { font: .85em/1.4 var(--jp-code-font-family, monospace); margin: 1em 0 }</style>"
# Nothing on the page runs, fetches or sends anything, whatever a cell has put out.
POLICY = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;
 style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'">"""
WIDGET = "application/vnd.jupyter.widget-view+json"


def render_html(executed: Path, notebooks: Path, language: str) -> Path:
    """Render an executed notebook beside itself, as one file that needs nothing else.

    Progress bars are left out: they are JavaScript widgets, which a page can only show with a library from the web.

    Parameters
    ----------
    executed : Path
        The executed notebook.
    notebooks : Path
        The folder of the notebook it was made from, to which its links to pictures are relative.
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
    page, _ = HTMLExporter(language_code=language).from_notebook_node(
        notebook, resources={"metadata": {"name": executed.stem}}
    )
    soup = BeautifulSoup(page, "html.parser")
    # Not with nbconvert's embed_images, which closes a <details> before what is folded into it.
    for image in soup.find_all("img", src=re.compile("^(?!data:)")):
        if _is_image_within(notebooks, image["src"]):
            image["src"] = _data_url(notebooks / image["src"])
    for element in soup.find_all(_acts):
        element.decompose()
    for text in soup.find_all(string=_ends_elsewhere_in_browsers):
        text.extract()
    soup.head.insert(0, BeautifulSoup(POLICY, "html.parser"))
    soup.head.append(BeautifulSoup(CODE_STYLE, "html.parser"))
    path = executed.with_suffix(".html")
    path.write_text(str(soup), encoding="utf-8")
    return path


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
    path = folder / name
    media_type, _ = mimetypes.guess_type(name)
    # os.path, as pathlib raises for names that the file system cannot take
    is_image = os.path.isfile(path) and (media_type or "").startswith("image/")
    return is_image and path.resolve().is_relative_to(folder.resolve())


def _data_url(image: Path) -> str:
    media_type, _ = mimetypes.guess_type(image.name)
    return f"data:{media_type};base64,{base64.b64encode(image.read_bytes()).decode()}"
