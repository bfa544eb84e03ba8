"""README.md against what it speaks of."""

import ast
import re
import tomllib
from pathlib import Path

import papermill
from support.editions import lesson

from helpers.notebook.parameters import RULES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LINKS = [one or other for one, other in re.findall(r"\]\(([^)]+)\)|^\[[^]]+\]: (\S+)", README, re.MULTILINE)]


def table(first_column):
    """The rows of the table whose header begins with some text; none where there is no such table."""
    _, found, rest = README.partition(f"| {first_column} |")
    lines = rest.split("\n\n")[0].splitlines()[2:] if found else []
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def test_links_lead_somewhere():
    assert len(LINKS) > 3
    files = [link.partition("#")[0] for link in LINKS if not link.startswith(("https://", "#"))]
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_addresses_are_those_of_the_repository():
    owner, _, name = PROJECT["urls"]["Repository"].removeprefix("https://github.com/").partition("/")
    colab = f"https://colab.research.google.com/github/{owner}/{name}/blob/main/"
    notebooks = [link for link in LINKS if "colab.research" in link]
    assert [link for link in notebooks if not (ROOT / link.removeprefix(colab)).is_file()] == []
    assert [link for link in LINKS if ".github.io" in link and link != f"https://{owner}.github.io/{name}/"] == []


def test_parameters_have_the_names_and_defaults_of_the_lesson():
    defaults = {
        name: ast.literal_eval(each["default"]) for name, each in papermill.inspect_notebook(lesson("pytorch")).items()
    }
    named = {row[0].strip("`"): ast.literal_eval(row[1].strip("`")) for row in table("parameter")}
    assert {name: value for name, value in named.items() if name != "output_dir" and defaults.get(name) != value} == {}


def test_parameters_of_commands_are_there():
    assert set(re.findall(r"-p (\w+)", README)) <= set(RULES)


def test_profiles_are_there():
    profiles = {path.stem for path in (ROOT / "notebooks" / "profiles").glob("*.yaml")}
    assert {row[0].strip("`") for row in table("profile")} | set(re.findall(r"PROFILE=(\w+)", README)) <= profiles


def test_pythons_are_those_that_the_project_takes():
    lowest, highest = (int(number) for number in re.findall(r"3\.(\d+)", PROJECT["requires-python"]))
    (named,) = re.findall(r"You need Python (.*)", README) or [""]
    assert {int(minor) for minor in re.findall(r"\b3\.(\d+)", named)} <= set(range(lowest, highest))


def test_nothing_is_left_to_fill_in():
    assert "{{" not in README
    assert "_TABLE" not in README
