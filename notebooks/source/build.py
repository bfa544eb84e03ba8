"""Build the notebooks, one for each framework, from token_classification.md."""

import argparse
import hashlib
import sys
import tomllib
from collections import Counter
from pathlib import Path

import jupytext
import nbformat

SOURCE = Path(__file__).with_name("token_classification.md")
NOTEBOOKS = SOURCE.parent.parent
FRAMEWORKS = ("pytorch", "tensorflow")
PYPROJECT = NOTEBOOKS.parent / "pyproject.toml"


def main() -> int:
    """Write the notebooks; with ``--check`` write nothing, and exit with 1 where one is not what would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a notebook is out of date")
    check = parser.parse_args().check
    stale = []
    for framework in FRAMEWORKS:
        path = notebook_path(framework)
        text = build(framework)
        if check:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(path.name)
        else:
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"out of date: {', '.join(stale)}; run `make notebooks`", file=sys.stderr)
    return 1 if stale else 0


def notebook_path(framework: str) -> Path:
    """Where the edition of a framework lies."""
    return NOTEBOOKS / f"token_classification_{framework}.ipynb"


def build(framework: str) -> str:
    """Make one edition: the cells without a framework tag, and those with this one.

    Parameters
    ----------
    framework : {"pytorch", "tensorflow"}

    Returns
    -------
    str
        The notebook as JSON, without outputs.
    """
    source = jupytext.read(SOURCE, fmt="md:myst")
    cells = [cell for cell in source.cells if not _frameworks(cell) or framework in _frameworks(cell)]
    repetitions = Counter()
    for cell in cells:
        cell.source = _with_addresses(cell.source, framework)
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        repetitions[digest] += 1
        # Derived from the content, so that a changed cell changes no other cell's id.
        cell.id = digest if repetitions[digest] == 1 else f"{digest}-{repetitions[digest]}"
        tags = [tag for tag in cell.metadata.get("tags", []) if tag not in FRAMEWORKS]
        cell.metadata = {"tags": tags} if tags else {}
    metadata = {
        "kernelspec": source.metadata["kernelspec"],
        "language_info": {"name": "python"},
    }
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def _frameworks(cell: nbformat.NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", [])) & set(FRAMEWORKS)


def _with_addresses(text: str, framework: str) -> str:
    with PYPROJECT.open("rb") as file:
        repository = tomllib.load(file)["project"]["urls"]["Repository"]
    path = notebook_path(framework).relative_to(PYPROJECT.parent)
    owner_and_name = repository.removeprefix("https://github.com/")
    colab = f"https://colab.research.google.com/github/{owner_and_name}/blob/main/{path}"
    return text.replace("{{ repository }}", repository).replace("{{ colab }}", colab)


if __name__ == "__main__":
    sys.exit(main())
