"""Explain names that are missing because a cell was run too early."""

import os
from pathlib import Path
from traceback import walk_tb
from types import TracebackType

from IPython.core.interactiveshell import InteractiveShell

from helpers.notebook.language import LANGUAGES, translate, use_language


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Answer a NameError in a cell, which fails all the same, with a sentence that says which cells to run first.

    A name that is missing in a library gets its traceback. The language is that of the notebook's folder.
    """
    shell.set_custom_exc((NameError,), _show)
    folders = Path(os.environ.get("JPY_SESSION_NAME", "")).parts[-3:-1]  # exercises and chapters lie a folder deeper
    for language in set(folders).intersection(LANGUAGES):
        use_language(language)


def _show(
    shell: InteractiveShell, kind: type[NameError], error: NameError, trace: TracebackType, tb_offset: int | None = None
) -> None:
    *_, (innermost, _) = walk_tb(trace)
    if innermost.f_globals is shell.user_ns:
        hint = translate(
            "NameError: {name} does not exist yet. Run all cells above this one first, in their order (in JupyterLab:"
            " Run > Run All Above Selected Cell; in Colab: Runtime > Run before), or look for a typing mistake.",
            name=error.name,
        )
        error._render_traceback_ = lambda: [hint]  # IPython's hook
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
