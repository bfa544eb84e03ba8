"""Write a run's pages: executed notebooks, and a report with their results side by side."""

import base64
import mimetypes
import os
import posixpath
import re
from collections.abc import Callable, Iterable
from importlib.metadata import metadata
from importlib.resources import files
from pathlib import Path

import nbformat
import pandas as pd
from bs4 import BeautifulSoup, Doctype, Tag
from bs4.element import PreformattedString
from jinja2 import Environment
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from helpers.disk.files import atomic_write_text
from helpers.notebook.editions import EDITIONS
from helpers.notebook.language import current_language, translate
from helpers.notebook.results import results_table

HERE = files("helpers.run")
STYLES = ("content.css", "page.css")  # the first one also for the site
WIDGET = "application/vnd.jupyter.widget-view+json"
IMAGES = "'self' file: data:"  # where those of a report may come from
EDITION_LINK = re.compile(r"token_classification_(\w+)\.ipynb")


def render_html(executed: Path, notebooks: Path, language: str) -> Path:
    """Render an executed notebook beside itself, as one file that needs nothing else, and name that.

    Progress bars, which are JavaScript widgets, are left out. Links, relative to the folder ``notebooks``, lead to the
    pages beside this one, and to GitHub for what has none.
    """
    notebook = nbformat.read(executed, as_version=4)
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
    excluded = dict.fromkeys(("exclude_anchor_links", "exclude_input_prompt", "exclude_output_prompt"), True)
    exporter = HTMLExporter(template_name="basic", **excluded)  # the content alone, without JupyterLab's style
    soup = BeautifulSoup(exporter.from_notebook_node(notebook)[0], "html.parser")
    # Not with nbconvert's embed_images, which closes a <details> before what is folded into it.
    for image in soup.find_all("img", src=re.compile("^(?!data:)")):
        media_type = mimetypes.guess_type(image["src"])[0] or ""
        if media_type.startswith("image/") and _is_file_within(notebooks, notebooks / image["src"]):
            content = base64.b64encode((notebooks / image["src"]).read_bytes()).decode()
            image["src"] = f"data:{media_type};base64,{content}"
    others = [edition for edition in EDITIONS if edition != executed.stem]
    others = [edition for edition in others if executed.with_name(f"{edition}.ipynb").exists()]  # which get pages, too
    for link in soup.find_all("a", href=lambda address: address and not re.match(r"#|[\w+.-]+:", address)):
        edition = EDITION_LINK.fullmatch(link["href"])
        if edition and edition[1] in others:
            link["href"] = f"{edition[1]}.html"
        elif _is_file_within(notebooks.resolve().parent, notebooks / link["href"]):
            link["href"] = _on_github(link["href"], language)
        else:
            link.unwrap()
    _remove_what_acts(soup)
    pages = {translate("Results side by side"): "report.html"} if executed.with_name("report.html").exists() else {}
    pages |= {EDITIONS[edition]: f"{edition}.html" for edition in others}
    return atomic_write_text(executed.with_suffix(".html"), frame_page(soup, "notebook", pages, "data:", language))


def split_sections(cells: Iterable[NotebookNode]) -> list[list[NotebookNode]]:
    """Split cells before each that begins with a heading of the second level."""
    sections = [[]]
    for cell in cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            sections.append([])
        sections[-1].append(cell)
    return sections


def _is_file_within(folder: Path, path: Path) -> bool:
    # os.path, as pathlib raises for names that the file system cannot take
    return os.path.isfile(path) and path.resolve().is_relative_to(folder.resolve())


def _on_github(link: str, language: str) -> str:
    """Give the address of what a link leads to, as it stands in a notebook of a language's own folder."""
    folder = "notebooks" if language == "en" else f"notebooks/{language}"
    addresses = metadata("token-classification-tutorial").get_all("Project-URL")
    (repository,) = (address.split(", ")[1] for address in addresses if address.startswith("Repository, "))
    return f"{repository}/blob/main/{posixpath.normpath(f'{folder}/{link}')}"


def _remove_what_acts(soup: BeautifulSoup) -> None:
    """Remove what does more than show something, or could do so in a browser."""

    def acts(element: Tag) -> bool:
        # Libraries from the web; what leads to another page, which no policy forbids; styles that may hold a tag.
        tag_in_style = element.name == "style" and "<" in element.text
        return element.name == "script" or element.has_attr("http-equiv") or tag_in_style

    for element in soup.find_all(acts):
        element.decompose()
    for text in soup.find_all(string=lambda text: isinstance(text, PreformattedString)):
        if not isinstance(text, Doctype):  # comments and the like, after which browsers may see a tag
            text.extract()


def write_report(runs: list[dict], folder: Path) -> Path:
    """Write report.html, of the results of runs into this folder as `read_results` gives them, and name it."""
    table = results_table(runs).drop(columns=["dataset", "model", "epochs"]).to_dict("index")
    titles = {run["edition"]: EDITIONS[run["edition"]] for run in runs}
    language = current_language()
    content = _render(
        "report.html",
        titles=titles,
        lowest_f1=min(run["test"]["f1"] for run in runs),
        model=f"{(folder / runs[0]['edition']).as_posix()}/model",
        own_data=_on_github("going_further/own_data.ipynb", language),
        settings=_side_by_side(runs, _settings),
        results=_side_by_side(runs, lambda run: table[run["edition"]]),
        types=_side_by_side(runs, lambda run: {k: v["f1"] for k, v in run["test"]["per_type"].items()}),
        errors=_side_by_side(runs, lambda run: run["errors"]),
        versions=_side_by_side(runs, lambda run: run["versions"]),
    )
    pages = {title: f"{edition}.html" for edition, title in titles.items()}
    soup = BeautifulSoup(content, "html.parser")
    return atomic_write_text(folder / "report.html", frame_page(soup, "report", pages, IMAGES, language))


def _settings(run: dict) -> dict:
    sentences = ", ".join(f"{split} {count}" for split, count in run["dataset"]["sentences"].items())
    chosen = {name: str(value) for name, value in run["parameters"].items() if value != "" and name != "output_dir"}
    return chosen | {"sentences": sentences}


def _side_by_side(runs: list[dict], part: Callable[[dict], dict]) -> str:
    # dtype object, since a column holds counts and scores
    columns = {EDITIONS[run["edition"]]: pd.Series(part(run), dtype=object) for run in runs}
    return pd.DataFrame(columns).to_html(border=0, na_rep="-", float_format="{:,.3f}".format)


def frame_page(content: BeautifulSoup, kind: str, pages: dict[str, str], images: str, language: str) -> str:
    """Put content into the frame of all pages: its first ``h1`` is the title, and each ``h2`` begins a section.

    ``pages`` are others' titles and addresses; ``images`` says where images may come from (Content Security Policy).
    """
    headings = [heading for heading in content.find_all("h2") if not heading.find_parent(class_="output_area")]
    for number, heading in enumerate(headings, start=1):
        heading.attrs.setdefault("id", f"section-{number}")
    light, dark = (HtmlFormatter(style=name, nobackground=True) for name in ("default", "github-dark"))
    dark_code = f"@media (prefers-color-scheme: dark) {{ {dark.get_style_defs('.highlight')} }}"
    styles = [light.get_style_defs(".highlight"), dark_code, *map(_read, STYLES)]
    return _render(
        "page.html",
        title=content.h1.get_text() if content.h1 else kind,
        kind=kind,
        pages=list(pages.items()),
        images=images,
        style="\n".join(styles),
        sections=[(heading.get_text(), heading["id"]) for heading in headings],
        content=str(content),
        language=language,
    )


def _render(template: str, **values) -> str:
    """Fill in a template of this package; texts in it are translated, and values escaped."""
    return Environment(autoescape=True).from_string(_read(template)).render(**values, _=translate)


def _read(name: str) -> str:
    return HERE.joinpath(name).read_text(encoding="utf-8")
