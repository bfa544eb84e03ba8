"""Read CoNLL files."""

from collections.abc import Iterator
from pathlib import Path

from helpers.data.characters import SPACE, join_pieces
from helpers.data.column_files.conll_contents import trimmed
from helpers.data.column_files.conll_lines import part_comments, read_blocks
from helpers.data.column_files.conll_profile import Profile, find_profile
from helpers.data.reading import Reading
from helpers.data.tagging import Sentence, as_sentence, require_tag
from helpers.errors import MalformedDataError, UnknownTagError
from helpers.notebook.language import translate


def read_conll(path: Path, reading: Reading) -> Iterator[Sentence]:
    r"""Read a CoNLL file a sentence at a time, so that a large one takes no more memory than a small one.

    The file is read twice: first to find out which columns have the words and the tags, and which form the tags have.
    Columns are separated by tabs or, in a line without a tab, by spaces. Lines of only white space and ``-DOCSTART-``
    lines separate sentences. Lines end in LF or CRLF; a byte order mark is skipped.

    Without names in a first line, the word is in the first column, or in the second if the first one counts words. The
    tag is in the last column of tags or, of those that have entity types in common with it, in the first.

    Parameters
    ----------
    path : Path
        A UTF-8 file.
    reading : Reading
        Gets the places that are wrong, and says what was chosen.

    Yields
    ------
    Sentence
        In the order of the file, tags as IOB2. With text and spans where some rows are spaces.

    Raises
    ------
    DatasetUnavailableError, MalformedDataError, ParameterError
        As for `conll_profile.find_profile`. What is wrong with a row is added to the reading: another
        number of columns than most rows have, an empty word or tag, or a tag of another form.
    """
    profile = find_profile(path, reading)
    count = 0
    for block in read_blocks(path):
        comments, lines = part_comments(block, profile.is_row)
        count += sum(line.text != profile.header.text for line in comments)
        rows = []
        for where, text, columns in lines:
            if text == profile.header.text:
                continue
            try:
                rows.append(_word_and_tag(trimmed(columns, profile.header.width), profile, where))
            except (MalformedDataError, UnknownTagError) as error:
                reading.add(error)
        if rows:
            yield from _sentences(rows, profile, lines[0].where, reading)
    if count:
        reading.remark(translate("{count} comment lines are left out; they begin with #, ; or $.").format(count=count))


def _sentences(rows: list[tuple[str, str]], profile: Profile, where: str, reading: Reading) -> Iterator[Sentence]:
    try:
        sentence = as_sentence(*zip(*rows, strict=True), profile.form)
        joined = join_pieces(sentence.tokens, sentence.tags, where) if profile.has_spaces else [sentence]
        yield from (each._replace(rewritten=sentence.rewritten) for each in joined)
    except MalformedDataError as error:
        reading.add(error)
    except UnknownTagError as error:
        reading.add(UnknownTagError(translate("{where}: {error}").format(where=where, error=error)))


def _word_and_tag(columns: list[str], profile: Profile, where: str) -> tuple[str, str]:
    width = profile.header.width
    if len(columns) < 2:
        raise MalformedDataError(
            translate("{where}: expected a word and a tag, found {word} alone").format(
                where=where, word=repr(columns[0])
            )
        )
    if len(columns) != width:
        raise MalformedDataError(
            translate("{where}: {count} columns, but most rows have {width}").format(
                where=where, count=len(columns), width=width
            )
        )
    word, tag = columns[profile.word], columns[profile.tag]
    if not tag.strip():
        raise MalformedDataError(translate("{where}: the tag is empty: {columns}").format(where=where, columns=columns))
    require_tag(tag, where, profile.form)
    if profile.is_space(columns):
        return SPACE, tag
    if not word.strip(SPACE):
        raise MalformedDataError(
            translate("{where}: the word is empty: {columns}").format(where=where, columns=columns)
        )
    return word, tag
