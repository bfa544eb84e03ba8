"""An exercise as the learner gets it: the solution's code with gaps."""

import ast
import re

from syntax import node_span

COMMENTS_AT_END = re.compile(r"(?:[ \t]*#.*)?(?:\n[ \t]+#.*)*")


def make_gaps(source: str) -> tuple[str, str]:
    """Take the solution out of an exercise.

    Each value that is assigned and each function's body becomes ``...``. Signatures and docstrings stay, and so do
    expressions, such as the call of a check.

    Parameters
    ----------
    source : str
        Python; assignments, functions with a docstring, and expressions.

    Returns
    -------
    exercise, solution : str
        The source with gaps, and the statements that now have one, as they were.

    Raises
    ------
    ValueError
        If there is nothing to take out, or a statement of another kind, which would give the solution away.
    """
    exercise, solution, position = "", [], 0
    for statement in ast.parse(source).body:
        match statement:
            case ast.Expr():
                continue
            case ast.Assign():
                start, end = _value_span(source, statement)
                gap = " ..."
            case ast.FunctionDef() if ast.get_docstring(statement) and not statement.decorator_list:
                start, end = _body_span(source, statement)
                gap = "\n    ..."
            case _:
                raise ValueError(f"an exercise cannot hold this statement: {ast.unparse(statement)}")
        exercise += source[position:start] + gap
        solution.append(source[node_span(source, statement)[0] : end])
        position = end
    if not solution:
        raise ValueError(f"an exercise needs an assignment or a function to fill in:\n{source}")
    return exercise + source[position:], "\n".join(solution)


def _value_span(source: str, assignment: ast.Assign) -> tuple[int, int]:
    """Find what stands behind the last equals sign, brackets around the value included."""
    start = source.index("=", node_span(source, assignment.targets[-1])[1]) + 1
    return start, node_span(source, assignment)[1]


def _body_span(source: str, function: ast.FunctionDef) -> tuple[int, int]:
    """Find what stands behind a function's docstring, comments after the last line included."""
    start = node_span(source, function.body[0])[1]
    return start, COMMENTS_AT_END.match(source, node_span(source, function)[1]).end()
