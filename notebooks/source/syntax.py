"""Where something stands in Python source, as an offset in characters."""

import ast
from itertools import accumulate


def line_starts(source: str) -> list[int]:
    """List the offset at which each line begins."""
    return [0, *accumulate(len(line) + 1 for line in source.split("\n"))]


def node_span(source: str, node: ast.stmt | ast.expr) -> tuple[int, int]:
    """Tell the offsets at which a syntax node of a source begins and ends."""
    lines, starts = source.split("\n"), line_starts(source)

    def offset(row: int, column: int) -> int:
        # ast counts columns in bytes of UTF-8
        return starts[row - 1] + len(lines[row - 1].encode()[:column].decode())

    return offset(node.lineno, node.col_offset), offset(node.end_lineno, node.end_col_offset)
