"""What a reader reads, taken out of Markdown, code and templates, and put back in another language.

The functions that translate go through a text from its beginning, ask a lookup for each message in it, and put what it
gives in the message's place. Where it gives the message itself, the text stays byte for byte as it was written.
"""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from itertools import chain
from typing import NamedTuple

from jinja2 import Environment
from jinja2.ext import extract_from_ast
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from literals import translate_literal
from syntax import line_starts, node_span

Lookup = Callable[[str], str]

MARKDOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
TEXT_BLOCKS = ("paragraph_open", "heading_open", "table_open", "html_block")
CODE_BLOCKS = ("fence", "code_block")
COMMENT_IN_BLOCK = re.compile(r"(?<!\S)# \S.*(?<!\s)", re.MULTILINE)
HARD_BREAK = re.compile(r"(?: {2}|\\)\n")
MAGIC = re.compile(r"^([ \t]*)([%!].*)", re.MULTILINE)
# What str.format fills in, and what build.py does
PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")


def messages(translate: Callable[[str, Lookup], str], text: str) -> list[str]:
    """List what a translating function looks up in a text, in the text's order, repetitions included."""
    found = []

    def note(message: str) -> str:
        found.append(message)
        return message

    translate(text, note)
    return found


def translate_markdown(text: str, lookup: Lookup) -> str:
    """Translate Markdown.

    A message is a heading, a paragraph, a list item (with its marker), a table, or a block of HTML. Line breaks within
    a paragraph or list item count as spaces, so that wrapping it anew changes no message. Of code, only the comments
    are messages.

    Parameters
    ----------
    text : str
        Lines end in LF.
    lookup : callable
        Gives the translation of a message, or the message itself.

    Returns
    -------
    str
    """
    lines = text.split("\n")
    translated, position = [], 0
    for token in MARKDOWN.parse(text):
        if token.type in TEXT_BLOCKS + CODE_BLOCKS:
            first, last = token.map
            block = "\n".join(lines[first:last])
            if token.type in CODE_BLOCKS:
                block = COMMENT_IN_BLOCK.sub(lambda comment: _translate_comment(comment[0], lookup), block)
            else:
                block = _translate_block(block, lookup)
            translated += [*lines[position:first], block]
            position = last
    return "\n".join(translated + lines[position:])


def _translate_block(block: str, lookup: Lookup) -> str:
    text = block.strip()
    if not _has_prose(text):
        return block
    # In a table, in HTML, in a quotation and where a line is broken on purpose, line breaks mean something.
    verbatim = text.startswith(("|", "<", ">")) or HARD_BREAK.search(text)
    message = text if verbatim else re.sub(r"\s*\n\s*", " ", text)
    translation = lookup(message)
    return block if translation == message else block.replace(text, translation)


def _has_prose(text: str) -> bool:
    (inline,) = MARKDOWN.parseInline(PLACEHOLDER.sub("", text))
    return any(_has_letter(token.content) for token in inline.children if token.type in ("text", "image"))


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))


def _translate_comment(comment: str, lookup: Lookup) -> str:
    text = comment.lstrip("#").strip()
    translation = lookup(text) if _has_letter(text) else text
    return comment if translation == text else "# " + translation.replace("\n", " ")


class _Passage(NamedTuple):
    """A part of a cell's code that is translated, as offsets in characters, and the function that does it."""

    start: int
    end: int
    translate: Callable[[str, Lookup], str]


def translate_code(source: str, lookup: Lookup) -> str:
    """Translate the comments and docstrings of a code cell, and what it prints or describes a progress bar with.

    A message is a comment, a docstring, or a string that is an argument of ``print`` or an argument ``desc=``, or one
    of the two in ``a if b else c`` there; `literals` says how a string becomes a message. Strings that the code works
    with, such as keys or what is given to another function, are left alone.

    Parameters
    ----------
    source : str
        Python, IPython's magics included: lines that begin with ``%`` or ``!``.
    lookup : callable
        Gives the translation of a message, or the message itself.

    Returns
    -------
    str
        The same code but for the comments and strings.

    Raises
    ------
    SyntaxError
        If the source does not parse.
    ValueError
        If a string is not written as `literals.translate_literal` demands, or its translation would break it.
    """
    code, tree = parse_cell(source)
    pieces, position = [], 0
    for start, end, translate in sorted([*_comments(code), *_strings(code, tree)]):
        pieces += [source[position:start], translate(source[start:end], lookup)]
        position = end
    return "".join(pieces) + source[position:]


def parse_cell(source: str) -> tuple[str, ast.Module]:
    """Parse a cell's code; gives it with its magics replaced by statements of the same length, and its syntax tree."""
    try:
        return source, ast.parse(source)
    except SyntaxError:
        # A statement of the same length for each magic, so that everything else stays where it is.
        code = MAGIC.sub(lambda match: match[1] + "0".ljust(len(match[2])), source)
        return code, ast.parse(code)


def _comments(code: str) -> Iterator[_Passage]:
    starts = line_starts(code)
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            start = starts[row - 1] + column
            yield _Passage(start, start + len(token.string), _translate_comment)


def _strings(code: str, tree: ast.Module) -> Iterator[_Passage]:
    for node in _shown_strings(tree):
        start, end = node_span(code, node)
        yield _Passage(start, end, translate_literal)


def _shown_strings(tree: ast.Module) -> Iterator[ast.expr]:
    """Find the strings that a reader sees when the code runs."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("print"), args=shown):
                pass
            case ast.keyword("desc", argument):
                shown = [argument]
            case ast.FunctionDef(body=[ast.Expr(docstring), *_]) | ast.ClassDef(body=[ast.Expr(docstring), *_]):
                shown = [docstring]
            case _:
                shown = []
        branches = [(value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,) for value in shown]
        yield from (value for value in chain(*branches) if _is_string(value))


def _is_string(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def helper_messages(source: str) -> list[str]:
    """List what a helper's source gives to ``translate``; raises ValueError where that is no string literal."""
    calls = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name("translate"), args=[ast.Constant(str() as message)]):
                calls.append((node.lineno, node.col_offset, message))
            case ast.Call(func=ast.Name("translate")):
                raise ValueError(f"line {node.lineno}: translate takes a string literal, not {ast.unparse(node)}")
    return [message for _, _, message in sorted(calls)]


def template_messages(source: str) -> list[str]:
    """List what a Jinja template gives to ``_``."""
    return [message for _, _, message in extract_from_ast(Environment().parse(source), ["_"])]
