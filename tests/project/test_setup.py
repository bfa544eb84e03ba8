"""tools/setup.sh, which `make` calls: everything or nothing."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path):
    """A small project with the real Makefile and set-up script."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "small"\nversion = "1"\n[tool.setuptools]\npackages = []\n'
    )
    (tmp_path / "requirements.txt").write_text("setuptools\n")
    return tmp_path


def make(folder, python=sys.executable):
    # The packages of this environment stand in for what a registry would send, so that no network is needed.
    environment = os.environ | {"PYTHONPATH": sysconfig.get_path("purelib")}
    command = ["make", ".venv/.installed", f"PYTHON={python}"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def test_the_second_call_installs_nothing(project):
    first = make(project)
    assert first.returncode == 0, first.stderr
    assert "Successfully installed small" in first.stdout
    assert "up to date" in make(project).stdout


def test_a_failed_install_says_what_failed_and_leaves_nothing(project):
    with (project / "requirements.txt").open("a") as file:
        file.write("./no-such-package\n")
    failed = make(project)
    assert failed.returncode != 0
    assert "no-such-package" in failed.stderr
    assert "Set-up failed while installing the packages of requirements.txt" in failed.stderr
    assert not (project / ".venv").exists()
    (project / "requirements.txt").write_text("setuptools\n")
    assert make(project).returncode == 0


@pytest.fixture
def python_of_version(tmp_path):
    """Make a Python that takes itself for another version, and otherwise is this one."""

    def make_python(version):
        path = tmp_path / "python"
        pretend = f"import sys; sys.version_info = ({version.replace('.', ', ')})"
        path.write_text(
            f"""#!/bin/sh
case $1 in
    --version) echo "Python {version}" ;;
    -c) exec {sys.executable} -c "{pretend}
$2" ;;
    *) exec {sys.executable} "$@" ;;
esac
"""
        )
        path.chmod(0o755)
        return path

    return make_python


@pytest.mark.parametrize("version", ["3.10.13", "3.14.0", "2.7.18"])
def test_other_pythons_get_one_sentence(project, python_of_version, version):
    done = make(project, python_of_version(version))
    assert done.returncode != 0
    sentence = done.stderr.splitlines()[0]
    assert "needs Python 3.11, 3.12 or 3.13" in sentence
    assert f"is Python {version}" in sentence
    assert not (project / ".venv").exists()


def test_a_missing_python_gets_the_same_sentence(project):
    done = make(project, "no-such-python")
    assert "'no-such-python' is no Python" in done.stderr.splitlines()[0]


@pytest.mark.parametrize("version", ["3.11.0", "3.13.9"])
def test_supported_pythons_are_taken(project, python_of_version, version):
    assert make(project, python_of_version(version)).returncode == 0


def test_fuzzing_goes_on_after_a_finding_and_fails_at_the_end(project):
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$2" >> tried\ntest "$2" != conll_reader\n')
    python.chmod(0o755)
    command = ["make", "fuzz", "--assume-old=.venv/.installed-fuzz"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    tried = (project / "tried").read_text().split()
    assert tried == ["conll_reader", "json_reader", "tag_schemes", "word_alignment"]
    assert done.returncode != 0
    assert "Look into runs/fuzz for: conll_reader\n" in done.stdout


def test_every_lock_is_audited():
    workflow = (ROOT / ".github" / "workflows" / "audit.yml").read_text()
    locks = {path.name for path in ROOT.glob("requirements*.txt")}
    assert set(re.findall(r"-r (\S+)", workflow)) == locks
