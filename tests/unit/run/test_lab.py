"""What `make lab` does before JupyterLab opens."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from support.editions import ROOT

from helpers.checkpoints.find import resolve_checkpoint
from helpers.errors import RunError
from helpers.notebook.parameters import RULES, check_value
from helpers.run.editions import load_profile
from helpers.run.lab import fill_in, main, make_copies

COPY = Path("token_classification_pytorch.ipynb")
LAB = [sys.executable, "-m", "helpers.run.lab"]


@pytest.fixture
def project(workplace, tmp_path, monkeypatch):
    """A folder like the project's, and the one that commands are started in."""
    for name in ("notebooks", "tests"):
        (tmp_path / name).symlink_to(workplace / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cells_of(notebook):
    return nbformat.read(notebook, as_version=4).cells


def parameters_cell(notebook):
    (cell,) = [cell for cell in cells_of(notebook) if "parameters" in cell.metadata.get("tags", [])]
    return cell.source


def values(notebook):
    namespace = {}
    exec(parameters_cell(notebook), {}, namespace)
    for name in RULES.keys() & namespace.keys():  # no notebook but the lesson in two editions has them all
        check_value(name, namespace[name])
    return namespace


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["sample", "wnut17"])
def test_every_notebook_is_copied_with_the_profiles_parameters_and_what_it_links_to(project, profile):
    root = make_copies(profile)
    assert root == Path("runs", "lab", profile)
    originals = [path for path in Path("notebooks").glob("**/*.ipynb") if ".ipynb_checkpoints" not in path.parts]
    folders = {
        f"notebooks{language}{kind}" for language in ("", "/ko") for kind in ("", "/exercises", "/going_further")
    }
    assert {path.parent.as_posix() for path in originals} == folders
    copied = {path.relative_to(root) for path in root.glob("**/*.ipynb")}
    assert copied == {path.relative_to("notebooks") for path in originals}
    for original in originals:
        copy = root / original.relative_to("notebooks")
        taken = {name: value for name, value in load_profile(profile).items() if name in values(original)}
        assert {"dataset", "model"} <= taken.keys() or original.stem.startswith("quiz")  # which trains nothing
        assert values(copy) == values(original) | taken
        before, after = cells_of(original), cells_of(copy)
        changed = [one for one, other in zip(before, after, strict=True) if one.source != other.source]
        assert [cell.metadata["tags"] for cell in changed] == [["parameters"]] * (values(copy) != values(original))
        # The comments stay, which say what each parameter is.
        comments = [re.findall("  # .*", parameters_cell(path)) for path in (original, copy)]
        assert comments[0] == comments[1]
        if original.name.startswith("token_"):  # the lesson, which says of each what it is
            assert all(parameter["help"] for parameter in papermill.inspect_notebook(copy).values())
        text = "\n".join(cell.source for cell in after if cell.cell_type == "markdown")
        links = re.findall(r"\]\((?!https:)([^)]+)\)", text)
        assert len(links) >= 3
        assert [link for link in links if not (copy.parent / link).is_file()] == []


@pytest.mark.slow
def test_a_path_in_a_profile_leads_to_the_same_folder_from_each_copy(project, monkeypatch):
    for copy in make_copies("smoke").glob("**/*.ipynb"):
        if copy.stem.startswith("quiz"):  # which trains nothing
            continue
        monkeypatch.chdir(project / copy.parent)  # where JupyterLab starts a notebook's kernel
        found = values(copy.name)
        assert Path(resolve_checkpoint(found["model"])).resolve() == ROOT / "tests" / "support" / "tiny_distilbert"
        assert found["dataset"] == "sample"
        monkeypatch.chdir(project)


def test_what_somebody_has_worked_on_stays_and_is_named(project, capsys):
    root = make_copies("sample")
    make_copies("sample")
    assert capsys.readouterr().out == ""
    mine = nbformat.read(root / COPY, as_version=4)
    mine.cells[0].source = "My own heading"
    nbformat.write(mine, root / COPY)
    (root / "ko" / COPY).unlink()
    worked_on = (root / COPY).read_bytes()
    make_copies("sample")
    assert (root / COPY).read_bytes() == worked_on
    assert (root / "ko" / COPY).is_file()
    said = capsys.readouterr().out.splitlines()
    assert "stay as they are" in said[0]
    assert said[1:] == [str(root / COPY)]


def test_what_another_run_put_out_is_not_copied(tmp_path, monkeypatch):
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    (tmp_path / "notebooks" / "profiles" / "one.yaml").write_text("epochs: 1")
    cell = nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("stream", text="1")], execution_count=3)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "notebooks" / "a.ipynb")
    checkpoints = tmp_path / "notebooks" / ".ipynb_checkpoints"
    checkpoints.mkdir()
    nbformat.write(nbformat.v4.new_notebook(), checkpoints / "a-checkpoint.ipynb")
    monkeypatch.chdir(tmp_path)
    (copy,) = make_copies("one").glob("**/*.ipynb")
    (copied,) = cells_of(copy)
    assert (copied.outputs, copied.execution_count) == ([], None)


def test_values_are_written_as_code_that_says_just_that():
    source = 'a = "x"  # é: one = two\nb = "é"  # two\nc = 0.1\nd = True  # four'
    strange = {"a": 'say "é"\\\n# {x}', "b": 2e-4, "c": 0, "d": False}
    filled = fill_in(source, strange)
    namespace = {}
    exec(filled, {}, namespace)
    assert namespace == strange
    assert re.findall("  # .*", filled)[-3:] == ["  # é: one = two", "  # two", "  # four"]
    assert fill_in(source, {}) == source


@pytest.mark.parametrize("profile", ["nonsense", "../profiles/sample", ""])
def test_an_unknown_profile_is_one_sentence_with_those_there_are(project, capsys, profile):
    if profile:
        assert main(["--profile", profile]) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert all(path.stem in said for path in (ROOT / "notebooks" / "profiles").glob("*.yaml"))
    with pytest.raises(RunError, match="there is no profile"):
        make_copies(profile)
    assert not (project / "runs").exists()


@pytest.mark.parametrize("arguments", [[], ["PROFILE=smoke"], ["LANGUAGE=ko"]])
def test_make_lab_takes_a_profile_from_the_command_line_alone(arguments):
    command = ["make", "--dry-run", "--no-print-directory", "--always-make", "lab", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if "helpers.run.lab" in line)
    assert f"--language {'ko' if 'LANGUAGE=ko' in arguments else 'en'}" in line
    assert ("--profile smoke" in line) == ("--profile" in line) == ("PROFILE=smoke" in arguments)


@pytest.mark.slow
def test_helpers_without_notebooks_say_so_in_one_sentence(tmp_path):
    shutil.copytree(ROOT / "src" / "helpers", tmp_path / "a" / "b" / "helpers")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "a" / "b")}
    done = subprocess.run(LAB, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(r"RunError: there is no folder notebooks here.*\n", done.stderr)


@pytest.mark.slow
def test_without_a_home_that_can_be_written_to_jupyterlab_starts():
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "XDG_"))}
    environment["HOME"] = "/dev/null/nobody"
    command = [*LAB, "--no-browser", "--allow-root", "--port-retries=100"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    lines = iter(server.stderr.readline, "")
    assert any("is running at" in line for line in lines)
    server.kill()  # as it may miss a signal while it starts
    server.communicate()
