"""An exercise as the learner gets it: the solution's code with gaps."""

import ast
import re

from syntax import line_starts, node_span, parses

COMMENTS_AT_END = re.compile(r"(?:[ \t]*#.*)?(?:\n[ \t]+#.*)*")


def make_gaps(source: str) -> tuple[str, str]:
    """Take the solution out of an exercise.

    Each value that is assigned and each function's body becomes ``...``. Signatures and docstrings stay, and so do
    imports and expressions, such as the call of a check.

    Parameters
    ----------
    source : str
        Python; assignments, functions, imports and expressions.

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
    statements = ast.parse(source).body
    for statement in statements:
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.Expr():
                continue
            case ast.Assign() | ast.AnnAssign(value=ast.expr()):
                start, end = _value_span(source, statement)
                gap = " ..."
            case ast.FunctionDef():
                start, end = _body_span(source, statement)
                gap = "\n    ..."
            case _:
                raise ValueError(f"an exercise cannot hold this statement: {ast.unparse(statement)}")
        exercise += source[position:start] + gap
        solution.append(source[_start(source, statement) : end])
        position = end
    if not solution:
        raise ValueError(f"an exercise needs an assignment or a function to fill in:\n{source}")
    has_function = any(isinstance(statement, ast.FunctionDef) for statement in statements)
    return exercise + source[position:], ("\n\n\n" if has_function else "\n").join(solution)


def _start(source: str, statement: ast.stmt) -> int:
    if decorators := getattr(statement, "decorator_list", []):
        return line_starts(source)[decorators[0].lineno - 1]
    return node_span(source, statement)[0]


def _value_span(source: str, statement: ast.Assign | ast.AnnAssign) -> tuple[int, int]:
    """Find what stands behind the last equals sign, brackets around the value included."""
    left = statement.targets[-1] if isinstance(statement, ast.Assign) else statement.annotation
    start = source.index("=", node_span(source, left)[1]) + 1
    return start, node_span(source, statement)[1]


def _body_span(source: str, function: ast.FunctionDef) -> tuple[int, int]:
    """Find what stands behind a function's docstring or signature, comments after the last line included."""
    start, end = node_span(source, function)
    if ast.get_docstring(function) is None:
        # The signature ends at the first colon with which it parses.
        colons = (match.end() for match in re.finditer(":", source[start:end]))
        start += next(colon for colon in colons if parses(f"{source[start : start + colon]} ..."))
    else:
        start = node_span(source, function.body[0])[1]
    return start, COMMENTS_AT_END.match(source, end).end()
