"""Turn texts with marked spans into sentences."""

from collections.abc import Callable, Iterable, Iterator

from helpers.data.labelled_text import Annotation, LabelledText
from helpers.data.offsets import counted_in_utf16, in_characters, is_ambiguous
from helpers.data.reading import Reading
from helpers.data.span_tags import ends_inside_word, tag_text
from helpers.data.tagging import Sentence
from helpers.errors import MalformedDataError

Texts = Callable[[], Iterable[LabelledText]]


def sentences_of(texts: Texts, reading: Reading) -> Iterator[list[Sentence]]:
    """Turn the texts of a file into sentences, text by text.

    Parameters
    ----------
    texts : callable
        Reads the file from its beginning; it is called again where the unit of the spans has to be found out.
    reading : Reading
        Gets counts of what happens on the way, and the places that are wrong.

    Yields
    ------
    list of Sentence
        The sentences of a text that somebody has labelled, as `span_tags.tag_text` finds them.

    Raises
    ------
    DatasetUnavailableError
        If the file cannot be read.
    MalformedDataError
        If it cannot be read on behind a wrong place.
    """
    utf16 = None
    for labelled in texts():
        if not labelled.annotations:
            reading.notes["unlabelled"] += 1
            continue
        annotation = _chosen(labelled.annotations)
        where, text, marks = labelled.where, labelled.text, annotation.marks
        if utf16 is None and is_ambiguous(text, marks):
            utf16 = counted_in_utf16((other.text, _chosen(other.annotations).marks) for other in texts())
            reading.notes["utf16" if utf16 else "characters"] += 1
        try:
            spans = {in_characters(mark, text, bool(utf16), where) for mark in marks}
            sentences = tag_text(text, spans, where, reading.choices.overlaps)
        except MalformedDataError as error:
            reading.add(error)
            continue
        kept = sum(len(sentence.spans) for sentence in sentences)
        reading.notes["texts"] += 1
        reading.notes["spans"] += kept
        reading.notes["dropped"] += len(spans) - kept
        reading.notes["without_span"] += not spans
        reading.notes["inside_words"] += sum(
            ends_inside_word(span, sentence.text) for sentence in sentences for span in sentence.spans
        )
        reading.notes["disagreeing"] += len({frozenset(other.marks) for other in labelled.annotations}) > 1
        if sentences:
            yield sentences


def _chosen(annotations: list[Annotation]) -> Annotation:
    """Choose the one that is marked as ground truth, else the one that was changed last."""
    if not annotations:
        return Annotation([])
    return max(reversed(annotations), key=lambda annotation: (annotation.is_ground_truth, annotation.changed))
