"""Run editions of the notebook headless."""

import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode, ValidationError
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.iorw import LocalHandler, papermill_io
from traitlets.config import Config
from yaml import YAMLError

from helpers.errors import ResultsError, RunError, TutorialError
from helpers.files import room_needed, written_whole
from helpers.notebook.editions import EDITIONS
from helpers.notebook.locks import claimed
from helpers.notebook.parameters import check_value, short
from helpers.notebook.results import FILE_NAME, add_seconds, read_results, results_table
from helpers.notebook.secrets import redact_tokens
from helpers.run.pages import render_html
from helpers.run.plain_yaml import read_yaml
from helpers.run.replace import (
    put_in_place,
    remove_unfinished,
    require_no_link,
    unfinished_artefacts,
    unfinished_notebook,
)
from helpers.run.report import write_report

CHECKOUT = Path(__file__).resolve().parents[3]  # where the helpers are not installed by themselves, as in Colab
RUNS = Path("runs")
TRAINING = "training"  # the tag of the cell that trains
LONGEST_FOLDER = 78  # bytes, of the one for temporary files; a socket's path has at most 107, on macOS 103


def run_editions(editions: Sequence[str], parameters: dict[str, Any], folder: Path, language: str = "en") -> None:
    """Run some editions one after the other, write the report page, and print their results as a table.

    A run that finishes replaces what an earlier one has left in the folder. One that fails leaves that as it is, and
    its own notebook and artefacts as ``<edition>.unfinished``, until the next run.

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
        for data or a model in what is left of a run that failed, which is removed first.
    OutputFolderError
        If another run is at work there, or an edition's folder is a link.
    DiskFullError
        If there is no room for the notebooks or pages.
    OpenFilesError
        If more files are to be open than the system allows.
    """
    check_settings(parameters)
    with ExitStack() as stack:
        for edition in editions:
            stack.enter_context(claimed(folder, f".{edition}.lock"))
            require_no_link(folder, edition)
        for edition in editions:
            stack.enter_context(claimed(folder / edition))  # by a notebook that somebody has started there
        _require_nothing_read_from([unfinished_artefacts(folder, edition) for edition in editions], parameters)
        for edition in editions:
            remove_unfinished(folder, edition)
        stack.enter_context(room_needed(folder))
        finished = []
        try:
            for edition in editions:
                run_notebook(edition, parameters, folder, language)
                finished.append(edition)
        finally:
            # All at once, as another edition may have read what an earlier run has left.
            for edition in finished:
                put_in_place(folder, edition)
            runs, left_out = _results(folder) if finished else ([], [])
            report = write_report(runs, folder) if runs else None
            left_out += _render_pages(folder, editions, finished, language)
        for message in left_out:
            print(f"Left out: {message}")
        if report:
            print(results_table(runs).round(3).to_string())
            print(f"Report: {report}")


def _results(folder: Path) -> tuple[list[dict], list[str]]:
    """Read the results of all editions, as one that was run before stands beside the new one, if it can be read."""
    runs, left_out = [], []
    for edition in EDITIONS:
        if (folder / edition / FILE_NAME).exists():
            try:
                runs.append(read_results(folder / edition, edition))
            except ResultsError as error:
                left_out.append(str(error))
    return runs, left_out


def _render_pages(folder: Path, editions: Sequence[str], finished: Sequence[str], language: str) -> list[str]:
    """Render what there is of notebooks that have failed, and, if one has finished, all others, which link to it.

    Returns
    -------
    list of str
        Why notebooks of earlier runs have no new page: somebody may have worked on them.
    """
    left_out = []
    failed = [unfinished_notebook(folder, edition) for edition in editions]
    for executed in failed + [folder / f"{edition}.ipynb" for edition in EDITIONS if finished]:
        if executed.exists():
            try:
                render_html(executed, notebook_path("pytorch", language).parent, language)
            except (ValueError, TypeError, LookupError, AttributeError, ValidationError) as error:
                if executed.stem in finished:
                    raise
                reason, _, _ = str(error).partition("\n")
                left_out.append(f"{executed} is no notebook: {reason}")
    return left_out


def run_notebook(edition: str, parameters: dict[str, Any], folder: Path, language: str = "en") -> None:
    """Execute one edition, with a progress bar over its cells; its results have their unfinished names.

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
    artefacts = unfinished_artefacts(folder, edition)
    artefacts.mkdir(parents=True, exist_ok=True)
    print(f"Running {notebook} -> {folder / edition}.ipynb", flush=True)
    execute(notebook, unfinished_notebook(folder, edition), parameters | {"output_dir": artefacts.as_posix()})


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
        If a cell fails; the message ends in the cell's traceback. Also if the notebook's process dies or doesn't start.
    DiskFullError
        If a cell, or the notebook itself, finds no room to write.
    OpenFilesError
        If more files are to be open than the system allows.
    """
    for name, value in parameters.items():
        check_value(name, value)
    executed = executed.absolute()
    papermill_io.register(executed.anchor, _WholeFiles())  # "/", or a drive of Windows
    try:
        with tempfile.TemporaryDirectory(dir=_folder_for_sockets()) as sockets, room_needed(executed.parent):
            try:
                papermill.execute_notebook(
                    notebook, executed, parameters, engine_name="saves_before_code", config=_listen(sockets), **settings
                )
            except PapermillExecutionError as error:
                error.traceback = error.traceback or _printed_instead(executed, error.exec_count)
                raise
        _keep_seconds(executed, Path(parameters["output_dir"]))
    except PapermillExecutionError as error:
        traceback = "\n".join(error.traceback)
        raise RunError(
            f"cell {error.exec_count} failed; the notebook up to there is {executed}\n{traceback}"
        ) from error
    except DeadKernelError as error:
        raise RunError(
            "the notebook's process died: killed, perhaps for want of memory (a smaller batch_size needs less), or"
            " crashed in native code, perhaps as it may open too few files (`ulimit -n 4096` allows more). The notebook"
            f" up to there is {executed}"
        ) from error
    except RuntimeError as error:  # by jupyter_client, which has no class of its own for it
        raise RunError(
            f"the notebook's process did not start: {error}. What it printed above may say why; perhaps it may open too"
            " few files (`ulimit -n 4096` allows more)"
        ) from error


def _printed_instead(executed: Path, number: int) -> list[str]:
    """Find what a cell has printed to stderr, where IPython prints a traceback that it cannot format."""
    cells = [cell for cell in nbformat.read(executed, as_version=4).cells if cell.get("execution_count") == number]
    return [output.text for cell in cells for output in cell.get("outputs", []) if output.get("name") == "stderr"]


def _folder_for_sockets() -> str | None:
    """Find a folder for temporary files whose name is short enough for sockets: the usual one, or else /tmp."""
    if len(os.fsencode(tempfile.gettempdir())) > LONGEST_FOLDER and os.access("/tmp", os.W_OK):
        return "/tmp"
    return None


def _listen(sockets: str) -> Config:
    """Let a kernel listen in a folder rather than on TCP ports, which any user of the machine can reach.

    Not in Windows, which has no such sockets, nor where no short name can be had.
    """
    if os.name == "nt" or len(os.fsencode(sockets)) > LONGEST_FOLDER + len("/tmp01234567"):
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
    """Find the learner's notebook of an edition; raises `RunError` if it is missing or no file."""
    path = notebooks_folder() / subfolder(language) / f"token_classification_{edition}.ipynb"
    if not path.is_file():
        raise RunError(f"there is no notebook {path}; get it again from the project")
    return path


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


def _require_nothing_read_from(folders: Sequence[Path], parameters: dict[str, Any]) -> None:
    for name in ("dataset", "model"):
        source = os.path.expanduser(parameters.get(name, ""))
        for folder in folders:
            if os.path.exists(source) and Path(source).resolve().is_relative_to(folder.resolve()):
                raise RunError(
                    f"{name}={parameters[name]!r} lies in {folder}, which this run removes first; move it to another"
                    " folder, and name that"
                )


def notebooks_folder() -> Path:
    """Find the notebooks: those of this folder, or else of the project; raises `RunError` if both are missing."""
    for folder in (Path("notebooks"), CHECKOUT / "notebooks"):
        if folder.is_dir():
            return folder
    raise RunError("there is no folder notebooks here; run this from the folder of the project")


def subfolder(language: str) -> str:
    """Name the folder of a language, in notebooks/ and in runs/."""
    return "" if language == "en" else language
