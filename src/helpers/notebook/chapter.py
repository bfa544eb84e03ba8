"""Open a chapter: check its parameters' names, and keep the libraries quiet."""

from collections.abc import Mapping
from typing import Any

from helpers.notebook.language import use_language
from helpers.notebook.parameters import check_names
from helpers.notebook.startup import quieten_transformers, use_writable_caches


def open_chapter(namespace: Mapping[str, Any], language: str) -> None:
    """Do what each chapter needs at its beginning, as `helpers.notebook.session.start` does for the lesson.

    Parameters
    ----------
    namespace : mapping of str to any
        The notebook's ``globals()``.
    language : {"en", "ko"}
        Of what helpers show.

    Raises
    ------
    ParameterError
        If papermill was given a name that is no parameter of the chapter.
    """
    check_names(namespace)
    use_language(language)
    use_writable_caches()
    quieten_transformers()
