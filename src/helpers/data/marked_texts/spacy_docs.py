"""Read spaCy's binary files of documents."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.data.marked_texts.labelled_text import Annotation, LabelledText, read_mark
from helpers.data.reading import Reading
from helpers.errors import DatasetUnavailableError, MalformedDataError
from helpers.files import require_file
from helpers.notebook.language import translate

if TYPE_CHECKING:  # it is needed for these files only
    from spacy.tokens import Doc


def read_texts(path: Path, reading: Reading) -> Iterator[LabelledText]:
    """Read the documents of a ``.spacy`` file (a ``DocBin``) with their entities.

    Parameters
    ----------
    path : Path
    reading : Reading
        Gets the documents that are wrong. It is told where documents have words of which it is not known whether they
        belong to an entity.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read, or the library spaCy is missing.
    """
    partly = 0
    for number, doc in enumerate(_docs(path, reading), 1):
        where = translate("{where}, document {number}").format(where=path, number=number)
        if not doc.has_annotation("ENT_IOB"):
            yield LabelledText(where, doc.text, [])
            continue
        partly += not doc.has_annotation("ENT_IOB", require_complete=True)
        try:
            marks = [
                read_mark([entity.start_char, entity.end_char, entity.label_], where, entity.text)
                for entity in doc.ents
            ]
        except MalformedDataError as error:
            reading.add(error)
            continue
        yield LabelledText(where, doc.text, [Annotation(marks)])
    if partly:
        reading.remark(
            translate(
                "{count} documents have words of which spaCy does not know whether they belong to an entity: they are"
                " outside of all entities."
            ).format(count=partly)
        )


def _docs(path: Path, reading: Reading) -> Iterator["Doc"]:
    try:
        require_file(path)
        from spacy.tokens import DocBin
        from spacy.vocab import Vocab

        yield from DocBin().from_disk(path).get_docs(Vocab())
    except ImportError as error:
        raise DatasetUnavailableError(
            translate(
                "{path} is in a form that only the library spaCy reads, and it is not installed: pip install spacy"
            ).format(path=path)
        ) from error
    except OSError as error:
        raise DatasetUnavailableError(
            translate("{path} cannot be read: {reason}").format(path=path, reason=error.strerror)
        ) from error
    except Exception as error:  # of many kinds: the file may be cut off anywhere
        reading.add(
            MalformedDataError(
                translate("{path}: spaCy cannot read it ({problem}); write it again with DocBin.to_disk").format(
                    path=path, problem=error
                )
            )
        )
