"""Run editions of the notebook headless."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.iorw import LocalHandler, papermill_io
from traitlets.config import Config
from yaml import YAMLError

from helpers.errors import RunError, TutorialError
from helpers.files import room_needed, written_whole
from helpers.notebook.editions import EDITIONS
from helpers.notebook.locks import LOCK, claimed
from helpers.notebook.parameters import check_value, short
from helpers.notebook.results import FILE_NAME, add_seconds, read_results, results_table
from helpers.notebook.secrets import redact_tokens
from helpers.run.pages import render_html
from helpers.run.plain_yaml import read_yaml
from helpers.run.report import write_report

CHECKOUT = Path(__file__).resolve().parents[3]  # where the helpers are not installed by themselves, as in Colab
RUNS = Path("runs")
TRAINING = "training"  # the tag of the cell that trains
CHECKPOINTS = "checkpoints"  # in a notebook's output folder


def run_editions(editions: Sequence[str], parameters: dict[str, Any], folder: Path, language: str = "en") -> None:
    """Run some editions one after the other, print their results as a table, and write the report page.

    Parameters
    ----------
    editions : sequence of str
        Of `EDITIONS`.
    parameters : dict of str to any
        What differs from the notebooks' defaults.
    folder : Path
        Gets ``<edition>.ipynb`` and ``.html``, the folder ``<edition>`` with the artefacts, and ``report.html``.
    language : {"en", "ko"}

    Raises
    ------
    ParameterError
        If a parameter does not exist, or has a value that it cannot take.
    RunError
        If a cell fails; the notebook up to there is kept. Also for ``output_dir``, which is not to be chosen here, and
        for data or a model in a folder that is cleared first.
    OutputFolderError
        If another run is at work there.
    DiskFullError
        If there is no room for the notebooks or pages.
    """
    check_settings(parameters)
    with ExitStack() as stack:
        for edition in editions:
            stack.enter_context(claimed(folder, f".{edition}.lock"))
        clear(editions, folder, parameters)
        stack.enter_context(room_needed(folder))
        try:
            for edition in editions:
                run_notebook(edition, parameters, folder, language)
            # An edition that was run into this folder before stands beside the new one.
            runs = [read_results(folder / edition) for edition in EDITIONS if (folder / edition / FILE_NAME).exists()]
            report = write_report(runs, folder)
        finally:
            # All of them, and last, as each links to the others and to the report.
            for executed in (folder / f"{edition}.ipynb" for edition in EDITIONS):
                if executed.exists():
                    render_html(executed, notebook_path("pytorch", language).parent, language)
        print(results_table(runs).round(3).to_string())
        print(f"Report: {report}")


def run_notebook(edition: str, parameters: dict[str, Any], folder: Path, language: str = "en") -> None:
    """Execute one edition, with a progress bar over its cells.

    Parameters
    ----------
    edition : str
        One of `EDITIONS`.
    parameters : dict of str to any
    folder : Path
    language : {"en", "ko"}
        As for `run_editions`.

    Raises
    ------
    RunError
        If a cell fails; the message ends in the cell's traceback.
    """
    notebook = notebook_path(edition, language)
    executed = folder / f"{edition}.ipynb"
    artefacts = folder / edition
    artefacts.mkdir(parents=True, exist_ok=True)
    print(f"Running {notebook} -> {executed}", flush=True)
    execute(notebook, executed, parameters | {"output_dir": str(artefacts)})


class _WholeFiles(LocalHandler):
    """Writes notebooks as papermill does, after each cell, but whole or not at all, and without access tokens."""

    def write(self, buf: str, path: str) -> None:
        with written_whole(Path(path)) as unfinished:
            super().write(redact_tokens(buf), str(unfinished))


class _SavesBeforeCode(NBClientEngine):
    """Runs notebooks as papermill does, but saves them only before each code cell, and at the end.

    Papermill saves twice for each cell, text too, which takes longer than most cells. What a run leaves that is killed
    in a cell is the same.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **settings: Any) -> None:
        save = nb_man.save

        def save_before_code() -> None:
            running = (cell for cell in nb_man.nb.cells if cell.metadata.papermill["status"] == nb_man.RUNNING)
            if any(cell.cell_type == "code" for cell in running):
                save()

        nb_man.save = save_before_code
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **settings)
        finally:
            nb_man.save = save


papermill_engines.register("saves_before_code", _SavesBeforeCode)


def execute(notebook: Path | NotebookNode, executed: Path, parameters: dict[str, Any], **settings: Any) -> None:
    """Execute a notebook with papermill.

    Parameters
    ----------
    notebook : Path or NotebookNode
    executed : Path
        Where the executed notebook goes, also if it is executed in part.
    parameters : dict of str to any
        What differs from the notebook's defaults. Only what `check_value` lets through becomes code that says just
        that; papermill writes names as they are, and puts quotes around a tuple or a set without a look at its own.
    **settings
        For papermill and the notebook client, such as ``progress_bar``.

    Raises
    ------
    ParameterError
        If there is no such parameter, or its value is one that it cannot take.
    RunError
        If a cell fails; the message ends in the cell's traceback. Also if the notebook's process dies.
    DiskFullError
        If a cell, or the notebook itself, finds no room to write.
    """
    for name, value in parameters.items():
        check_value(name, value)
    executed = executed.absolute()
    papermill_io.register(executed.anchor, _WholeFiles())  # "/", or a drive of Windows
    try:
        with tempfile.TemporaryDirectory() as sockets, room_needed(executed.parent):
            papermill.execute_notebook(
                notebook, executed, parameters, engine_name="saves_before_code", config=_listen(sockets), **settings
            )
        _keep_seconds(executed, Path(parameters["output_dir"]))
    except PapermillExecutionError as error:
        traceback = "\n".join(error.traceback)
        raise RunError(
            f"cell {error.exec_count} failed; the notebook up to there is {executed}\n{traceback}"
        ) from error
    except DeadKernelError as error:
        raise RunError(
            "the notebook's process died: killed, perhaps for want of memory (a smaller batch_size needs less), or"
            f" crashed in native code. The notebook up to there is {executed}"
        ) from error


def _listen(sockets: str) -> Config:
    """Let a kernel listen in a folder rather than on TCP ports, which any user of the machine can reach.

    Windows has no such sockets, and elsewhere their paths have at most 107 characters (macOS: 103); then it is TCP.
    """
    if os.name == "nt" or len(os.fsencode(sockets)) > 90:
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}})


def _keep_seconds(executed: Path, artefacts: Path) -> None:
    """Add to the record of a run what papermill has measured: the whole notebook, and the cell tagged ``training``."""
    if (artefacts / FILE_NAME).exists():
        notebook = nbformat.read(executed, as_version=4)
        training = sum(
            cell.metadata.papermill["duration"] for cell in notebook.cells if TRAINING in cell.metadata.get("tags", [])
        )
        add_seconds(artefacts, {"training": training, "total": notebook.metadata.papermill["duration"]})


def notebook_path(edition: str, language: str = "en") -> Path:
    """Find the learner's notebook of an edition; raises `RunError` as `notebooks_folder` does."""
    return notebooks_folder() / subfolder(language) / f"token_classification_{edition}.ipynb"


def load_profile(name: str) -> dict[str, Any]:
    """Read the parameters of a profile; raises `RunError` if there is none of that name or something in it is wrong.

    Paths in it are seen from the project's folder.
    """
    profiles = notebooks_folder() / "profiles"
    known = sorted(path.stem for path in profiles.glob("[!.]*.yaml"))  # "...yaml" would lead to the folder above
    if name not in known:
        raise RunError(f"there is no profile {short.repr(name)} in {profiles}; there are: {', '.join(known) or 'none'}")
    path = profiles / f"{name}.yaml"
    try:
        profile = read_yaml(path)
    except (YAMLError, OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(profile, dict):
        raise RunError(f"{path} must hold lines of the form `parameter: value`")
    try:
        check_settings(profile)
    except TutorialError as error:
        raise RunError(f"{path}: {error}") from error
    for name in {"dataset", "model"} & profile.keys():
        if profile[name].startswith(".") and not os.path.exists(profile[name]):
            profile[name] = str(CHECKOUT / profile[name])
    return profile


def check_settings(parameters: dict[str, Any]) -> None:
    """Check the parameters of a headless run, before it begins.

    Raises
    ------
    ParameterError
        If a parameter does not exist, or has a value that it cannot take.
    RunError
        If ``output_dir`` is among them.
    """
    for name, value in parameters.items():
        check_value(name, value)
    if "output_dir" in parameters:
        raise RunError("output_dir is set by the run itself: the results go to a folder below runs/")


def clear(editions: Sequence[str], folder: Path, parameters: dict[str, Any]) -> None:
    """Remove what earlier runs of some editions left in a folder, so that it cannot pass for a new run's.

    Their checkpoints stay: the notebook goes on from them or removes them, as it is told.

    Parameters
    ----------
    editions : sequence of str
        Of `EDITIONS`.
    folder : Path
    parameters : dict of str to any
        Of the new run.

    Raises
    ------
    RunError
        If the new run is to read its data or its model from there; nothing is removed then.
    OutputFolderError
        If a notebook that somebody else has started is at work there; nothing is removed then.
    """
    artefacts = [folder / edition for edition in editions]
    _require_nothing_read_from(artefacts, parameters)
    with ExitStack() as stack:
        for place in artefacts:
            stack.enter_context(claimed(place))
        for place in artefacts:
            _remove_artefacts(place)
    pages = [folder / f"{edition}{suffix}" for edition in editions for suffix in (".ipynb", ".html")]
    for path in (*pages, folder / "report.html"):
        path.unlink(missing_ok=True)


def _require_nothing_read_from(folders: Sequence[Path], parameters: dict[str, Any]) -> None:
    for name in ("dataset", "model"):
        source = os.path.expanduser(parameters.get(name, ""))
        for folder in folders:
            if os.path.exists(source) and Path(source).resolve().is_relative_to(folder.resolve()):
                raise RunError(
                    f"{name}={parameters[name]!r} lies in {folder}, which this run clears first; copy it to another"
                    " folder, and name that"
                )


def _remove_artefacts(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_file() and path.name != LOCK:
            path.unlink()
        elif path.is_dir() and path.name != CHECKPOINTS:
            shutil.rmtree(path)


def notebooks_folder() -> Path:
    """Find the notebooks: those of this folder, or else of the project; raises `RunError` if both are missing."""
    for folder in (Path("notebooks"), CHECKOUT / "notebooks"):
        if folder.is_dir():
            return folder
    raise RunError("there is no folder notebooks here; run this from the folder of the project")


def subfolder(language: str) -> str:
    """Name the folder of a language, in notebooks/ and in runs/."""
    return "" if language == "en" else language
