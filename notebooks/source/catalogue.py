"""Catalogues of translations in gettext's format: kept in step with their sources, and checked."""

import re
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import polib
from markdown_it.token import Token

from translation import MARKDOWN, PLACEHOLDER

WIDTH = 100
SIMILAR = 0.6  # difflib's ratio from which a new message takes a vanished one's translation over
HEADER = """Korean translations; the terms and the style are those of notebooks/source/glossary.ko.md.

Edit msgstr alone, then run `make notebooks`: it takes all else from the English sources, wraps the lines, and builds
the Korean texts. Where msgstr is empty, readers see English.

"fuzzy" marks a message whose English has changed since; "#|" shows what it was. Readers see English until the
translation is mended and the word fuzzy deleted.

A test compares the markup: `code`, $maths$, {placeholders}, link targets, **, heading and list marks, tables, HTML.
Keep link targets as they are, also of README.md: what they lead to in Korean is found by itself.
A ** behind a bracket or full stop does not close before a letter. So **토큰**(token)은, not **토큰(token)**은."""
METADATA = {
    "Language": "ko",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}


def read(path: Path) -> polib.POFile:
    """Read a catalogue; an empty one where there is no file."""
    return polib.pofile(str(path)) if path.exists() else polib.POFile()


def parse(text: str) -> polib.POFile:
    """Read a catalogue from its text."""
    return polib.pofile(text)


def update(catalogue: polib.POFile, messages: dict[str, list[str]]) -> polib.POFile:
    """Merge a catalogue with the messages that its sources hold now.

    A message that was in the catalogue keeps its translation. A new one takes over, as fuzzy, that of the most similar
    vanished one, and is otherwise untranslated. Translations that nothing takes over become obsolete, and serve again
    if their message comes back.

    Parameters
    ----------
    catalogue : POFile
    messages : dict of str to list of str
        The names of the files in which each message occurs; in the order that the catalogue shall have.

    Returns
    -------
    POFile
        A new one.
    """
    merged = polib.POFile(wrapwidth=WIDTH)
    merged.header = HEADER
    merged.metadata = METADATA
    known = {entry.msgid: entry for entry in catalogue}
    vanished = {msgid: entry for msgid, entry in known.items() if msgid not in messages and entry.msgstr}
    for message, files in messages.items():
        entry = polib.POEntry(msgid=message, occurrences=[(file, "") for file in files])
        if message in known:
            entry.msgstr, entry.flags = known[message].msgstr, known[message].flags
            entry.previous_msgid = known[message].previous_msgid
        elif similar := get_close_matches(message, vanished, n=1, cutoff=SIMILAR):
            old = vanished.pop(similar[0])
            entry.msgstr, entry.flags, entry.previous_msgid = old.msgstr, ["fuzzy"], old.previous_msgid or old.msgid
        merged.append(entry)
    merged.extend(
        polib.POEntry(msgid=msgid, msgstr=entry.msgstr, flags=entry.flags, obsolete=True)
        for msgid, entry in vanished.items()
    )
    return merged


def translations(catalogue: polib.POFile) -> dict[str, str]:
    """Map each message to its translation, fuzzy and obsolete ones left out."""
    return {entry.msgid: entry.msgstr for entry in catalogue.translated_entries()}


def lost_markup(message: str, translation: str) -> list[str]:
    """Compare the markup of a message with that of its translation.

    Parameters
    ----------
    message, translation : str
        Markdown.

    Returns
    -------
    list of str
        What the translation has lost or added: link and image targets, code, maths, placeholders, bold passages, marks
        of headings, lists and quotations, rows and cells of tables, and HTML tags. Empty if all is there.
    """
    before, after = Counter(_markup(message)), Counter(_markup(translation))
    lost = [f"lost {mark}" for mark in (before - after).elements()]
    return lost + [f"added {mark}" for mark in (after - before).elements()]


def _markup(text: str) -> Iterator[str]:
    yield from (f"placeholder {placeholder}" for placeholder in PLACEHOLDER.findall(text))
    for block in MARKDOWN.parse(text):
        yield from _marks(block)
        for inline in block.children or []:
            yield from _marks(inline)


def _marks(token: Token) -> Iterator[str]:
    match token.type:
        case "heading_open":
            yield f"heading mark {token.markup}"
        case "list_item_open":
            yield f"list mark {token.info}{token.markup}"
        case "blockquote_open":
            yield "quotation mark >"
        case "tr_open":
            yield "table row"
        case "th_open" | "td_open":
            yield "table cell"
        case "link_open":
            yield f"link to {token.attrs['href']}"
        case "image":
            yield f"image {token.attrs['src']}"
        case "strong_open":
            yield "bold passage **"
        case "html_inline" | "html_block":
            yield from (f"HTML tag {tag}" for tag in re.findall("<[^>]*>", token.content))
        case "code_inline":
            yield f"code {token.content}"
        case "math_inline" | "math_block":
            yield f"maths {token.content}"
