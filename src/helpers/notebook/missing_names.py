"""Explain names that are missing because a cell was run too early."""

import os
from pathlib import Path
from types import TracebackType

from IPython import get_ipython
from IPython.core.interactiveshell import InteractiveShell

from helpers.notebook.language import LANGUAGES, translate, use_language


def explain_missing_names(shell: InteractiveShell | None = None) -> None:
    """Answer a NameError in a cell with a sentence that says which cells to run first.

    The cell fails all the same, so that Run All stops there, and a run without a person ends with an error. A name that
    is missing in a library gets its traceback.

    Parameters
    ----------
    shell : InteractiveShell, optional
        By default the one that this runs in.
    """
    (shell or get_ipython()).set_custom_exc((NameError,), _show)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Explain missing names from a kernel's start on, in the language of the notebook that Jupyter starts it for."""
    explain_missing_names(shell)
    folders = Path(os.environ.get("JPY_SESSION_NAME", "")).parts[-3:-1]  # exercises and chapters lie a folder deeper
    for language in set(folders).intersection(LANGUAGES):
        use_language(language)


def _show(
    shell: InteractiveShell, kind: type[NameError], error: NameError, trace: TracebackType, tb_offset: int | None = None
) -> None:
    innermost = trace
    while innermost.tb_next:
        innermost = innermost.tb_next
    if innermost.tb_frame.f_globals is shell.user_ns:
        hint = translate(
            "NameError: {name} does not exist yet. Run all cells above this one first, in their order (in JupyterLab:"
            " Run > Run All Above Selected Cell; in Colab: Runtime > Run before), or look for a typing mistake."
        )
        error._render_traceback_ = lambda: [hint.format(name=error.name)]  # IPython's hook
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
