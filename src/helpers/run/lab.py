"""Open the notebooks in JupyterLab: `python -m helpers.run.lab --profile sample`."""

import argparse
import ast
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
from ipykernel.kernelspec import KERNEL_NAME
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_core.paths import jupyter_config_dir, jupyter_data_dir, jupyter_runtime_dir

from helpers.errors import TutorialError
from helpers.files import can_write, written_whole
from helpers.notebook.language import LANGUAGES
from helpers.run.editions import RUNS, load_profile, notebooks_folder, subfolder
from helpers.temporary import temporary_folder

COPIES = RUNS / "lab"
BY_NAME = ("sample", "bundled")  # whatever folders there are
PARAMETERS = "parameters"  # the tag of the cell that holds them


class Kernels(KernelSpecManager):
    """The kernels that Jupyter knows, with the notebooks' own told to explain missing names from its start on."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Find a kernel by its name, as the base class does."""
        kernel = super().get_kernel_spec(kernel_name)
        if kernel_name == KERNEL_NAME:
            kernel.argv.append("--ext=helpers.notebook.missing_names")
        return kernel


def main(arguments: list[str] | None = None) -> int | None:
    """Run the command line: open JupyterLab, until somebody shuts it down; 1 if there is nothing to open."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.run.lab",
        description=__doc__,
        epilog="Further arguments are passed on to JupyterLab.",
        allow_abbrev=False,
    )
    parser.add_argument("--profile", help="open copies with the parameters of this file in notebooks/profiles")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="whose folder to begin in")
    options, for_jupyterlab = parser.parse_known_args(arguments)
    try:
        root = make_copies(options.profile) if options.profile else notebooks_folder()
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    from jupyterlab.labapp import main as open_jupyterlab  # here, as whoever only makes copies needs none

    _let_jupyter_write()
    # A workspace for each root, as JupyterLab opens the tabs of last time, by their paths.
    workspace = f"/lab/workspaces/{options.profile or 'notebooks'}/tree/{subfolder(options.language)}"
    own = [
        str(root),
        f"--LabApp.default_url={workspace}",
        "--ServerApp.kernel_spec_manager_class=helpers.run.lab.Kernels",
    ]
    return open_jupyterlab([*own, *for_jupyterlab])


def _let_jupyter_write() -> None:
    """Let Jupyter keep its own files in a temporary folder where it cannot write to the home folder."""
    folders = {"CONFIG": jupyter_config_dir(), "DATA": jupyter_data_dir(), "RUNTIME": jupyter_runtime_dir()}
    unusable = [name for name, folder in folders.items() if not can_write(Path(folder))]
    if unusable:
        with temporary_folder() as instead:
            os.environ |= {f"JUPYTER_{name}_DIR": str(instead / name) for name in unusable}
        print(f"Settings and workspaces of Jupyter cannot be saved, and go to {instead} until it ends.", flush=True)


def make_copies(profile: str) -> Path:
    """Copy all notebooks, with a profile's parameters in their parameters cell, and the pictures that they show.

    A copy that is there already stays as it is, since somebody may have worked on it; where it differs from what would
    be written, that is printed.

    Parameters
    ----------
    profile : str
        A file in ``notebooks/profiles``, without its suffix.

    Returns
    -------
    Path
        The folder ``runs/lab/<profile>``, laid out as ``notebooks`` is, so that links lead from copy to copy.

    Raises
    ------
    RunError
        If there is no such profile, or something in it is wrong; also if there are no notebooks.
    DiskFullError
        If there is no room for the copies.
    """
    parameters = load_profile(profile)
    originals, root, kept = notebooks_folder(), COPIES / profile, []
    for notebook in _notebooks(originals):
        copy = root / notebook.relative_to(originals)
        text = _with_parameters(notebook, _seen_from(copy.parent, parameters))
        if not copy.exists():
            with written_whole(copy) as unfinished:
                unfinished.write_text(text, encoding="utf-8")
        elif copy.read_text(encoding="utf-8") != text:
            kept.append(copy)
    for pictures in originals.rglob("images"):
        shutil.copytree(pictures, root / pictures.relative_to(originals), dirs_exist_ok=True)
    if kept:
        print("These are there already and stay as they are. Delete one, and the next `make lab` copies it afresh:")
        print(*sorted(kept), sep="\n", flush=True)
    return root


def fill_in(source: str, parameters: dict[str, Any]) -> str:
    """Put values into the assignments of a parameters cell.

    Parameters
    ----------
    source : str
        Python; each assignment stands in one line, perhaps with a comment behind it, which is kept.
    parameters : dict of str to str, int, float or bool
        The new value of some of the names.

    Returns
    -------
    str
    """
    lines = source.split("\n")
    for statement in ast.parse(source).body:
        match statement:
            case ast.Assign(targets=[ast.Name(name)], value=value) if name in parameters:
                line = lines[value.lineno - 1].encode()  # ast counts columns in bytes of UTF-8
                code = _as_code(parameters[name]).encode()
                lines[value.lineno - 1] = (line[: value.col_offset] + code + line[value.end_col_offset :]).decode()
    return "\n".join(lines)


def _notebooks(root: Path) -> list[Path]:
    """List the notebooks of all folders but hidden ones, in which Jupyter keeps its own copies."""
    found = filter(Path.is_file, root.glob("**/*.ipynb"))
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(root).parts))


def _as_code(value: Any) -> str:
    # JSON writes a text as Python does, and in double quotes, as the notebooks have it
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _with_parameters(notebook: Path, parameters: dict[str, Any]) -> str:
    copy = nbformat.read(notebook, as_version=4)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None  # of other parameters
        if PARAMETERS in cell.metadata.get("tags", []):
            cell.source = fill_in(cell.source, parameters)
    return nbformat.writes(copy) + "\n"


def _seen_from(folder: Path, parameters: dict[str, Any]) -> dict[str, Any]:
    """Let data and a model that a profile names by a path from the project's folder be found from another folder."""
    moved = dict(parameters)
    for name in ("dataset", "model"):
        source = parameters.get(name, "")
        is_path = source.startswith(".") or (source not in BY_NAME and os.path.exists(source))
        if is_path and not os.path.isabs(source):
            moved[name] = Path(os.path.relpath(source, folder)).as_posix()
    return moved


if __name__ == "__main__":
    sys.exit(main())
