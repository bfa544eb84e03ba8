"""An executed notebook as an HTML page."""

import base64
import mimetypes
import re
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

# nbconvert's template sets code that stands in an output in the font of the text.
CODE_STYLE = "<style>.highlight pre { font: .85em/1.4 var(--jp-code-font-family, monospace); margin: 1em 0 }</style>"
# Nothing on the page runs or fetches anything, whatever a cell has put out.
POLICY = """<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:">"""
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
        if (notebooks / image["src"]).is_file():
            image["src"] = _data_url(notebooks / image["src"])
    for script in soup.find_all("script"):
        script.decompose()  # libraries from the web, which a page without widgets and formulas does not need
    soup.head.insert(0, BeautifulSoup(POLICY, "html.parser"))
    soup.head.append(BeautifulSoup(CODE_STYLE, "html.parser"))
    path = executed.with_suffix(".html")
    path.write_text(str(soup), encoding="utf-8")
    return path


def _data_url(image: Path) -> str:
    media_type, _ = mimetypes.guess_type(image.name)
    return f"data:{media_type};base64,{base64.b64encode(image.read_bytes()).decode()}"
