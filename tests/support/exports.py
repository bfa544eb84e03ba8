"""Files as labelling tools and corpora have them: texts with spans in several forms, words with tags in two."""

import json

# A text, and what is marked in it.
NOTES = [
    ("Took 20mg of Zarolin (twice).", {"20mg": "DOSE", "Zarolin": "DRUG"}),
    ("Then Velanol forte, 5 ml.\nNo Zarolin.", {"Velanol forte": "DRUG", "5 ml": "DOSE", "Zarolin": "DRUG"}),
    ("\U0001f600 Slept well after 10 drops of Velanol", {"10 drops": "DOSE", "Velanol": "DRUG"}),
    ("Nothing today.", {}),
]


def tagged(text: str, tags: str):
    return text.split(), tags.split()


TAGGED = [
    [tagged("Took 20mg of Zarolin ( twice ) .", "O B-DOSE O B-DRUG O O O O")],
    [tagged("Then Velanol forte , 5 ml .", "O B-DRUG I-DRUG O B-DOSE I-DOSE O"), tagged("No Zarolin .", "O B-DRUG O")],
    [tagged("\U0001f600 Slept well after 10 drops of Velanol", "O O O O B-DOSE I-DOSE O B-DRUG")],
    [tagged("Nothing today .", "O O O")],
]
LABEL_NAMES = ["O", "B-DOSE", "I-DOSE", "B-DRUG", "I-DRUG"]


def in_characters(text, position):
    return position


def in_utf16(text, position):
    """Count as JavaScript does."""
    return len(text[:position].encode("utf-16-le")) // 2


def spans_of(text, marked, count=in_characters):
    """List the marked parts of a text, in their order: where they begin and end, their labels, and what they cover."""
    found = sorted((text.index(part), part, label) for part, label in marked.items())
    return [(count(text, start), count(text, start + len(part)), label, part) for start, part, label in found]


CHANGED = "2026-11-02T09:00:00.000000Z"


def region(start, end, label, text, name="label"):
    """A span of Label Studio's JSON; `text` is what it covers."""
    return {
        "value": {"start": start, "end": end, "text": text, "labels": [label]},
        "id": f"{start}-{end}-{label}",
        "from_name": name,
        "to_name": "text",
        "type": "labels",
        "origin": "manual",
    }


def annotation(number, results, **changes):
    return {
        **{"id": number, "task": number, "project": 3, "completed_by": 1, "updated_by": 1, "last_created_by": None},
        **{"result": results, "result_count": len(results), "was_cancelled": False, "ground_truth": False},
        **{"created_at": CHANGED, "updated_at": CHANGED, "draft_created_at": None, "lead_time": 8.65},
        **{"prediction": {}, "parent_prediction": None, "parent_annotation": None, "import_id": None},
        **{"unique_id": f"00000000-0000-0000-0000-{number:012}", "last_action": None},
    } | changes


def task(number, text, annotations, **fields):
    return {
        **{"id": number, "inner_id": number, "project": 3, "updated_by": 1, "file_upload": "0a1b2c3d-notes.csv"},
        **{"data": {"text": text} | fields, "annotations": annotations, "total_annotations": len(annotations)},
        **{"drafts": [], "predictions": [], "cancelled_annotations": 0, "total_predictions": 0, "meta": {}},
        **{"created_at": "2026-11-01T08:00:00.000000Z", "updated_at": CHANGED},
        **{"comment_count": 0, "comment_authors": []},
    }


def label_studio(notes, count=in_characters):
    """Label Studio's JSON."""
    results = [[region(*span) for span in spans_of(text, marked, count)] for text, marked in notes]
    found = enumerate(zip(notes, results, strict=True), 1)
    return json.dumps([task(number, text, [annotation(number, spans)]) for number, ((text, _), spans) in found])


def label_studio_min(notes, count=in_characters):
    """Label Studio's JSON-MIN; a text without spans has no list of them."""
    rows = []
    for number, (text, marked) in enumerate(notes, 1):
        values = [region(*span)["value"] for span in spans_of(text, marked, count)]
        rows.append({"text": text, "id": number} | ({"label": values} if values else {}) | added(number))
    return json.dumps(rows, indent=2, ensure_ascii=False)


def added(number, annotator=1, updated_at=CHANGED):
    """What JSON-MIN adds to each row."""
    times = {"created_at": CHANGED, "updated_at": updated_at, "lead_time": 8.65}
    return {"annotator": annotator, "annotation_id": number} | times


def json_lines(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def named(spans, *names):
    """Write spans as objects, of what the names stand for: their beginning, end, and label."""
    return [dict(zip(names, span, strict=False)) for span in spans]


def doccano(notes, count=in_utf16):
    """doccano's JSONL, of a project for sequence labelling."""
    labels = ([list(span[:3]) for span in spans_of(text, marked, count)] for text, marked in notes)
    rows = enumerate(zip(notes, labels, strict=True), 1)
    return json_lines({"id": n, "text": text, "label": found, "Comments": []} for n, ((text, _), found) in rows)


def doccano_with_relations(notes, count=in_utf16):
    """The same, of a project that labels relations, too."""
    rows = []
    for number, (text, marked) in enumerate(notes, 1):
        spans = named(spans_of(text, marked, count), "start_offset", "end_offset", "label")
        entities = [{"id": identifier} | span for identifier, span in enumerate(spans)]
        relations = [{"id": 0, "from_id": 0, "to_id": 1, "type": "of"}] if len(marked) > 1 else []
        rows.append({"id": number, "text": text, "entities": entities, "relations": relations, "Comments": []})
    return json_lines(rows)


def prodigy(notes, count=in_characters):
    """Prodigy's JSONL; where nothing is marked, there is no list of spans."""
    rows = []
    for text, marked in notes:
        spans = named(spans_of(text, marked, count), "start", "end", "label")
        tokens = [{"text": word, "id": number, "ws": True} for number, word in enumerate(text.split())]
        rows.append({"text": text, "tokens": tokens, "answer": "accept"} | ({"spans": spans} if spans else {}))
    return "".join(json.dumps(row) + "\n" for row in rows)


def pairs(notes, count=in_characters):
    """What spaCy was trained with."""
    return [[text, {"entities": [list(span[:3]) for span in spans_of(text, marked, count)]}] for text, marked in notes]


def spacy_training(notes, count=in_characters):
    return json.dumps(pairs(notes, count))


def ner_annotator(notes, count=in_characters):
    """NER Annotator's JSON, with a text that was not labelled."""
    return json.dumps({"classes": ["DRUG", "DOSE"], "annotations": [None, *pairs(notes, count)]})


def nikl(notes, count=in_characters):
    """A corpus of the National Institute of Korean Language, each note a document."""
    documents = []
    for number, (text, marked) in enumerate(notes, 1):
        entities = [
            {"id": place, "form": part, "label": label, "begin": start, "end": end}
            for place, (start, end, label, part) in enumerate(spans_of(text, marked, count), 1)
        ]
        sentence = {"id": f"N.{number}.1", "form": text, "word": [], "NE": entities}
        documents.append({"id": f"N.{number}", "metadata": {}, "sentence": [sentence]})
    return json.dumps({"id": "N", "metadata": {"title": "notes"}, "document": documents}, indent=1, ensure_ascii=False)


def objects(notes, count=in_characters):
    """An array of texts with spans, as many write them."""
    spans = [named(spans_of(text, marked, count), "startOffset", "endOffset", "type") for text, marked in notes]
    return json.dumps([{"text": text, "annotations": found} for (text, _), found in zip(notes, spans, strict=True)])


def words_and_tags(notes):
    """JSON lines of words and tags."""
    return "".join(json.dumps({"tokens": words, "tags": tags}) + "\n" for text in notes for words, tags in text)


def conll(notes):
    sentences = (zip(words, tags, strict=True) for text in notes for words, tags in text)
    return "\n".join("".join(f"{word}\t{tag}\n" for word, tag in rows) for rows in sentences)


# Ending of the file, and what writes it, from `NOTES`.
SPAN_FORMATS = {
    "label_studio": (".json", label_studio),
    "label_studio_min": (".json", label_studio_min),
    "doccano": (".jsonl", doccano),
    "doccano_with_relations": (".jsonl", doccano_with_relations),
    "prodigy": (".jsonl", prodigy),
    "spacy_training": (".json", spacy_training),
    "ner_annotator": (".json", ner_annotator),
    "nikl": (".json", nikl),
    "objects": (".json", objects),
}
# The same, from `TAGGED`.
TAG_FORMATS = {"words_and_tags": (".jsonl", words_and_tags), "conll": (".conll", conll)}


def write_export(folder, name, repeat=1, stem="export"):
    """Write the notes, repeated, as a file of one of the formats; give its path."""
    suffix, write = (SPAN_FORMATS | TAG_FORMATS)[name]
    path = folder / f"{stem}{suffix}"
    path.write_text(write((NOTES if name in SPAN_FORMATS else TAGGED) * repeat), encoding="utf-8")
    return path
