"""Name what goes wrong in regression runs alone."""

from helpers.errors import TutorialError


class MatrixError(TutorialError):
    """A matrix of regression runs is not well-formed, or names something that does not exist."""


class BaselineError(TutorialError):
    """A baseline cannot be read, or there is nothing that could become one."""
