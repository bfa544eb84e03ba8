"""A machine as Colab hands it out: its Python and releases, a notebook file alone, and nothing of this project.

The packages are installed once, with uv, into ``runs/environments``. Each machine is a copy of that made of hard links,
in which pip takes away and adds files without touching the first.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import papermill
import pytest
from support.editions import ROOT

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = ROOT / "runs" / "environments"
REQUIREMENTS = HERE / "requirements.txt"
PYENV = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
NO_NETWORK = ("dns error", "error sending request", "Failed to fetch", "timed out", "tcp connect error")


class Machine:
    """A fresh copy of a virtual environment, and a folder such as ``/content`` that holds one notebook.

    It is made in `folder`, on the file system of `packages`; whoever fetches from the address of the project gets what
    is in `repository`.
    """

    def __init__(self, packages: Path, folder: Path, address: str, repository: Path):
        self.python = folder / "python" / "bin" / "python"
        self.content = folder / "content"
        self._startup = folder / "ipython" / "profile_default" / "startup"
        self._kernels = folder / "jupyter"
        shutil.copytree(packages, folder / "python", symlinks=True, copy_function=os.link)
        self.content.mkdir()
        self._startup.mkdir(parents=True)
        self._environment = {
            "PYTHONPATH": str(HERE / "stand_in"),
            "IPYTHONDIR": str(folder / "ipython"),
            "HF_HOME": str(folder / "hub"),
            # What the tests' own process is held to is not this machine's.
            "OMP_NUM_THREADS": str(os.cpu_count()),
            "TF_NUM_INTRAOP_THREADS": str(os.cpu_count()),
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ['PATH']}",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": address,
        }
        self.import_at_start("google.colab", "numpy", "pandas", "matplotlib")  # as Colab's kernel does

    def import_at_start(self, *modules: str) -> None:
        """Say what a new kernel has imported before the notebook's first cell."""
        (self._startup / "start.py").write_text("".join(f"import {module}\n" for module in modules))

    def run(self, notebook: Path, **parameters: object) -> Path:
        """Open a notebook's file in a new kernel and run it to its end, or to the cell that fails."""
        kernel = self._kernels / "kernels" / "colab"
        kernel.mkdir(parents=True, exist_ok=True)
        launch = [str(self.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = {"argv": launch, "display_name": "Colab", "language": "python", "env": self._environment}
        (kernel / "kernel.json").write_text(json.dumps(spec))
        opened = Path(shutil.copy(notebook, self.content))
        executed = opened.with_suffix(".executed.ipynb")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("JUPYTER_PATH", str(self._kernels))
            papermill.execute_notebook(
                opened, executed, parameters, kernel_name="colab", cwd=self.content, start_timeout=1800
            )
        return executed

    def releases(self) -> dict[str, str]:
        """Look up the release of each package that is installed, by its name."""
        code = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
        return json.loads(subprocess.run([self.python, "-c", code], capture_output=True, check=True).stdout)

    def files(self, package: str) -> dict[Path, int]:
        """List a package's files, each with its time of writing (ns)."""
        (folder,) = self.python.parent.parent.glob(f"lib/python*/site-packages/{package}")
        return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.suffix != ".pyc" and path.is_file()}


def install_packages() -> Path:
    """Install what a Colab machine has, if that has not been done; skip the test where it cannot be."""
    folder = ENVIRONMENTS / "colab"
    stamp = folder / REQUIREMENTS.name
    if stamp.exists() and stamp.read_text() == REQUIREMENTS.read_text():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    _uv("venv", "--quiet", "--python", _python(), folder)
    into = ["--quiet", "--compile-bytecode", "--python", folder / "bin" / "python"]
    _uv("pip", "install", *into, "--no-deps", "--require-hashes", "-r", REQUIREMENTS)
    shutil.copy(REQUIREMENTS, stamp)
    return folder


def _python() -> str:
    """Find Python 3.13, also one that pyenv has but does not show."""
    for name in ("python3.13", *PYENV.glob("versions/3.13.*/bin/python3.13")):
        path = shutil.which(name)
        if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
            return path
    pytest.skip("a Colab machine has Python 3.13, and there is no python3.13 here")


def _uv(*arguments: object) -> None:
    uv = Path(sys.executable).with_name("uv")
    done = subprocess.run([uv, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode and any(said in done.stderr for said in NO_NETWORK):
        pytest.skip(f"the packages of a Colab machine cannot be fetched: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr


def repository_of_checkout(folder: Path) -> Path:
    """Make a git repository of this checkout as it is, with what has not been committed yet."""
    name = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    git = ["git", f"--git-dir={folder}", f"--work-tree={ROOT}", *name]
    subprocess.run(["git", "init", "--quiet", "--bare", folder], check=True)
    subprocess.run([*git, "config", "core.bare", "false"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "as it is"], check=True)
    release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    subprocess.run([*git, "tag", f"v{release}"], check=True)  # which the first cell asks for
    return folder
