"""Build the notebooks and the Korean pages from their sources."""

import argparse
import hashlib
import os
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode
from packaging.requirements import Requirement

import catalogue
from gaps import make_gaps
from translation import Lookup, helper_messages, messages, template_messages, translate_code, translate_markdown

SOURCES = Path(__file__).parent
CATALOGUE = SOURCES / "ko.po"
ROOT = SOURCES.parent.parent
NOTEBOOKS = Path("notebooks")
KOREAN_PAGES = {  # by what they are built from
    ROOT / "README.md": ROOT / "README.ko.md",
    ROOT / "website" / "index.md": ROOT / "website" / "index.ko.md",
    ROOT / "docs" / "teaching.md": ROOT / "docs" / "teaching.ko.md",
}
HELPERS = ROOT / "src" / "helpers"
QUIZ = HELPERS / "exercises" / "quiz.yaml"
HELPERS_CATALOGUE = HELPERS / "notebook" / "ko.po"

EDITIONS = ("pytorch", "keras", "tensorflow")
LANGUAGES = ("en", "ko")
TRANSLATE = {"markdown": translate_markdown, "code": translate_code}
NEW_CELL = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}

EXERCISE = "exercise"  # the tag of a cell that holds a solution, which is folded away below it
QUESTION = "question"  # the same, but the solution is only in the solved notebook
SOLUTION = "Solution"
FOLDED = "<details>\n<summary>{summary}</summary>\n\n```python\n{code}\n```\n\n</details>"
BUILT_FROM = "This notebook is built from `{source}`. To change it, edit that file and run `make notebooks`."

LINK = re.compile(r"(?<=\]\()[^)\s]+|(?<=\]: )\S+")
# Where Colab opens a repository's files, and where GitHub Pages puts its site.
COLAB = "https://colab.research.google.com/github/{owner}/{name}/blob/main/"
SITE = "https://{owner}.github.io/{name}/"
# What a link of a page leads to, and where the translated link leads instead.
LOCALISED_LINKS = {
    "README.ko.md": "README.md",
    "teaching.ko.md": "teaching.md",
    "docs/teaching.md": "docs/teaching.ko.md",
    "](notebooks/": "](notebooks/ko/",
    "](../notebooks/": "](../notebooks/ko/",
    "/blob/main/notebooks/": "/blob/main/notebooks/ko/",  # in Colab
    "docs/images/": "docs/images/ko/",
}
NOTICE = "<!-- make notebooks builds this from {name} and its translation in notebooks/source/ko.po. -->\n\n"


class Target(NamedTuple):
    """A notebook to build."""

    source: Path
    path: Path  # from the project's folder
    language: str
    edition: str = ""  # whose cells it has; empty where the source has one notebook for all
    solved: bool = False


def main() -> int:
    """Write what is built; with ``--check`` or ``--release-check`` write nothing, and exit with 1 where that fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is out of date")
    parser.add_argument("--release-check", action="store_true", help="write nothing; fail where Korean is out of date")
    options = parser.parse_args()
    files = built_files()
    if options.release_check:
        return _refuse("not translated", untranslated(files), "translate them in the catalogues")
    stale = {path: text for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text}
    if options.check:
        return _refuse("out of date", [str(path.relative_to(ROOT)) for path in stale], "run `make notebooks`")
    write_all(stale)
    if lagging := untranslated(files):
        print(f"{len(lagging)} texts show English in the Korean pages; `make release-check` lists them")
    return 0


def _refuse(what: str, found: list[str], advice: str) -> int:
    if found:
        print(f"{what}: {', '.join(found)}; {advice}", file=sys.stderr)
    return bool(found)


def targets() -> list[Target]:
    """List all notebooks: the lesson's editions, the exercises and the quiz with gaps and solved, and the chapters."""
    found = []
    for language in LANGUAGES:
        folder = NOTEBOOKS if language == "en" else NOTEBOOKS / language
        lesson = SOURCES / "lesson.md"
        found += [
            Target(lesson, folder / f"token_classification_{edition}.ipynb", language, edition) for edition in EDITIONS
        ]
        for source in (SOURCES / "exercises.md", SOURCES / "quiz.md"):
            found += [
                Target(source, folder / "exercises" / f"{source.stem}{'_solved' * solved}.ipynb", language, "", solved)
                for solved in (False, True)
            ]
        for chapter in sorted(SOURCES.glob("going_further/*.md")):
            editions = [edition for edition in EDITIONS if edition in _tags(_read(chapter))]
            for edition in editions or [""]:
                name = f"{chapter.stem}_{edition}" if edition else chapter.stem
                found.append(Target(chapter, folder / "going_further" / f"{name}.ipynb", language, edition))
    return found


def built_files() -> dict[Path, str]:
    """Build everything: the text of each file, by its path."""
    pages = {path: _addressed(path.read_text(encoding="utf-8")) for path in KOREAN_PAGES}
    to_build = targets()
    of_sources = [
        (source.name, [message for cell in _read(source).cells for message in _messages_of(cell)])
        for source in dict.fromkeys(target.source for target in to_build)
    ]
    for_readers = catalogue.update(
        catalogue.read(CATALOGUE),
        _with_files(
            [("build.py", [SOLUTION, BUILT_FROM]), *of_sources]
            + [(path.name, messages(translate_markdown, text)) for path, text in pages.items()]
        ),
    )
    for_helpers = catalogue.update(catalogue.read(HELPERS_CATALOGUE), _with_files(_messages_of_helpers()))
    translations = catalogue.translations(for_readers)
    lookups = {"en": lambda message: message, "ko": lambda message: translations.get(message, message)}
    notebooks = {ROOT / target.path: build(target, lookups[target.language]) for target in to_build}
    translated = {
        KOREAN_PAGES[path]: NOTICE.format(name=path.name) + _localised(translate_markdown(text, lookups["ko"]))
        for path, text in pages.items()
    }
    return notebooks | pages | translated | {CATALOGUE: str(for_readers), HELPERS_CATALOGUE: str(for_helpers)}


def build(target: Target, lookup: Lookup) -> str:
    """Make one notebook: the cells without an edition's tag, and those with its own.

    Parameters
    ----------
    target : Target
    lookup : callable
        Gives the translation of a message into the notebook's language, or the message itself.

    Returns
    -------
    str
        The notebook as JSON, without outputs.
    """
    source, cells, values = _read(target.source), [], _values(target)
    for cell in source.cells:
        tags = cell.metadata.get("tags", [])
        if target.edition not in tags and set(tags) & set(EDITIONS):
            continue
        text = TRANSLATE[cell.cell_type](cell.source, lookup)
        for name, value in values.items():
            text = text.replace(f"{{{{ {name} }}}}", value)
        folded = []
        if {EXERCISE, QUESTION} & set(tags) and not target.solved:
            text, solution = make_gaps(text)
            if EXERCISE in tags:
                folded = [("markdown", FOLDED.format(summary=lookup(SOLUTION), code=solution), [])]
        cells += [(cell.cell_type, text, [tag for tag in tags if tag not in EDITIONS]), *folded]
    name = target.source.relative_to(ROOT).as_posix()
    cells.append(("markdown", f"<small>{lookup(BUILT_FROM).format(source=name)}</small>", []))
    metadata = {
        "kernelspec": source.metadata["kernelspec"],
        "language_info": {"name": "python"},
        "built_from": name,
    }
    notebook = nbformat.v4.new_notebook(cells=_with_ids(cells), metadata=metadata)
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def untranslated(files: dict[Path, str]) -> list[str]:
    """List what Korean readers see in English: messages that have no translation, or whose English has changed."""
    return [
        f"{path.relative_to(ROOT)}: {entry.msgid[:60]!r}"
        for path in (CATALOGUE, HELPERS_CATALOGUE)
        for entry in catalogue.parse(files[path])
        if not entry.obsolete and not entry.translated()
    ]


def _read(source: Path) -> NotebookNode:
    return jupytext.read(source, fmt="md:myst")


def _tags(source: NotebookNode) -> set[str]:
    return {tag for cell in source.cells for tag in cell.metadata.get("tags", [])}


def _messages_of(cell: NotebookNode) -> list[str]:
    return messages(TRANSLATE[cell.cell_type], cell.source)


def _with_ids(cells: Iterable[tuple[str, str, list[str]]]) -> list[NotebookNode]:
    made, repetitions = [], Counter()
    for cell_type, text, tags in cells:
        digest = hashlib.sha256(f"{cell_type}\n{text}".encode()).hexdigest()[:12]
        repetitions[digest] += 1
        # Derived from the content, so that a changed cell changes no other cell's id.
        cell_id = digest if repetitions[digest] == 1 else f"{digest}-{repetitions[digest]}"
        made.append(NEW_CELL[cell_type](text, id=cell_id, metadata={"tags": tags} if tags else {}))
    return made


def _values(target: Target) -> dict[str, str]:
    """List what stands in the notebook for ``{{ name }}``."""
    project = _project()
    extras = {name: [*map(Requirement, texts)] for name, texts in project["optional-dependencies"].items()}
    (transformers,) = (need.specifier for need in extras["tensorflow"] if need.name == "transformers")
    (encoder,) = extras["bundled"]
    return {
        "repository": project["urls"]["Repository"],
        "version": project["version"],
        "encoder": str(encoder),
        "transformers": str(transformers).removeprefix("=="),
        "colab": COLAB.format(**_owner_and_name(project)) + target.path.as_posix(),
        "edition": target.edition,
        "language": target.language,
        "other_language": os.path.relpath(_in_other_language(target), target.path.parent).replace(os.sep, "/"),
    }


def _in_other_language(target: Target) -> Path:
    korean = NOTEBOOKS / "ko"
    if target.language == "ko":
        return NOTEBOOKS / target.path.relative_to(korean)
    return korean / target.path.relative_to(NOTEBOOKS)


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
        target = f"]({link[0]}"
        for ours, theirs in LOCALISED_LINKS.items():
            target = target.replace(ours, theirs)
        return target.removeprefix("](")

    return LINK.sub(korean, page)


def _messages_of_helpers() -> Iterator[tuple[str, list[str]]]:
    for path in sorted(HELPERS.rglob("*.py")):
        yield path.relative_to(HELPERS).as_posix(), helper_messages(path.read_text(encoding="utf-8"))
    for path in sorted(HELPERS.rglob("*.html")):
        yield path.relative_to(HELPERS).as_posix(), template_messages(path.read_text(encoding="utf-8"))
    questions = yaml.safe_load(QUIZ.read_text(encoding="utf-8")).values()
    said = [[question["why"], *question["hints"].values()] for question in questions]
    yield QUIZ.relative_to(HELPERS).as_posix(), [message for messages_of_one in said for message in messages_of_one]


def _with_files(found: Iterable[tuple[str, list[str]]]) -> dict[str, list[str]]:
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
