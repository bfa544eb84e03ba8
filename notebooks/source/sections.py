"""Which section of the notebooks makes which names: the table that `helpers.notebook.missing_names` reads."""

import json
import re
import symtable

from nbformat import NotebookNode

from translation import Lookup, parse_cell

HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def sections_table(source: NotebookNode, lookup: Lookup) -> str:
    """List the sections with the names that each is the first to define.

    Parameters
    ----------
    source : NotebookNode
        With the cells of both editions, whose sections have the same headings.
    lookup : callable
        Gives the Korean translation of a message.

    Returns
    -------
    str
        JSON: a list of objects with the heading as ``en`` and ``ko``, and the ``names``.
    """
    sections, known = [], set()
    for cell in source.cells:
        if cell.cell_type == "markdown":
            for heading in HEADING.findall(cell.source):
                korean = lookup(f"## {heading}").removeprefix("## ")
                sections.append({"en": heading, "ko": korean, "names": []})
        else:
            new = _defined(cell.source) - known
            sections[-1]["names"] += sorted(new)
            known |= new
    return json.dumps([section for section in sections if section["names"]], ensure_ascii=False, indent=1) + "\n"


def _defined(code: str) -> set[str]:
    """Find the names that a cell makes, other than those that live in its functions."""
    symbols = symtable.symtable(parse_cell(code)[0], "cell", "exec").get_symbols()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
