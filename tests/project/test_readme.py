"""README.md against what it speaks of."""

import ast
import re
import tomllib
from pathlib import Path

import papermill

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def table(first_column: str) -> list[list[str]]:
    """Read the Markdown table whose header begins with some text, without its header."""
    lines = README[README.index(f"| {first_column} |") :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[2:]]


def test_parameters_are_those_of_the_notebooks():
    notebook = papermill.inspect_notebook(ROOT / "notebooks" / "token_classification_pytorch.ipynb")
    named = {row[0].strip("`"): ast.literal_eval(row[1].strip("`")) for row in table("parameter")}
    assert named == {name: ast.literal_eval(parameter["default"]) for name, parameter in notebook.items()}


def test_profiles_are_those_in_the_folder():
    assert {row[0].strip("`") for row in table("profile")} == {
        p.stem for p in (ROOT / "notebooks/profiles").glob("*.yaml")
    }


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)]+)\)|^\[[^]]+\]: (\S+)", README, re.MULTILINE)
    links = [inline or defined for inline, defined in links]
    assert all((ROOT / link).exists() for link in links if not link.startswith("https://"))
    repository = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
    colab = "https://colab.research.google.com/github/" + repository.removeprefix("https://github.com/")
    notebooks = [link.removeprefix(f"{colab}/blob/main/") for link in links if "colab" in link]
    assert notebooks == [f"notebooks/token_classification_{name}.ipynb" for name in ("pytorch", "tensorflow")]
    owner, _, name = repository.removeprefix("https://github.com/").partition("/")
    assert f"https://{owner}.github.io/{name}/" in links  # where GitHub Pages puts the site


def test_nothing_is_left_to_fill_in():
    assert "{{" not in README
    assert "_TABLE" not in README


def test_every_helper_is_in_the_layout():
    layout = README[README.index("## What is where") :]
    for path in (ROOT / "src" / "helpers").glob("*.py"):
        assert path.name == "__init__.py" or path.name in layout
