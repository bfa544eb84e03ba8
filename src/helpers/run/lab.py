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

from helpers.disk.files import atomic_write_text, can_write
from helpers.disk.temporary import temporary_folder
from helpers.errors import TutorialError
from helpers.notebook.language import LANGUAGES, translate, use_language
from helpers.run.editions import RUNS, load_profile, notebooks_folder, subfolder

BY_NAME = ("sample", "bundled")  # whatever folders there are
PARAMETERS = "parameters"  # the tag of the cell that holds them


class Kernels(KernelSpecManager):
    """The kernels that Jupyter knows, with the notebooks' own told to explain missing names from its start on."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Find a kernel by its name."""
        kernel = super().get_kernel_spec(kernel_name)
        if kernel_name == KERNEL_NAME:
            kernel.argv.append("--ext=helpers.notebook.missing_names")
        return kernel


def main(arguments: list[str] | None = None) -> int | None:
    """Run the command line: open JupyterLab, until somebody shuts it down; 1 if there is nothing to open."""
    further = "Further arguments are passed on to JupyterLab."
    parser = argparse.ArgumentParser("python -m helpers.run.lab", None, __doc__, further, allow_abbrev=False)
    parser.add_argument("--profile", help="open copies with the parameters of this file in notebooks/profiles")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="whose folder to begin in")
    options, for_jupyterlab = parser.parse_known_args(arguments)
    use_language(options.language)
    try:
        root = make_copies(options.profile) if options.profile else notebooks_folder()
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    from jupyterlab.labapp import main as open_jupyterlab  # here, as whoever only makes copies needs none

    _let_jupyter_write()
    # A workspace for each root, as JupyterLab opens the tabs of last time, by their paths.
    workspace = f"/lab/workspaces/{options.profile or 'notebooks'}/tree/{subfolder(options.language)}"
    kernels = "--ServerApp.kernel_spec_manager_class=helpers.run.lab.Kernels"
    return open_jupyterlab([str(root), f"--LabApp.default_url={workspace}", kernels, *for_jupyterlab])


def _let_jupyter_write() -> None:
    """Let Jupyter keep its own files in a temporary folder where it cannot write to the home folder."""
    folders = {"CONFIG": jupyter_config_dir(), "DATA": jupyter_data_dir(), "RUNTIME": jupyter_runtime_dir()}
    unusable = [name for name, folder in folders.items() if not can_write(Path(folder))]
    if unusable:
        with temporary_folder() as instead:
            os.environ |= {f"JUPYTER_{name}_DIR": str(instead / name) for name in unusable}
        said = translate(
            "Settings and workspaces of Jupyter cannot be saved, and go to {folder} until it ends.", folder=instead
        )
        print(said, flush=True)


def make_copies(profile: str) -> Path:
    """Copy all notebooks, with a profile's parameters, and their pictures to ``runs/lab/<profile>``, which is returned.

    A copy that is there already stays, and that it differs is printed. Raises `RunError` as `load_profile` does.
    """
    parameters = load_profile(profile)
    originals, root, kept = notebooks_folder(), RUNS / "lab" / profile, []
    for notebook in sorted(originals.glob("**/*.ipynb")):
        copy = root / notebook.relative_to(originals)
        if ".ipynb_checkpoints" in copy.parts:
            continue  # Jupyter's own copies
        text = _with_parameters(notebook, parameters, copy.parent)
        if not copy.exists():
            atomic_write_text(copy, text)
        elif copy.read_text(encoding="utf-8") != text:
            kept.append(copy)
    for pictures in originals.rglob("images"):
        shutil.copytree(pictures, root / pictures.relative_to(originals), dirs_exist_ok=True)
    if kept:
        text = translate(
            "These are there already and stay as they are. Delete one, and the next `make lab` copies it afresh:"
        )
        print(text, *kept, sep="\n", flush=True)
    return root


def fill_in(source: str, parameters: dict[str, Any]) -> str:
    """Put values into the assignments of a parameters cell, each in one line, perhaps with a comment, which is kept."""
    lines = source.split("\n")
    for statement in ast.parse(source).body:
        match statement:
            case ast.Assign(targets=[ast.Name(name)], value=old) if name in parameters:
                new = parameters[name]
                # JSON writes a text as Python does, and in double quotes, as the notebooks have it.
                code = json.dumps(new, ensure_ascii=False) if isinstance(new, str) else repr(new)
                line = lines[old.lineno - 1].encode()  # ast counts columns in bytes of UTF-8
                line = line[: old.col_offset] + code.encode() + line[old.end_col_offset :]
                lines[old.lineno - 1] = line.decode()
    return "\n".join(lines)


def _with_parameters(notebook: Path, parameters: dict[str, Any], folder: Path) -> str:
    """Put a profile's parameters, whose paths are seen from the project, into a notebook that is to lie in a folder."""
    for name in {"dataset", "model"} & parameters.keys():
        source = parameters[name]
        if source.startswith(".") or (source not in BY_NAME and os.path.exists(source) and not os.path.isabs(source)):
            parameters = parameters | {name: Path(os.path.relpath(source, folder)).as_posix()}
    copy = nbformat.read(notebook, as_version=4)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None  # of other parameters
        if PARAMETERS in cell.metadata.get("tags", []):
            cell.source = fill_in(cell.source, parameters)
    return nbformat.writes(copy) + "\n"


if __name__ == "__main__":
    sys.exit(main())
