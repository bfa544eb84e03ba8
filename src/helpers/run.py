"""Run the notebooks headless: `python -m helpers.run --profile sample`."""

import argparse
import ast
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import papermill
import yaml
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from helpers.exceptions import RunError, TutorialError
from helpers.language import LANGUAGES, current_language, use_language
from helpers.render import render_html
from helpers.report import write_report
from helpers.results import FILE_NAME, read_results, results_table

FRAMEWORKS = ("pytorch", "tensorflow")
NOTEBOOKS = Path("notebooks")
RUNS = Path("runs")
# Kernels listen on sockets in the file system rather than on TCP ports that any user of the machine can reach.
KERNEL_CONFIG = Config({"KernelManager": {"transport": "ipc"}})


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0 if all notebooks ran to their end, else 1."""
    parser = argparse.ArgumentParser(prog="python -m helpers.run", description=__doc__)
    parser.add_argument("--edition", choices=FRAMEWORKS, help="run this one alone (default: both)")
    parser.add_argument("--profile", default="sample", help="a file in notebooks/profiles, without its suffix")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the notebooks and of the report")
    parser.add_argument("-p", dest="parameters", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    options = parser.parse_args(arguments)
    try:
        if not NOTEBOOKS.is_dir():
            raise RunError(f"there is no folder {NOTEBOOKS} here; run this from the folder of the project")
        parameters = load_profile(options.profile) | {name: _value(text) for name, text in options.parameters}
        use_language(options.language)
        frameworks = (options.edition,) if options.edition else FRAMEWORKS
        run_editions(frameworks, parameters, RUNS / _subfolder(options.language) / options.profile)
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def run_editions(frameworks: Sequence[str], parameters: dict[str, Any], folder: Path) -> None:
    """Run some editions one after the other, print their results as a table, and write the report page.

    Which notebooks these are, and the report's language, is chosen by `language.use_language`.

    Parameters
    ----------
    frameworks : sequence of {"pytorch", "tensorflow"}
    parameters : dict of str to any
        What differs from the notebooks' defaults.
    folder : Path
        Gets ``<framework>.ipynb`` and ``.html``, the folder ``<framework>`` with the artefacts, and ``report.html``.

    Raises
    ------
    RunError
        If a notebook or a parameter does not exist, or a cell fails; the notebook up to there is kept.
    """
    for framework in frameworks:
        check_names(framework, parameters)
    for framework in frameworks:
        _clear(framework, folder)
    for framework in frameworks:
        run_notebook(framework, parameters, folder)
    # An edition that was run into this folder before stands beside the new one.
    runs = [read_results(folder / framework) for framework in FRAMEWORKS if (folder / framework / FILE_NAME).exists()]
    print(results_table(runs).round(3).to_string())
    print(f"Report: {write_report(runs, folder)}")


def run_notebook(framework: str, parameters: dict[str, Any], folder: Path) -> None:
    """Execute one edition with papermill, with a progress bar over its cells, and render it as HTML.

    Parameters
    ----------
    framework : {"pytorch", "tensorflow"}
    parameters : dict of str to any
    folder : Path
        As for `run_editions`.

    Raises
    ------
    RunError
        If a cell fails; the message ends in the cell's traceback.
    """
    executed = folder / f"{framework}.ipynb"
    artefacts = folder / framework
    artefacts.mkdir(parents=True, exist_ok=True)
    print(f"Running {_notebook(framework)} -> {executed}", flush=True)
    try:
        papermill.execute_notebook(
            _notebook(framework),
            executed,
            parameters | {"output_dir": str(artefacts)},
            config=KERNEL_CONFIG,
        )
    except PapermillExecutionError as error:
        raise RunError(
            f"cell {error.exec_count} of {_notebook(framework)} failed; the notebook up to there is {executed}\n"
            f"{error.traceback}"
        ) from error
    except DeadKernelError as error:
        raise RunError(
            f"the process that ran {_notebook(framework)} died: killed, perhaps for want of memory (a smaller"
            f" batch_size needs less), or crashed in native code. The notebook up to there is {executed}"
        ) from error
    finally:
        if executed.exists():
            render_html(executed, _notebook(framework).parent)


def load_profile(name: str) -> dict[str, Any]:
    """Read the parameters of a profile; raises `RunError` if there is none of that name or it holds no settings."""
    path = NOTEBOOKS / "profiles" / f"{name}.yaml"
    known = sorted(path.stem for path in (NOTEBOOKS / "profiles").glob("*.yaml"))
    if name not in known:
        raise RunError(f"there is no profile {name!r} in {path.parent}; there are: {', '.join(known) or 'none'}")
    try:
        profile = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise RunError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(profile, dict):
        raise RunError(f"{path} must hold lines of the form `parameter: value`")
    return profile


def check_names(framework: str, parameters: dict[str, Any]) -> None:
    """Raise `RunError` for a parameter that the notebook does not have; papermill would only log it."""
    known = papermill.inspect_notebook(_notebook(framework))
    for name in parameters:
        if name not in known:
            raise RunError(f"the notebooks have no parameter {name!r}; they have: {', '.join(known)}")
    if "output_dir" in parameters:
        raise RunError("output_dir is set by the run itself: the results go to a folder below runs/")


def _clear(framework: str, folder: Path) -> None:
    # What an earlier run left must not pass for this run's.
    shutil.rmtree(folder / framework, ignore_errors=True)
    for path in (folder / f"{framework}.ipynb", folder / f"{framework}.html", folder / "report.html"):
        path.unlink(missing_ok=True)


def _notebook(framework: str) -> Path:
    return NOTEBOOKS / _subfolder(current_language()) / f"token_classification_{framework}.ipynb"


def _subfolder(language: str) -> str:
    return "" if language == "en" else language


def _value(text: str) -> Any:
    """Read a value from the command line: a Python number, boolean or quoted text, else the text itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


if __name__ == "__main__":
    sys.exit(main())
