"""Build what is built: the notebooks, the table of their sections, Korean pages, and the catalogues of translations.

There is a notebook for each framework, in each language, with gaps for the learner to fill in and solved.
"""

import argparse
import hashlib
import os
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import jupytext
import nbformat
from nbformat import NotebookNode
from packaging.requirements import Requirement

import catalogue
from gaps import make_gaps
from sections import sections_table
from translation import Lookup, helper_messages, messages, template_messages, translate_code, translate_markdown

SOURCE = Path(__file__).with_name("token_classification.md")
CATALOGUE = SOURCE.with_name("ko.po")
ROOT = SOURCE.parent.parent.parent
KOREAN_PAGES = {  # by what they are built from
    ROOT / "README.md": ROOT / "README.ko.md",
    ROOT / "website" / "index.md": ROOT / "website" / "index.ko.md",
}
HELPERS = ROOT / "src" / "helpers"
HELPERS_CATALOGUE = HELPERS / "notebook" / "ko.po"
SECTIONS = HELPERS / "notebook" / "sections.json"

FRAMEWORKS = ("pytorch", "tensorflow")
LANGUAGES = ("en", "ko")
TRANSLATE = {"markdown": translate_markdown, "code": translate_code}
NEW_CELL = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}

EXERCISE = "exercise"  # the tag of a cell that holds a solution
SOLUTION = "Solution"
FOLDED = "<details>\n<summary>{summary}</summary>\n\n```python\n{code}\n```\n\n</details>"

LINK = re.compile(r"(?<=\]\()[^)\s]+|(?<=\]: )\S+")
# Where Colab opens a repository's files, and where GitHub Pages puts its site.
COLAB = "https://colab.research.google.com/github/{owner}/{name}/blob/main/"
SITE = "https://{owner}.github.io/{name}/"
# What a link of a page leads to, and where the translated link leads instead.
LOCALISED_LINKS = {
    "README.ko.md": "README.md",
    "notebooks/token_classification_": "notebooks/ko/token_classification_",
    "docs/images/": "docs/images/ko/",
}
NOTICE = "<!-- make notebooks builds this from {name} and its translation in notebooks/source/ko.po. -->\n\n"


class Edition(NamedTuple):
    """One notebook: its framework, its language, and whether the exercises are solved."""

    framework: str
    language: str
    solved: bool = False

    @property
    def path(self) -> Path:
        """Where the notebook lies, from the project's folder."""
        folder = Path("notebooks") if self.language == "en" else Path("notebooks", self.language)
        return folder / f"token_classification_{self.framework}{'_solved' if self.solved else ''}.ipynb"


def main() -> int:
    """Write what is built; with ``--check`` write nothing, and exit with 1 where a file is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is out of date")
    check = parser.parse_args().check
    files = built_files()
    stale = {path: text for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text}
    if check and stale:
        names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
        print(f"out of date: {names}; run `make notebooks`", file=sys.stderr)
        return 1
    write_all(stale)
    return 0


def built_files() -> dict[Path, str]:
    """Build everything: the text of each file, by its path."""
    source = jupytext.read(SOURCE, fmt="md:myst")
    pages = {path: _addressed(path.read_text(encoding="utf-8")) for path in KOREAN_PAGES}
    of_source = [message for cell in source.cells for message in messages(TRANSLATE[cell.cell_type], cell.source)]
    for_readers = catalogue.update(
        catalogue.read(CATALOGUE),
        _with_files(
            [(SOURCE.name, [*of_source, SOLUTION])]
            + [(path.name, messages(translate_markdown, text)) for path, text in pages.items()]
        ),
    )
    for_helpers = catalogue.update(catalogue.read(HELPERS_CATALOGUE), _with_files(_messages_of_helpers()))
    translations = catalogue.translations(for_readers)
    lookups = {"en": lambda message: message, "ko": lambda message: translations.get(message, message)}
    editions = [Edition(*choice) for choice in product(FRAMEWORKS, LANGUAGES, (False, True))]
    notebooks = {ROOT / edition.path: build(edition, source, lookups[edition.language]) for edition in editions}
    translated = {
        KOREAN_PAGES[path]: NOTICE.format(name=path.name) + _localised(translate_markdown(text, lookups["ko"]))
        for path, text in pages.items()
    }
    made_of_source = {
        CATALOGUE: str(for_readers),
        HELPERS_CATALOGUE: str(for_helpers),
        SECTIONS: sections_table(source, lookups["ko"]),
    }
    return notebooks | pages | translated | made_of_source


def build(edition: Edition, source: NotebookNode, lookup: Lookup) -> str:
    """Make one notebook: the cells without a framework tag, and those with this one.

    Parameters
    ----------
    edition : Edition
    source : NotebookNode
        What is read from token_classification.md.
    lookup : callable
        Gives the translation of a message into the edition's language, or the message itself.

    Returns
    -------
    str
        The notebook as JSON, without outputs.
    """
    cells, values = [], _values(edition)
    for cell in source.cells:
        tags = cell.metadata.get("tags", [])
        if edition.framework not in tags and set(tags) & set(FRAMEWORKS):
            continue
        text = TRANSLATE[cell.cell_type](cell.source, lookup)
        for name, value in values.items():
            text = text.replace(f"{{{{ {name} }}}}", value)
        folded = []
        if EXERCISE in tags and not edition.solved:
            text, solution = make_gaps(text)
            folded = [("markdown", FOLDED.format(summary=lookup(SOLUTION), code=solution), [])]
        cells += [(cell.cell_type, text, [tag for tag in tags if tag not in FRAMEWORKS]), *folded]
    metadata = {
        "kernelspec": source.metadata["kernelspec"],
        "language_info": {"name": "python"},
    }
    notebook = nbformat.v4.new_notebook(cells=_with_ids(cells), metadata=metadata)
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def _with_ids(cells: Iterable[tuple[str, str, list[str]]]) -> list[NotebookNode]:
    made, repetitions = [], Counter()
    for cell_type, text, tags in cells:
        digest = hashlib.sha256(f"{cell_type}\n{text}".encode()).hexdigest()[:12]
        repetitions[digest] += 1
        # Derived from the content, so that a changed cell changes no other cell's id.
        cell_id = digest if repetitions[digest] == 1 else f"{digest}-{repetitions[digest]}"
        made.append(NEW_CELL[cell_type](text, id=cell_id, metadata={"tags": tags} if tags else {}))
    return made


def _values(edition: Edition) -> dict[str, str]:
    """List what stands in the notebook for ``{{ name }}``."""
    project = _project()
    extras = {name: [*map(Requirement, texts)] for name, texts in project["optional-dependencies"].items()}
    (transformers,) = (need.specifier for need in extras["tensorflow"] if need.name == "transformers")
    (encoder,) = extras["bundled"]
    (other_language,) = set(LANGUAGES) - {edition.language}
    return {
        "repository": project["urls"]["Repository"],
        "encoder": str(encoder),
        "transformers": str(transformers).removeprefix("=="),
        "colab": COLAB.format(**_owner_and_name(project)) + edition.path.as_posix(),
        "language": edition.language,
        "other_language": os.path.relpath(Edition(edition.framework, other_language).path, edition.path.parent),
    }


def _project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]


def _owner_and_name(project: dict[str, Any]) -> dict[str, str]:
    owner, name = project["urls"]["Repository"].split("/")[-2:]
    return {"owner": owner, "name": name}


def _addressed(page: str) -> str:
    """Have a page's links to Colab and to the site lead to those of this repository."""
    for address in (COLAB, SITE):
        of_any = address.format(owner=r"[^/\s]+", name=r"[^/\s]+")
        page = re.sub(of_any, address.format(**_owner_and_name(_project())), page)
    return page


def _localised(page: str) -> str:
    def korean(link: re.Match) -> str:
        target = link[0]
        for ours, theirs in LOCALISED_LINKS.items():
            target = target.replace(ours, theirs)
        return target

    return LINK.sub(korean, page)


def _messages_of_helpers() -> list[tuple[str, list[str]]]:
    sources = [(path.name, helper_messages(path.read_text(encoding="utf-8"))) for path in sorted(HELPERS.rglob("*.py"))]
    templates = sorted(HELPERS.rglob("*.html"))
    return sources + [(path.name, template_messages(path.read_text(encoding="utf-8"))) for path in templates]


def _with_files(found: list[tuple[str, list[str]]]) -> dict[str, list[str]]:
    """List for each message, in the order of its first occurrence, the files that it occurs in."""
    files = {}
    for name, messages_of_file in found:
        for message in dict.fromkeys(messages_of_file):
            files.setdefault(message, []).append(name)
    return files


def write_all(files: dict[Path, str]) -> None:
    """Write files, each whole or not at all, and none before all of them could be written."""
    unfinished = {path: path.with_name(f"{path.name}.part") for path in files}
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished[path].write_text(text, encoding="utf-8")
        for path, part in unfinished.items():
            os.replace(part, path)
    finally:
        for part in unfinished.values():
            part.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
