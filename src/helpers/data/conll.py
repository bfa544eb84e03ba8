"""Read CoNLL files: a word and its tag in each line, a blank line after each sentence."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from helpers.data.characters import SPACE
from helpers.data.conll_layout import Layout, Line, find_layout, part_comments, read_blocks, trimmed
from helpers.data.lines import read_lines
from helpers.data.reading import Reading
from helpers.data.tagged_rows import RowForm, TaggedRow, sentences_of_rows
from helpers.data.tagging import Sentence, require_tag
from helpers.errors import MalformedDataError, UnknownTagError
from helpers.notebook.language import translate

LOOKED_AT = 100  # lines by which another form is recognised
BEGINS_JSON = re.compile(r"\s*[\[{]\s*([\[{\"].*)?")
BRACKETS = re.compile(r"\[[^\[\]]+\]\([\w-]+\)")


def read_conll(path: Path, reading: Reading) -> Iterator[list[Sentence]]:
    """Read a UTF-8 file a sentence at a time: once to find out how it is laid out, then again.

    Raises
    ------
    DatasetUnavailableError, MalformedDataError, ParameterError
        As `find_layout` does, or if no column has tags. What is wrong with a row is added to the reading.
    """
    layout = find_layout(path, reading)
    if not any(map(layout.form.fits, layout.tags)):
        _refuse_other_forms(path)
    return sentences_of_rows(partial(_rows, path, layout), reading, RowForm(layout.form, layout.has_spaces))


def _rows(path: Path, layout: Layout, reading: Reading) -> Iterator[TaggedRow]:
    count = 0
    for block in read_blocks(path, layout.header):
        comments, lines = part_comments(block, layout.is_row)
        count += len(comments)
        words, tags = [], []
        for line in lines:
            try:
                word, tag = _word_and_tag(line, layout)
            except (MalformedDataError, UnknownTagError) as error:
                reading.add(error)
                continue
            words.append(word)
            tags.append(tag)
        if words:
            yield TaggedRow(lines[0].where, words, tags)
    if count:
        reading.remark(translate("{count} comment lines are left out; they begin with #, ; or $.").format(count=count))


def _word_and_tag(line: Line, layout: Layout) -> tuple[str, str]:
    columns = trimmed(line.columns, layout.width)
    if len(columns) != layout.width:
        message = translate("{where}: {count} columns, but most rows have {width}")
        raise MalformedDataError(message, where=line.where, count=len(columns), width=layout.width)
    word, tag = columns[layout.word], columns[layout.tag]
    if not tag.strip():
        raise MalformedDataError(translate("{where}: the tag is empty: {columns}"), where=line.where, columns=columns)
    require_tag(tag, line.where, layout.form)
    others = columns[: layout.tag] + columns[layout.tag + 1 :]
    if layout.has_spaces and (word == SPACE or (len(others) > 1 and set(others) == {"_"})):
        return SPACE, tag
    if not word.strip(SPACE):
        raise MalformedDataError(translate("{where}: the word is empty: {columns}"), where=line.where, columns=columns)
    return word, tag


def _refuse_other_forms(path: Path) -> None:
    """Say what a file without tags in columns looks like, if it has no tabs, and how to convert it."""
    lines = list(islice(((where, text) for where, text in read_lines(path) if text.strip()), LOOKED_AT))
    where, first = lines[0] if lines else ("", "")
    texts = [text for _, text in lines]
    separator = next((mark for mark in ",;" if len({text.count(mark) for text in texts}) == 1 and mark in first), None)
    if BEGINS_JSON.fullmatch(first):
        sentence = translate("this looks like JSON. Give the file a name that ends in .json or .jsonl")
    elif any("\t" in text for text in texts):
        return
    elif len(texts) > 1 and separator:
        sentence = translate(
            "this looks like a table with {mark} between its columns. Give the file a name that ends in .csv"
        ).format(mark=repr(separator))
    elif any(map(BRACKETS.search, texts)):
        advice = translate("Write each word on a line of its own, then a tab and its tag, such as B-person or O")
        sentence = translate(
            "this looks like text with entities in brackets, [Oslo](location), which"
            " helpers.data.bracketed.read_bracketed reads. {advice}"
        ).format(advice=advice)
    elif len({len(text.split()) for text in texts}) > 1 or len(first.split()) > 4:
        sentence = translate(
            "this looks like text without tags. Write each word on a line of its own, then a tab and its tag, such as"
            " B-person or O; tools such as Label Studio and doccano help to label text"
        )
    else:
        return
    raise MalformedDataError(f"{where}: {sentence}")
