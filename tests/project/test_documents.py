"""What the documents speak of, against what is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in DOCUMENTS}
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"runs", "output"}
PYTHON = r"(?:python|\.venv\S*?/python|Scripts\\python) -m (helpers|regression|proofs)([.\w]*)"


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_somewhere(name):
    folder = (ROOT / name).parent
    links = re.findall(r"\]\((?!https:|#)([^)#\s]+)", TEXTS[name])
    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("name", TEXTS)
def test_paths_are_there(name):
    # Words that begin with a folder of the project; what runs leave is not there before them.
    words = re.findall(r"(?:^|[\s`(])((?:[\w.*-]+/)+[\w.*-]*)", TEXTS[name], re.MULTILINE)
    paths = [word.rstrip(".") for word in words if word.split("/")[0] in FOLDERS]
    assert [path for path in paths if not any(ROOT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("name", TEXTS)
def test_targets_of_make_are_there(name):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z][\w-]*)", TEXTS[name], re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("name", TEXTS)
def test_modules_are_there(name):
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
