"""Read what labelling tools export, and corpora that look like it: each text as a `LabelledText`."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from helpers.data.json_records import as_dict, is_tagged, member, read_records, require_kind
from helpers.data.labelled_texts import SPANS, TEXTS, Annotation, LabelledText, Mark, read_mark
from helpers.data.reading import Reading, read_lines
from helpers.data.tagging import Span
from helpers.disk.files import require_file
from helpers.errors import DatasetUnavailableError, MalformedDataError
from helpers.notebook.language import translate
from helpers.notebook.secrets import shortened

NOT_ACCEPTED = ("reject", "ignore")  # of Prodigy's answers: the spans are not right
# What Label Studio's JSON-MIN adds to the fields of a text, besides the labels.
ADDED = ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement")
ENTITY = re.compile(r"T\S*\t(\S+) (\d{1,18} \d{1,18}(?:;\d{1,18} \d{1,18})*)(?:\t(.*))?")  # of brat
OTHERS = "ARE#*MN"  # brat's attributes, relations, events, notes, equivalences, modifications, normalizations


# Reads the records of a file's texts, with their places; and one of these.
Form = tuple[Callable[[Path, Reading], Iterable[tuple[str, Any]]], Callable[[dict, str], LabelledText]]


def find_form(first: dict) -> Form | None:
    """Find how the texts of a JSON file are read, by its first record."""
    match first:
        case {"data": dict(), "annotations": _}:
            return read_records, _parse_task
        case {"annotation_id": _}:
            return _gather_tasks, _parse_task
        case {"classes": _, "annotations": list()}:
            return _read_pairs, _parse_text
        case {"document": list()}:
            return _read_sentences, _parse_sentence
    has_text, has_spans = (any(name in first for name in names) for names in (TEXTS, (*SPANS, "answer")))
    return (read_records, _parse_text) if has_text and has_spans and not is_tagged(first) else None


def read_texts(form: Form, path: Path, reading: Reading) -> Iterator[LabelledText]:
    """Read the texts of a JSON file; what is wrong with one is added to the reading, with its ``id`` if it has one."""
    read, parse = form
    for where, record in read(path, reading):
        if isinstance(record, dict) and "id" in record:
            where = translate("{where}, id {id}", where=where, id=shortened(record["id"]))
        with reading.collect():
            yield parse(require_kind(record, translate("a record"), dict, where), where)


def _objects(record: dict, name: str, where: str) -> Iterator[dict]:
    return (require_kind(value, repr(name), dict, where) for value in member(record, name, list, where))


def _parse_task(task: dict, where: str) -> LabelledText:
    annotations = []
    for entry in _objects(task, "annotations", where):
        if entry.get("was_cancelled"):
            continue  # it was skipped, as the tool's pages call that
        marks = []
        for result in _objects(entry, "result", where):
            kind = str(result.get("type"))
            if kind == "labels":
                marks.append(read_mark(member(result, "value", dict, where), where))
            elif kind.endswith("labels"):  # of pictures or HTML; relations, choices and comments are passed over
                message = translate("{where}: it has {kind}; expected spans of a plain text, which are 'labels'")
                raise MalformedDataError(message, where=where, kind=repr(kind))
        annotations.append(Annotation(marks, str(entry.get("updated_at") or ""), entry.get("ground_truth") is True))
    fields = member(task, "data", dict, where)
    names = [name for name, value in fields.items() if isinstance(value, str)]
    if "text" not in fields and len(names) != 1:
        message = translate("{where}: which field is the text? Found {names}; call it 'text'")
        raise MalformedDataError(message, where=where, names=shortened(names))
    return LabelledText(where, member(fields, "text" if "text" in fields else names[0], str, where), annotations)


def _gather_tasks(path: Path, reading: Reading) -> Iterable[tuple[str, dict]]:
    """Make tasks of the rows of Label Studio's JSON-MIN, each one person's; those of one ``id`` needn't be together."""
    tasks: dict[str, tuple[str, dict]] = {}
    for where, row in read_records(path, reading):
        with reading.collect():
            annotation = member(row, "annotation_id", object, where)
            key = where if row.get("id") is None else repr(row["id"])
            fields = {name: value for name, value in row.items() if name not in ADDED}
            task = {"data": fields, "annotations": []} | ({"id": row["id"]} if "id" in row else {})
            _, task = tasks.setdefault(key, (where, task))
            if annotation is not None:  # somebody has labelled it
                entries = [entry for value in row.values() if isinstance(value, list) for entry in value]
                results = [{"type": _kind(entry), "value": entry} for entry in entries]
                task["annotations"].append({"result": results, "updated_at": row.get("updated_at")})
    return tasks.values()


def _kind(entry: Any) -> str:
    """Distinguish labels, and spans that lack one, from what else is listed: choices, ratings, comments."""
    if not isinstance(entry, dict):
        return ""
    is_bare = "start" in entry and entry.keys() <= {"start", "end", "text"} and not isinstance(entry.get("text"), list)
    return next((name for name in entry if name.endswith("labels")), "labels" if is_bare else "")


def _read_pairs(path: Path, reading: Reading) -> Iterator[tuple[str, Any]]:
    """Read NER Annotator's object, with null or a pair of a text and its spans for each text."""
    for where, record in read_records(path, reading):
        with reading.collect():
            for number, pair in enumerate(member(record, "annotations", list, where), 1):
                place = translate("{where}, annotation {number}", where=where, number=number)
                yield place, {"text": "", "answer": "ignore"} if pair is None else as_dict(pair)


def _read_sentences(path: Path, reading: Reading) -> Iterator[tuple[str, dict]]:
    """Read the sentences of a corpus of the National Institute of Korean Language, with their documents."""
    for where, record in read_records(path, reading):
        with reading.collect():
            for number, document in enumerate(_objects(record, "document", where), 1):
                place = translate("{where}, document {number}", where=where, number=number)
                with reading.collect():
                    for sentence in _objects(document, "sentence", place):
                        found = {"text": sentence.get("form"), "entities": sentence.get("NE"), "document": place}
                        answer = {} if found["entities"] is not None else {"answer": "ignore"}  # nobody has labelled it
                        yield place, found | answer | ({"id": sentence["id"]} if "id" in sentence else {})


def _parse_sentence(record: dict, where: str) -> LabelledText:
    return _parse_text(record, where)._replace(document=record["document"])


def _parse_text(record: dict, where: str) -> LabelledText:
    text = member(record, next((name for name in TEXTS if name in record), TEXTS[0]), str, where)
    if record.get("answer") in NOT_ACCEPTED:
        return LabelledText(where, text, [])
    lists = {name: record[name] for name in SPANS if isinstance(record.get(name), list)}
    if not lists and record.get("answer") != "accept":  # Prodigy leaves the list out where nothing was marked
        member(record, next((name for name in SPANS if name in record), "entities"), list, where)
    # Empty lists, and classes of the whole text beside spans, are passed over.
    filled = {name: spans for name, spans in lists.items() if spans}
    filled = {name: spans for name, spans in filled.items() if not isinstance(spans[0], str)} or filled
    marks = {name: [read_mark(span, where) for span in spans] for name, spans in filled.items()}
    if len({frozenset(found) for found in marks.values()}) > 1:
        message = translate("{where}: the spans in {names} differ; keep one of these members")
        raise MalformedDataError(message, where=where, names=shortened(list(marks)))
    return LabelledText(where, text, [Annotation(next(iter(marks.values()), []))])


def read_brat(path: Path, reading: Reading) -> Iterator[LabelledText]:
    """Read brat's texts (``.txt``) with their annotations (``.ann``), all of a folder or one; parts become spans."""
    files = [path]
    if path.is_dir():
        names = [file for file in path.iterdir() if not file.name.startswith(".")]
        files = sorted({file.with_suffix(".ann") for file in names if file.suffix in (".ann", ".txt")})
    parts = 0
    for file in files:
        with reading.collect():
            source = file.with_suffix(".txt")
            for _ in read_lines(source):  # it names what cannot be read, or is not UTF-8
                pass
            text = re.sub("^\ufeff", " ", source.read_bytes().decode())  # the mark counts in offsets, but is no word
            entities = list(_read_entities(file, text, reading)) if os.path.lexists(file) else None
            parts += sum(len(marks) > 1 for marks in entities or ())
            annotations = [] if entities is None else [Annotation([mark for marks in entities for mark in marks])]
            yield LabelledText(str(file), text, annotations)
    if parts:
        reading.remark(
            translate("{count} spans are in several parts: each part is read as a span of its own.", count=parts)
        )


def _read_entities(file: Path, text: str, reading: Reading) -> Iterator[list[Mark]]:
    with reading.collect():  # behind a line that is not UTF-8 nothing is read
        for where, line in read_lines(file):
            if entity := ENTITY.fullmatch(line):
                label, offsets, covers = entity.groups()
                spans = [Span(*map(int, part.split()), label) for part in offsets.split(";")]
                yield _join_parts(spans, covers, text)
            elif line.strip() and line[0] not in OTHERS:
                message = translate(
                    "{where}: expected an entity, such as 'T1', a tab, 'location 0 4', a tab and what it covers; found"
                    " {line}"
                )
                reading.add(MalformedDataError(message, where=where, line=shortened(line)))


def _join_parts(spans: list[Span], covers: str | None, text: str) -> list[Mark]:
    """Give each part of an entity what it covers; join those with only white space between, such as a line end."""
    marks: list[Mark] = []
    for span in spans:
        own = covers if covers is None or span is spans[-1] else covers[: span.end - span.start]
        covers = covers and covers[span.end - span.start + 1 :]  # brat writes a space between two parts
        before = marks[-1] if marks else None
        if before and before.span.end <= span.start and text[before.span.end : span.start].isspace():
            marks[-1] = Mark(before.span._replace(end=span.end), own and f"{before.covers} {own}")
        else:
            marks.append(Mark(span, own))
    return marks


def read_spacy(path: Path, reading: Reading) -> Iterator[LabelledText]:
    """Read spaCy's ``DocBin``; documents of which it does not know all entities count as unlabelled."""
    try:
        require_file(path)
        from spacy.tokens import DocBin  # it is needed for these files only
        from spacy.vocab import Vocab

        for number, doc in enumerate(DocBin().from_disk(path).get_docs(Vocab()), 1):
            where = translate("{where}, document {number}", where=path, number=number)
            is_labelled = doc.has_annotation("ENT_IOB", require_complete=True)
            with reading.collect():
                spans = [(Span(part.start_char, part.end_char, part.label_), part.text) for part in doc.ents]
                marks = [read_mark([*span], where)._replace(covers=covers) for span, covers in spans]
                yield LabelledText(where, doc.text, [Annotation(marks)] if is_labelled else [])
    except ImportError as error:
        message = translate(
            "{path} is in a form that only the library spaCy reads, and it is not installed: pip install spacy"
        )
        raise DatasetUnavailableError(message, path=path) from error
    except OSError as error:
        message = translate("{path} cannot be read: {reason}")
        raise DatasetUnavailableError(message, path=path, reason=error.strerror) from error
    except Exception as error:  # of many kinds: the file may be cut off anywhere
        message = translate("{path}: spaCy cannot read it ({problem}); write it again with DocBin.to_disk")
        reading.add(MalformedDataError(message, path=path, problem=error))
