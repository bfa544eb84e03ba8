"""Put content into the frame of a run's pages."""

from importlib.resources import files

from bs4 import BeautifulSoup
from jinja2 import Environment
from pygments.formatters import HtmlFormatter

from helpers.notebook.language import translate

HERE = files("helpers.run")
STYLES = ("content.css", "page.css")  # the first one also for the site


def framed(content: BeautifulSoup, kind: str, pages: dict[str, str], images: str, language: str) -> str:
    """Make a page of its content: in the style of all pages, beside a list of its sections.

    Parameters
    ----------
    content : BeautifulSoup
        Its first ``h1`` is the title, and each ``h2`` that a cell hasn't put out begins a section.
    kind : {"notebook", "report"}
    pages : dict of str to str
        The titles of the pages beside this one, and where they are.
    images : str
        Where images may come from, for the Content Security Policy.
    language : {"en", "ko"}
        Of the content.

    Returns
    -------
    str
        HTML. What the frame says itself is in the language that `use_language` has chosen.
    """
    headings = [heading for heading in content.find_all("h2") if not heading.find_parent(class_="output_area")]
    for number, heading in enumerate(headings, start=1):
        heading.attrs.setdefault("id", f"section-{number}")
    return render(
        "page.html",
        title=content.h1.get_text() if content.h1 else kind,
        kind=kind,
        pages=list(pages.items()),
        images=images,
        style=_style(),
        sections=[(heading.get_text(), heading["id"]) for heading in headings],
        content=str(content),
        language=language,
    )


def render(template: str, **values) -> str:
    """Fill in a template of this package; texts in it are translated, and values escaped."""
    text = HERE.joinpath(template).read_text(encoding="utf-8")
    return Environment(autoescape=True).from_string(text).render(**values, _=translate)


def _style() -> str:
    light, dark = (HtmlFormatter(style=name, nobackground=True) for name in ("default", "github-dark"))
    parts = [HERE.joinpath(name).read_text(encoding="utf-8") for name in STYLES]
    code = light.get_style_defs(".highlight"), dark.get_style_defs(".highlight")
    return "\n".join([code[0], f"@media (prefers-color-scheme: dark) {{ {code[1]} }}", *parts])
