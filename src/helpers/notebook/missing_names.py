"""What a notebook says when a cell is run too early: which section to run first."""

import json
import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any

from IPython import get_ipython
from IPython.core.interactiveshell import InteractiveShell

from helpers.notebook.language import LANGUAGES, current_language, translate, use_language

TABLE = files("helpers.notebook") / "sections.json"  # built with the notebooks


def explain_missing_names(shell: InteractiveShell | None = None) -> None:
    """Answer a NameError in a cell with a sentence, where it is about a name that another cell defines.

    The cell fails all the same, so that Run All stops there, and a run without a person ends with an error.

    Parameters
    ----------
    shell : InteractiveShell, optional
        By default the one that this runs in.
    """
    (shell or get_ipython()).set_custom_exc((NameError,), _show)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Explain missing names from a kernel's start on, in the language of the notebook that Jupyter starts it for."""
    explain_missing_names(shell)
    folder = Path(os.environ.get("JPY_SESSION_NAME", "")).parent.name
    if folder in LANGUAGES:
        use_language(folder)


def missing_name(error: NameError, trace: TracebackType, namespace: Mapping[str, Any]) -> str | None:
    """Say which section defines the name that is missing.

    Parameters
    ----------
    error : NameError
    trace : traceback
        Of the error.
    namespace : mapping of str to any
        The notebook's variables.

    Returns
    -------
    str or None
        A sentence; None if no cell defines the name, or if it is missing in a library rather than in a cell.
    """
    while trace.tb_next:
        trace = trace.tb_next
    section = _sections(current_language()).get(error.name)
    if section is None or trace.tb_frame.f_globals is not namespace:
        return None
    text = translate(
        "{name} does not exist yet: it is made in section “{section}”, by a cell that has not run. Run all cells above"
        " this one first, in their order (in JupyterLab: Run > Run All Above Selected Cell; in Colab: Runtime > Run"
        " before)."
    )
    return text.format(name=error.name, section=section)


def _show(
    shell: InteractiveShell, kind: type[NameError], error: NameError, trace: TracebackType, tb_offset: int | None = None
) -> None:
    sentence = missing_name(error, trace, shell.user_ns)
    if sentence is not None:
        error._render_traceback_ = lambda: [sentence]  # IPython's hook, as in `exceptions`
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


@cache
def _sections(language: str) -> dict[str, str]:
    """Read the heading of the section that defines a name, for each name."""
    sections = json.loads(TABLE.read_text(encoding="utf-8"))
    return {name: section[language] for section in sections for name in section["names"]}
