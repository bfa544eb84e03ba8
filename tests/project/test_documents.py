"""What the documents speak of, against what is there."""

import ast
import re
import tomllib

import pytest
from support.editions import ROOT, lesson, read_notebook

from helpers.notebook.parameters import RULES

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in DOCUMENTS}
README = TEXTS["README.md"]
LINK = re.compile(r"\]\(([^)\s]+)|^\[[^]]+\]: (\S+)", re.MULTILINE)
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"runs", "output"}
PYTHON = r"(?:python|\.venv\S*?/python|Scripts\\python) -m (helpers|regression|proofs)([.\w]*)"


def links(name):
    return [inline or defined for inline, defined in LINK.findall(TEXTS[name])]


@pytest.mark.parametrize("name", TEXTS)
def test_links_and_paths_lead_somewhere(name):
    files = [link.partition("#")[0] for link in links(name) if not link.startswith(("https:", "#"))]
    assert [file for file in files if not (ROOT / name).parent.joinpath(file).exists()] == []
    # Words that begin with a folder of the project; what runs leave is not there before them.
    words = re.findall(r"(?:^|[\s`(])((?:[\w.*-]+/)+[\w.*-]*)", TEXTS[name], re.MULTILINE)
    paths = [word.rstrip(".") for word in words if word.split("/")[0] in FOLDERS]
    assert [path for path in paths if not any(ROOT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("name", TEXTS)
def test_targets_of_make_and_modules_are_there(name):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z][\w-]*)", TEXTS[name], re.MULTILINE)) <= targets
    named = re.findall(PYTHON, TEXTS[name]) + re.findall(r"`(helpers|regression|proofs)((?:\.\w+)+)`", TEXTS[name])
    for package, rest in named:
        place = (ROOT if package == "proofs" else ROOT / "src") / package / rest.lstrip(".").replace(".", "/")
        attribute = place.parent.with_suffix(".py")  # of what a module holds
        assert place.is_dir() or place.with_suffix(".py").exists() or attribute.exists(), f"{package}{rest}"


def test_that_there_is_something_to_look_for():
    text = "\n".join(TEXTS.values())
    assert text.count("`make ") > 20
    assert text.count("`tests/") > 20
    assert len(re.findall(PYTHON, text)) > 4
    assert len(links("README.md")) > 3


# The README


def test_addresses_are_those_of_the_repository():
    repository = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
    owner, name = repository.split("/")[-2:]
    colab = f"https://colab.research.google.com/github/{owner}/{name}/blob/main/"
    notebooks = [link.removeprefix(colab) for link in links("README.md") if "colab.research" in link]
    assert [path for path in notebooks if not (ROOT / path).is_file()] == []
    pages = {link for link in links("README.md") if ".github.io" in link}
    assert pages <= {f"https://{owner}.github.io/{name}/"}


def table(first_column):
    """The rows of the README's table whose header begins with some text; none where there is no such table."""
    _, found, rest = README.partition(f"| {first_column} |")
    lines = rest.split("\n\n")[0].splitlines()[2:] if found else []
    return [[cell.strip(" `") for cell in line.strip("| ").split(" | ")] for line in lines]


def test_parameters_and_profiles_are_those_of_the_lesson():
    assert set(re.findall(r"-p (\w+)", README)) <= set(RULES)
    profiles = {path.stem for path in (ROOT / "notebooks" / "profiles").glob("*.yaml")}
    assert {row[0] for row in table("profile")} | set(re.findall(r"PROFILE=(\w+)", README)) <= profiles


def test_each_chapter_is_listed_in_the_readme_and_on_the_site():
    index = (ROOT / "website" / "index.md").read_text(encoding="utf-8")
    chapters = [path.stem for path in (ROOT / "notebooks" / "going_further").glob("*.ipynb")]
    assert len(chapters) > 10
    assert [name for name in chapters if f"{name}.ipynb" not in README or f"going_further/{name}\n" not in index] == []


def test_pythons_are_those_that_the_project_takes():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest, highest = (int(number) for number in re.findall(r"3\.(\d+)", project["requires-python"]))
    (named,) = re.findall(r"You need Python (.*)", README) or [""]
    assert {int(minor) for minor in re.findall(r"\b3\.(\d+)", named)} <= set(range(lowest, highest))


def test_nothing_is_left_to_fill_in():
    assert "{{" not in README and "_TABLE" not in README


# The plans for teachers


@pytest.mark.parametrize("language", ["en", "ko"])
def test_plans_name_sections_and_exercises_that_are_there_and_fill_their_time(language):
    text = TEXTS["docs/teaching.md" if language == "en" else "docs/teaching.ko.md"]
    cells = read_notebook(lesson("pytorch", language)).cells
    headings = {cell.source.splitlines()[0].strip("# ") for cell in cells if cell.source.startswith("## ")}
    exercises = (ROOT / "notebooks" / "source" / "exercises.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| \d+-\d+ \|", line)]
    times = [tuple(map(int, row[0].split("-"))) for row in rows]
    begin = [number for number, (start, _) in enumerate(times) if start == 0]
    assert len(begin) == 2
    for plan, whole in ((slice(0, begin[1]), 45), (slice(begin[1], None), 90)):
        assert [start for start, _ in times[plan]] == [0, *(end for _, end in times[plan])][:-1]
        assert times[plan][-1][1] == whole
        sections = [name for row in rows[plan] for name in row[1].split(", ") if name[0].isdigit()]
        assert len(sections) == 9 and set(sections) <= headings
    numbers = re.findall(r"\d\.\d", " ".join(row[-1] for row in rows[begin[1] :]))
    assert len(numbers) == 6 and all(f"**Exercise {number}**" in exercises for number in numbers)


# The table of faults


def marks_of_tests():
    """Map the name of each test to whether it is marked as one of those that take long."""
    functions = (
        node
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    )
    return {node.name: "pytest.mark.weekly" in map(ast.unparse, node.decorator_list) for node in functions}


def test_tests_of_faults_are_there_and_those_that_take_long_are_marked_so():
    takes_long, named = marks_of_tests(), 0
    rows = [line for line in TEXTS["docs/faults.md"].splitlines() if line.startswith("| ")]
    for part in ";".join(row.strip("| ").rpartition(" | ")[2] for row in rows).split(";"):  # *long* holds up to there
        for name in re.findall(r"`(test_\w+)…?`", part):
            found = [long for test, long in takes_long.items() if test.startswith(name)]
            is_marked = "*long*" in part[: part.index(f"`{name}")]
            assert found and found == [is_marked] * len(found), name
            named += 1
    assert named > 60
    files = [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py")]
    for name in re.findall(r"`(\S*test_\w+\.py)`", TEXTS["docs/faults.md"]):
        assert any(path.match(name) for path in files), name
