"""Run editions of the notebook headless."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import papermill
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.iorw import LocalHandler, papermill_io
from traitlets.config import Config
from yaml import YAMLError

from helpers.disk.files import atomic_write, atomic_write_text, room_needed
from helpers.disk.locks import LOCK, claimed
from helpers.errors import OutputFolderError, ResultsError, RunError, TutorialError
from helpers.notebook.editions import EDITIONS
from helpers.notebook.language import translate
from helpers.notebook.parameters import check_value, short
from helpers.notebook.results import FILE_NAME, add_seconds, read_results, results_table
from helpers.notebook.secrets import redact_tokens
from helpers.run.pages import render_html, write_report
from helpers.run.plain_yaml import read_yaml

CHECKOUT = Path(__file__).resolve().parents[3]  # where the helpers are not installed by themselves, as in Colab
RUNS = Path("runs")
TRAINING = "training"  # the tag of the cell that trains
FOR_SOCKETS = "/tmp" if os.access("/tmp", os.W_OK) else None  # as their paths must be short
LONGEST_FOLDER = 90  # bytes; a socket's path has at most 107, on macOS 103
UNFINISHED = ".unfinished"  # behind an edition's name
NAME_THEIR_FOLDER = (FILE_NAME, "trainer_state.json")


def run_editions(editions: Sequence[str], parameters: dict[str, Any], folder: Path, language: str = "en") -> None:
    """Run some editions one after the other, write the report page, and print their results as a table.

    The folder gets ``<edition>.ipynb`` and ``.html``, the folder ``<edition>`` with the artefacts, and ``report.html``.
    A run that finishes replaces what an earlier one has left there. One that fails leaves that as it is, and its own
    notebook and artefacts as ``<edition>.unfinished``, until the next run.

    Raises as `check_settings` and `execute` do; `RunError` for data or a model in what a run that failed has left,
    which is removed first; `OutputFolderError` if another run is at work there, or an edition's folder is a link.
    """
    check_settings(parameters)
    _require_no_links(folder, editions)
    with ExitStack() as stack:
        for edition in editions:
            stack.enter_context(claimed(folder / edition))
        _require_nothing_read_from([unfinished(folder, edition) for edition in editions], parameters)
        for edition in editions:
            remove_unfinished(folder, edition)
        stack.enter_context(room_needed(folder))
        finished = []
        try:
            for edition in editions:
                notebook, artefacts = notebook_path(edition, language), unfinished(folder, edition)
                artefacts.mkdir(parents=True, exist_ok=True)
                place = folder / f"{edition}.ipynb"
                print(translate("Running {notebook} -> {place}", notebook=notebook, place=place), flush=True)
                settings = parameters | {"output_dir": artefacts.as_posix()}
                execute(notebook, unfinished(folder, edition, ".ipynb"), settings)
                finished.append(edition)
        finally:
            # All at once, as another edition may have read what an earlier run has left.
            for edition in finished:
                put_in_place(folder, edition)
            _write_pages(folder, editions, finished, language)


def _write_pages(folder: Path, editions: Sequence[str], finished: Sequence[str], language: str) -> None:
    """Write the report, if an edition has finished, and the pages of those that were run, whether they have or not."""
    runs = []
    for edition in EDITIONS if finished else ():  # one that was run before stands beside the new one
        if (folder / edition / FILE_NAME).exists():
            try:
                runs.append(read_results(folder / edition, edition))
            except ResultsError as error:
                print(translate("Left out: {error}", error=error))
    if runs:
        report = write_report(runs, folder)
        print(results_table(runs).round(3).to_string(), translate("Report: {path}", path=report), sep="\n")
    for edition in editions:
        executed = folder / f"{edition}.ipynb" if edition in finished else unfinished(folder, edition, ".ipynb")
        if executed.exists():
            render_html(executed, notebook_path(edition, language).parent, language)


def unfinished(folder: Path, edition: str, suffix: str = "") -> Path:
    """Name the folder that an edition writes to while it runs, or with ``.ipynb`` the executed notebook."""
    return folder / f"{edition}{UNFINISHED}{suffix}"


def _require_no_links(folder: Path, editions: Sequence[str]) -> None:
    for name in (f"{edition}{suffix}" for edition in editions for suffix in ("", UNFINISHED)):
        if (folder / name).resolve() != folder.resolve() / name:
            text = translate(
                "{path} is a link, and a run replaces nothing that lies elsewhere. Remove the link; what it leads to"
                " stays. To have the results on another disk, let {folder} itself be a link"
            )
            raise OutputFolderError(text, path=folder / name, folder=folder)


def remove_unfinished(folder: Path, edition: str) -> None:
    """Remove what a run has left that failed or was killed; raises `OutputFolderError` if it is still at work."""
    artefacts = unfinished(folder, edition)
    if artefacts.exists():
        with claimed(artefacts):
            pass
        shutil.rmtree(artefacts)
    for suffix in (".ipynb", ".html"):
        unfinished(folder, edition, suffix).unlink(missing_ok=True)


def put_in_place(folder: Path, edition: str) -> None:
    """Let a run that has finished replace what an earlier one has left: what has the same names, and nothing else.

    The record goes first and comes last, so that it never stands beside parts of another run. Raises `RunError` if
    something cannot be moved, such as, in Windows, a file that a program has open.
    """
    artefacts, notebook, home = unfinished(folder, edition), unfinished(folder, edition, ".ipynb"), folder / edition
    for path in (notebook, *(path for name in NAME_THEIR_FOLDER for path in artefacts.rglob(name))):
        text = path.read_text(encoding="utf-8")  # it shall name the folder that readers will find
        atomic_write_text(path, text.replace(f"{edition}{UNFINISHED}", edition))
    results = sorted(artefacts.iterdir(), key=lambda path: path.name == FILE_NAME)
    moves = {notebook: folder / f"{edition}.ipynb"}
    moves |= {path: home / path.name for path in results if path.name != LOCK}
    try:
        (home / FILE_NAME).unlink(missing_ok=True)
        for new, old in moves.items():
            if old.is_dir() and not old.is_symlink():
                shutil.rmtree(old)
            new.replace(old)
    except OSError as error:
        text = translate(
            "the run has finished, but {path} cannot be replaced: {reason}. Close what has it open, and move what is"
            " left in {folder} to {home} before the next run removes it"
        )
        raise RunError(text, path=error.filename, reason=error.strerror, folder=artefacts, home=home) from error
    shutil.rmtree(artefacts, ignore_errors=True)


class _WholeFiles(LocalHandler):
    """Writes notebooks as papermill does, after each cell, but whole or not at all, and without access tokens."""

    def write(self, buf: str, path: str) -> None:
        with atomic_write(Path(path)) as unfinished_file:
            super().write(redact_tokens(buf), str(unfinished_file))


class _SavesBeforeCode(NBClientEngine):
    """Saves before each code cell, and at the end: papermill's two times for each cell take longer than most."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **settings: Any) -> None:
        def is_due(cell: NotebookNode) -> bool:
            return cell.cell_type == "code" and cell.metadata.papermill["status"] == nb_man.RUNNING

        save = nb_man.save
        nb_man.save = lambda: save() if any(map(is_due, nb_man.nb.cells)) else None
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **settings)
        finally:
            nb_man.save = save


papermill_engines.register("saves_before_code", _SavesBeforeCode)


def execute(notebook: Path | NotebookNode, executed: Path, parameters: dict[str, Any], **settings: Any) -> None:
    """Execute a notebook with papermill, into a file that is there also if it is executed in part.

    Only what `check_value` lets through becomes code; papermill writes names as they are, and quotes a tuple without a
    look at its own quotes. Raises as that and `room_needed` do; `RunError` if a cell fails, with its traceback, or the
    process dies or doesn't start.
    """
    for name, value in parameters.items():
        check_value(name, value)
    executed = executed.absolute()
    papermill_io.register(executed.anchor, _WholeFiles())  # "/", or a drive of Windows
    try:
        with tempfile.TemporaryDirectory(dir=FOR_SOCKETS) as sockets, room_needed(executed.parent):
            done = papermill.execute_notebook(
                notebook, executed, parameters, engine_name="saves_before_code", config=_listen(sockets), **settings
            )
    except (PapermillExecutionError, RuntimeError) as error:  # RuntimeError: jupyter_client has no class of its own
        raise RunError(_explain(error, executed)) from error
    artefacts = Path(parameters["output_dir"])
    if (artefacts / FILE_NAME).exists():
        training = [cell.metadata for cell in done.cells if TRAINING in cell.metadata.get("tags", [])]
        seconds = {"training": sum(metadata.papermill["duration"] for metadata in training)}
        add_seconds(artefacts, seconds | {"total": done.metadata.papermill["duration"]})


def _explain(error: PapermillExecutionError | RuntimeError, executed: Path) -> str:
    if isinstance(error, PapermillExecutionError):
        # What IPython cannot format, it prints.
        traceback = "\n".join(error.traceback) or translate(
            "Its traceback stands there; perhaps it may open too few files (`ulimit -n 4096` allows more)"
        )
        said = translate(
            "cell {number} failed; the notebook up to there is {path}", number=error.exec_count, path=executed
        )
        return f"{said}\n{traceback}"
    if isinstance(error, DeadKernelError):
        return translate(
            "the notebook's process died: killed, perhaps for want of memory (a smaller batch_size needs less), or"
            " crashed in native code, perhaps as it may open too few files (`ulimit -n 4096` allows more). The notebook"
            " up to there is {path}",
            path=executed,
        )
    return translate(
        "the notebook's process did not start: {error}. What it printed above may say why; perhaps it may open too few"
        " files (`ulimit -n 4096` allows more)",
        error=error,
    )


def _listen(sockets: str) -> Config:
    """Let a kernel listen in a folder, if it can, rather than on TCP ports, which any user of the machine can reach."""
    if os.name == "nt" or len(os.fsencode(sockets)) > LONGEST_FOLDER:
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}})


def notebook_path(edition: str, language: str = "en") -> Path:
    """Find the learner's notebook of an edition; raises `RunError` if it is missing or no file."""
    path = notebooks_folder() / subfolder(language) / f"token_classification_{edition}.ipynb"
    if not path.is_file():
        raise RunError(translate("there is no notebook {path}; get it again from the project"), path=path)
    return path


def load_profile(name: str) -> dict[str, Any]:
    """Read the parameters of a profile, with paths as seen from the project; raises `RunError` if it is none."""
    profiles = notebooks_folder() / "profiles"
    known = sorted(path.stem for path in profiles.glob("[!.]*.yaml"))  # "...yaml" would lead to the folder above
    if name not in known:
        text, there = translate("there is no profile {name} in {folder}; there are: {names}"), ", ".join(known)
        raise RunError(text, name=short.repr(name), folder=profiles, names=there or translate("none"))
    path = profiles / f"{name}.yaml"
    try:
        profile = read_yaml(path)
        if not isinstance(profile, dict):
            raise ValueError(translate("it must hold lines of the form `parameter: value`"))
        check_settings(profile)
    except TutorialError as error:
        raise RunError(f"{path}: {error}") from error
    except (YAMLError, OSError, ValueError, RecursionError) as error:
        raise RunError(translate("{path} cannot be read as YAML: {reason}"), path=path, reason=error) from error
    for source in {"dataset", "model"} & profile.keys():
        if profile[source].startswith(".") and not os.path.exists(profile[source]):
            profile[source] = str(CHECKOUT / profile[source])
    return profile


def check_settings(parameters: dict[str, Any]) -> None:
    """Check the parameters of a headless run; raises as `check_value` does, and `RunError` for ``output_dir``."""
    for name, value in parameters.items():
        check_value(name, value)
    if "output_dir" in parameters:
        raise RunError(translate("output_dir is set by the run itself: the results go to a folder below runs/"))


def _require_nothing_read_from(folders: Sequence[Path], parameters: dict[str, Any]) -> None:
    for name in ("dataset", "model"):
        source = os.path.expanduser(parameters.get(name, ""))
        for folder in folders:
            if os.path.exists(source) and Path(source).resolve().is_relative_to(folder.resolve()):
                text = translate(
                    "{name}={path} lies in {folder}, which this run removes first; move it to another folder, and name"
                    " that"
                )
                raise RunError(text, name=name, path=repr(parameters[name]), folder=folder)


def notebooks_folder() -> Path:
    """Find the notebooks: those of this folder, or else of the project; raises `RunError` if both are missing."""
    for folder in (Path("notebooks"), CHECKOUT / "notebooks"):
        if folder.is_dir():
            return folder
    raise RunError(translate("there is no folder notebooks here; run this from the folder of the project"))


def subfolder(language: str) -> str:
    """Name the folder of a language, in notebooks/ and in runs/."""
    return "" if language == "en" else language
