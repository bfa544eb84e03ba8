"""From a file of one's own, as tools and corpora write them, to sentences, to splits and to a trained model."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from support import exports
from support.exports import NOTES, SPAN_FORMATS, TAG_FORMATS, TAGGED, added, annotation, doccano, region, task

from helpers.data import load
from helpers.data.files import read_documents
from helpers.data.reading import Choices
from helpers.errors import DatasetUnavailableError, EmptySplitError, MalformedDataError

TEXT = "Took Zarolin in Oslo."
SPAN, OTHER = [5, 12, "DRUG"], [16, 20, "PLACE"]
DRUG, PLACE = ("Zarolin", "DRUG"), ("Oslo", "PLACE")
REGIONS = [region(*SPAN, "Zarolin"), region(*OTHER, "Oslo")]


def label_studio_with(*regions, text=TEXT, **changes):
    return [task(7, text, [annotation(1, list(regions))]) | changes]


def min_with(text=TEXT, **value):
    return [{"text": text, "id": 7, "label": [value]} | added(1)]


def doccano_with(*spans, text="a  b", **more):
    return {"text": text, "label": list(spans)} | more


def in_lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.fixture
def file(tmp_path):
    def write(content, name="export.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8", newline="")
        return path

    return write


def covered(path, **choices):
    """List what the spans of each document cover, and their labels."""
    return [
        [(sentence.text[start:end], label) for sentence in document for start, end, label in sentence.spans]
        for document in read_documents(path, Choices(**choices))
    ]


def wrong_places(path):
    """List the lines of the error about a file or folder, without the folder that it is in."""
    with pytest.raises(MalformedDataError) as caught:
        covered(path)
    return str(caught.value).replace(f"{path.parent}/", "").split("\n")


@pytest.mark.parametrize("count", [exports.in_characters, exports.in_utf16])
@pytest.mark.parametrize("name", [*SPAN_FORMATS, *TAG_FORMATS])
def test_each_format_gives_the_same_words_and_tags_whichever_way_it_counts_an_emoji(file, name, count):
    suffix, write = (SPAN_FORMATS | TAG_FORMATS)[name]
    content = write(NOTES, count) if name in SPAN_FORMATS else write(TAGGED)
    read = [[sentence[:2] for sentence in document] for document in read_documents(file(content, f"export{suffix}"))]
    # Sentences of a text stay together.
    assert read == (TAGGED if name in SPAN_FORMATS else [[sentence] for text in TAGGED for sentence in text])


# How offsets are counted

COUNTS = {
    "characters": exports.in_characters,
    "UTF-16": exports.in_utf16,
    "characters, CRLF once": lambda text, position: position - text[:position].count("\r\n"),
    "UTF-16, CRLF once": lambda text, position: exports.in_utf16(text, position) - text[:position].count("\r\n"),
}
ENGLISH = [
    ("Notes:\r\n\r\nTook Zarolin\r\nin Oslo.", {"Zarolin": "DRUG", "Oslo": "PLACE"}),
    ("\U0001f600 No Velanol\r\n\U0001f600 nor Zarolin", {"Velanol": "DRUG", "Zarolin": "DRUG"}),
]
# Before a particle, a span ends inside of a word.
KOREAN = [
    ("\U0001f600 민수가\r\n서울에서 제주로 간다", {"민수": "PS", "서울": "LC", "제주": "LC"}),
    ("오늘은 좋다.\r\n부산은 춥다\r\n지수도 춥다", {"부산": "LC", "지수": "PS"}),
]


@pytest.mark.parametrize("notes", [ENGLISH, KOREAN], ids=["English", "Korean"])
@pytest.mark.parametrize("name", COUNTS)
def test_the_way_of_counting_that_fits_best_is_found_and_said(file, capsys, notes, name):
    expected = [list(marked.items()) for _, marked in notes]
    assert covered(file(doccano(notes, COUNTS[name]))) == expected
    said = capsys.readouterr().out
    assert ("UTF-16 units" if "UTF-16" in name else "counted in characters") in said
    assert ("counts once." if "CRLF once" in name else "counts twice.") in said.replace("an emoji counts", "")
    assert covered(file(exports.label_studio(notes, COUNTS[name]))) == expected  # which says what its spans cover


@pytest.mark.parametrize("text", ["\U0001f600 Zarolin helps\r\nme", "\U0001f600 Zarolin", "Zarolin \U0001f600\r\n"])
def test_the_way_of_counting_is_said_only_where_it_matters(file, capsys, text):
    assert covered(file(doccano([(text, {"Zarolin": "DRUG"})]))) == [[DRUG]]
    said = capsys.readouterr().out
    assert ("UTF-16" in said) == (text[0] != "Z") and "line end" not in said


def shifted(start, end, texts):
    """Texts with a marked word each, whose offsets are wrong by so much."""
    places = [(text, text.index(word) + start, text.index(word) + len(word) + end) for text, word in texts]
    return in_lines(*(doccano_with([first, last, "x"], text=text) for text, first, last in places))


WHOLE = [("Then Zarolin helped again", "Zarolin"), ("Nous allons demain vers Lyon maintenant", "Lyon")] * 10


@pytest.mark.parametrize(
    ("texts", "start", "end", "are_read"),
    [
        *((WHOLE, start, end, False) for start, end in ((1, 1), (-2, -2), (0, -1))),
        ([("Мы едем утром через  Минск обратно", "Минск")] * 20, 1, 1, False),
        # What ends inside of words for a reason is read: too few, a number before its unit, before a suffix
        (WHOLE[:19], 0, -1, True),
        ([(f"Took {number}mg of it", f"{number}mg") for number in range(20, 40)], 0, -2, True),
        ([("나는 서울에서 왔다", "서울에서")] * 20, 0, -2, True),
        ([("我住在北京市", "北京市")] * 20, 0, -1, True),
    ],
)
def test_spans_that_fit_in_no_way_of_counting_are_refused(file, texts, start, end, are_read):
    path = file(shifted(start, end, texts))
    if are_read:
        assert covered(path) == [[(word[:end], "x")] for _, word in texts]
        return
    (place,) = wrong_places(path)
    assert place.startswith("export.json, line 1: the span 'x' from ")
    assert "so do 100% of the file's 20 spans. Their offsets are probably counted" in place


# Forms


def objects(*names, **more):
    return [dict(zip(names, span, strict=True)) | more for span in (SPAN, OTHER)]


@pytest.mark.parametrize(
    "members",
    [
        {"label": [], "entities": [SPAN, OTHER]},
        {"labels": ["news"], "spans": [SPAN, OTHER], "cats": ["news"], "label": "news"},
        {"label": [SPAN, OTHER], "entities": objects("start_offset", "end_offset", "label")[::-1]},
        {"spans": [{"start": start, "end": end, "labels": [f"{label} "]} for start, end, label in (SPAN, OTHER)]},
        {"annotations": objects("begin", "end", "tag")},
        {"labels": objects("startOffset", "endOffset", "class")},
        {"spans": objects("start", "end", "entity", label=None), "tokens": ["Took"]},
    ],
)
def test_spans_are_found_under_their_usual_names(file, members):
    assert covered(file([{"text": TEXT} | members])) == [[DRUG, PLACE]]


def test_the_counts_are_said(file, capsys):
    skipped = task(6, "no", [annotation(6, [], was_cancelled=True)])
    covered(file([*json.loads(exports.label_studio(NOTES)), task(5, "not yet", []), skipped]))
    assert capsys.readouterr().out.splitlines() == [
        "export.json: 4 labelled texts with 7 spans.",
        "export.json: 1 of the texts have no span: their words are outside of all entities.",
        "export.json: 2 texts are left out: nobody has labelled them, or they were skipped.",
        "export.json: Spans are counted in characters, in which an emoji counts once.",
    ]


def test_spans_that_end_inside_of_words_are_kept_and_counted(file, capsys):
    ((sentence,),) = read_documents(file(doccano([("Took 20mg.", {"20": "DOSE"})])))
    assert sentence == (["Took", "20mg", "."], ["O", "B-DOSE", "O"], 0, "Took 20mg.", ((5, 7, "DOSE"),))
    assert "1 spans begin or end inside of a word." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        ({"updated_at": "2026-12"}, {}, [DRUG]),
        ({}, {"updated_at": "2026-12"}, [PLACE]),
        ({"ground_truth": True}, {"updated_at": "2026-12"}, [DRUG]),
        ({"updated_at": "2026-12", "was_cancelled": True}, {}, [PLACE]),
        ({"result": REGIONS}, {"result": REGIONS[::-1]}, [DRUG, PLACE]),
    ],
)
def test_of_several_annotators_one_is_taken_and_it_is_said(file, capsys, first, second, taken):
    annotations = [annotation(1, REGIONS[:1]) | first, annotation(2, REGIONS[1:]) | second]
    assert covered(file([task(1, TEXT, annotations)])) == [taken]
    differ = "was_cancelled" not in first and "result" not in first
    assert ("1 texts were labelled by several people, who differ" in capsys.readouterr().out) == differ


def test_what_else_label_studio_exports_is_no_span(file):
    results = [
        {"from_id": "a", "to_id": "b", "type": "relation", "direction": "right", "labels": ["of"]},
        {"value": {"choices": ["yes"]}, "from_name": "sure", "to_name": "text", "type": "choices"},
        {"value": {"start": 0, "end": 4, "text": ["why?"]}, "from_name": "why", "to_name": "text", "type": "textarea"},
    ]
    predictions = {"predictions": [{"result": [region(0, 4, "x", "")]}]}
    data = {"data": {"post": TEXT, "number": 7}}  # the only text, whatever its name
    assert covered(file(label_studio_with(*results, *REGIONS, **predictions, **data))) == [[DRUG, PLACE]]
    row = {"text": TEXT, "id": 1, "label": [entry["value"] for entry in REGIONS], "rating": ["good"]} | added(1)
    row["why"] = [{"start": 0, "end": 4, "text": ["why?", "really?"]}]
    row["sure"] = [{"start": 0, "end": 4, "text": "Took", "choices": ["a", "b"]}]
    assert covered(file([row])) == [[DRUG, PLACE]]


UNSAID = {"start": 7, "end": 14, "labels": ["DRUG"]}  # without what it covers


@pytest.mark.parametrize(
    ("content", "found"),
    [
        # White space in its own way
        (label_studio_with(region(5, 18, "x", " Velanolforte "), text="Then Velanol\nforte"), "Velanol\nforte"),
        (label_studio_with({"type": "labels", "value": UNSAID}, text="\U0001f600 Took Zarolin"), "Zarolin"),
        (min_with(text="\U0001f600 Took Zarolin", **UNSAID), "Zarolin"),
    ],
)
def test_what_label_studios_spans_say_may_differ_in_white_space_or_be_missing(file, content, found):
    assert [part for ((part, _),) in covered(file(content))] == [found]


def test_in_json_min_the_rows_of_a_task_are_one_text_wherever_they_are(file, capsys):
    rows = [("a", 1, 1, "OLD", "2026-01"), ("b", 2, 2, "x", ""), ("c", 3, None, "x", ""), ("a", 1, 3, "NEW", "2026-02")]
    content = [
        {"text": text, "id": task, "x": [{"start": 0, "end": 1, "labels": [label]}]} | added(number, updated_at=date)
        for text, task, number, label, date in rows
    ]
    assert covered(file(content)) == [[("a", "NEW")], [("b", "x")]]
    said = capsys.readouterr().out
    for sentence in ("2 labelled texts with 2", "1 texts were labelled by several people", "1 texts are left out"):
        assert sentence in said


def test_of_prodigys_texts_only_those_that_were_accepted_are_read(file, capsys):
    spans = [{"start": 5, "end": 12, "label": "DRUG", "token_start": 1}]
    rows = [{"text": TEXT, "tokens": [], "spans": spans, "answer": answer} for answer in ("reject", "accept", "ignore")]
    assert covered(file(in_lines({"text": "Nothing.", "answer": "accept"}, *rows))) == [[], [DRUG]]
    assert "2 texts are left out: nobody has labelled them" in capsys.readouterr().out


def test_nikls_sentences_of_a_document_stay_together(file, capsys):
    person = {"begin": 0, "end": 3, "label": "PS_NAME", "form": "김민수"}
    place = {"begin": 0, "end": 2, "label": "LCP_CITY", "form": "제주"}
    forms = [("S1", "김민수가 왔다.", [person]), ("S2", "제주로 간다.", [place]), ("S3", "끝.", None)]
    sentences = [{"id": name, "form": form, "NE": entities} for name, form, entities in forms]
    documents = [{"id": "D1", "sentence": sentences}, {"id": "D2", "sentence": sentences[1:]}]
    found = [("김민수", "PS_NAME"), ("제주", "LCP_CITY")]
    assert covered(file(json.dumps({"id": "C", "document": documents}, indent=2))) == [found, found[1:]]
    assert "2 texts are left out" in capsys.readouterr().out
    place["end"] = 3
    places = [place.split(": ")[0] for place in wrong_places(file({"document": documents}))]
    assert places == [f"export.json, line 1, document {number}, id 'S2'" for number in (1, 2)]


def test_of_overlapping_spans_the_longest_are_kept_if_that_is_chosen_and_it_is_said(file, capsys):
    path = file([{"text": TEXT, "label": [SPAN, [5, 12, "DRUG "], [5, 20, "NOTE"], [0, 4, "VERB"]]}])
    assert "overlaps with" in wrong_places(path)[0]
    assert covered(path, overlaps="longest") == [[("Took", "VERB"), ("Zarolin in Oslo", "NOTE")]]
    assert "1 spans are left out: a longer one overlaps with each." in capsys.readouterr().out


# What cannot be right


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        (label_studio_with(REGIONS[0], region(10, 15, "x", "in in")), "overlaps with the span 'x' from 10 to"),
        (doccano_with([0, 1, "x"], [0, 1, "y"]), "the span 'x' from 0 to 1, 'a', overlaps with the span 'y'"),
        (doccano_with([3, 5, "x"]), "the span 'x' from 3 to 5, 'b', is not inside of the text"),
        (doccano_with([1, 3, "x"]), "the span 'x' from 1 to 3, '  ', covers no word; remove it"),
        (doccano_with([1, 2, "x"], [5, 6, "x"], text="\U0001f600\U0001f600 a"), "in the middle of a character"),
        (label_studio_with({"type": "labels", "value": {"start": 5, "end": 9}}), "has the labels []; give it one"),
        (min_with(start=5, end=9, labels=["A", "B"]), "has the labels ['A', 'B']; give it one"),
        (doccano_with([0, 1, " "]), "the span from 0 to 1 has the labels ['']; give it one"),
        (doccano_with([0, 1, 3]), "a label is 3; expected a text"),
        (doccano_with(["0", 1, "x"]), "'start' is '0'; expected a whole number"),
        (label_studio_with(region(*SPAN, "a"), region(*OTHER, "b")), "should be 'a', as its record|should be 'b', as"),
        (label_studio_with({"type": "hypertextlabels"}), "it has 'hypertextlabels'; expected spans of a plain text"),
        (min_with(x=1, y=2, rectanglelabels=["Car"]), "it has 'rectanglelabels'; expected spans"),
        (doccano_with("positive"), "expected spans, such as [0, 4, 'location']; found 'positive'"),
        (label_studio_with(data={"a": "b", "c": "d"}), "which field is the text? Found ['a', 'c']; call it 'text'"),
        (label_studio_with(annotations=[3]), "'annotations' is 3; expected an object in {}"),
        (doccano_with(text="a\ud83d"), "with half of a character in it"),
        (doccano_with([0, 1, "x"], entities=[[0, 1, "y"]]), "the spans in ['label', 'entities'] differ; keep one of"),
        ({"classes": [], "annotations": [["a", {"spans": [[0, 9, "x"]]}], None, 7]}, "annotation 1: |annotation 3: "),
    ],
)
def test_spans_that_cannot_be_right_are_named_with_their_place(file, content, messages):
    place = "line 1" if isinstance(content, dict) else "record 1, id 7: "
    for found, message in zip(wrong_places(file(content)), messages.split("|"), strict=True):
        assert found.startswith(f"export.json, {place}")
        assert message in found


def test_records_of_another_form_are_refused_with_their_place_and_hide_no_other(file):
    firsts = [(doccano_with(), "text"), (label_studio_with()[0], "annotations"), (min_with()[0], "annotation_id")]
    for first, missing in [*firsts, ({"document": []}, "document")]:
        assert wrong_places(file(in_lines(first, {"tokens": ["a"], "tags": ["O"]}, first, 7))) == [
            f"export.json, line 2: no {missing!r}, only ['tokens', 'tags']",
            "export.json, line 4: a record is 7; expected an object in {}",
        ]
    (place,) = wrong_places(file([{"sentence": "ab", "marks": []}]))
    assert place.startswith("export.json, record 1: found ['sentence', 'marks']; expected words and their tags")
    assert covered(file(place.rpartition("in each line, ")[2])) == [[("Oslo", "place")]]  # the message's example


# brat and spaCy


def write_brat(folder, **files):
    for name, (text, annotations) in files.items():
        (folder / f"{name}.txt").write_bytes(text.encode())
        if annotations is not None:
            (folder / f"{name}.ann").write_bytes(annotations.encode())


def test_brats_pairs_of_files_are_read(tmp_path, capsys):
    others = "A1\tTwice T1\n#1\tNote T1\t?\nR1\tIn Arg1:T1 Arg2:T2\n"
    parts = "T1\tX 0 5;16 21\tSouth Korea\nT2\tY 10 15\tNorth\nT3\tZ 26 29;32 36\tNew York\n"
    write_brat(
        tmp_path,
        a=(TEXT, f"T1\tDRUG 5 12\tZarolin\n{others}T2\tPLACE 16 20\tOslo\n"),
        b=("No\r\n\U0001f600 Oslo\r\n", "T1\tPLACE 6 10\tOslo\r\n"),
        c=("Nobody has read this", None),
        d=("Nothing.", ""),
        e=("\ufeffNo Oslo", "T1\tPLACE 4 8\tOslo"),
        f=("South and North Korea\n in New\n  York", parts),
    )
    (tmp_path / "annotation.conf").write_text("[entities]\n")
    (tmp_path / "._a.ann").write_bytes(b"\0\5\x16\7")  # as macOS leaves them on other systems' disks
    found = [("South", "X"), ("North", "Y"), ("Korea", "X"), ("New\n  York", "Z")]
    assert covered(tmp_path) == [[DRUG, PLACE], [PLACE], [], [PLACE], found]
    said = capsys.readouterr().out
    assert "1 texts are left out" in said
    assert "1 spans are in several parts: each part is read as a span of its own." in said
    assert covered(tmp_path / "a.ann") == [[DRUG, PLACE]]


def test_what_is_wrong_in_brats_files_is_named(tmp_path):
    write_brat(
        tmp_path,
        a=(TEXT, f"T1\tDRUG 5\tZarolin\nT2 PLACE 16 20\nT3\tDRUG 5 11\tZarolin\nT4\tDRUG 5 {'9' * 5000}\n"),
        c=(TEXT, "T1\tX 0 4;13 15\tTook on\n"),
    )
    (tmp_path / "b.txt").write_bytes(b"\xff")
    places = [place[len(tmp_path.name) + 1 :] for place in wrong_places(tmp_path)]
    expected = [f"a.ann, line {line}: expected an entity" for line in (1, 2, 4)]
    expected += ["a.ann: the span 'DRUG' from 5 to 11", "b.txt, line 1: byte 0xff", "c.ann: the span 'X' from 13 to 15"]
    assert [place[: len(start)] for place, start in zip(places, expected, strict=True)] == expected
    (tmp_path / "a.txt").unlink()
    with pytest.raises(DatasetUnavailableError, match=r"a\.txt cannot be read: No such file"):
        covered(tmp_path)


def test_spacys_documents_are_read(tmp_path, capsys, monkeypatch):
    # A package that it needs, catalogue, has a namesake among the sources of the notebooks.
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if Path(folder).name != "source"])
    monkeypatch.delitem(sys.modules, "catalogue", raising=False)
    spacy = pytest.importorskip("spacy")
    monkeypatch.setitem(sys.modules, "catalogue", sys.modules.pop("catalogue", None))
    make, path = spacy.blank("en").make_doc, tmp_path / "train.spacy"
    docs = [make(text) for text, _ in ENGLISH] + [make("Nobody knows"), make("Half known"), make("Nothing")]
    for doc, (text, marked) in zip(docs, ENGLISH, strict=False):
        doc.ents = [doc.char_span(text.index(part), text.index(part) + len(part), marked[part]) for part in marked]
    docs[3].set_ents([spacy.tokens.Span(docs[3], 0, 1, "x")], default="missing")
    docs[4].ents = []
    spacy.tokens.DocBin(docs=docs).to_disk(path)
    assert covered(path) == [*(list(marked.items()) for _, marked in ENGLISH), []]
    assert "2 texts are left out" in capsys.readouterr().out
    path.write_bytes(b"nothing")
    assert wrong_places(path)[0].startswith("train.spacy: spaCy cannot read it (")


def test_without_spacy_it_is_said_what_to_install(file, monkeypatch):
    for module in ("spacy", "spacy.tokens"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DatasetUnavailableError, match=r"train\.spacy is in a form .*: pip install spacy$"):
        covered(file("", "train.spacy"))


# From a file to splits and to a model


@pytest.mark.parametrize("name", [*SPAN_FORMATS, *TAG_FORMATS])
def test_one_file_is_divided_by_its_texts(tmp_path, capsys, name):
    dataset = load.load_ner_dataset(str(exports.write_export(tmp_path, name, repeat=25)), seed=1)
    assert load.label_names(dataset) == exports.LABEL_NAMES
    numbers = {split: sorted(map(int, rows["id"])) for split, rows in dataset.items()}
    assert sorted(number for ids in numbers.values() for number in ids) == list(range(125))
    said = "{} are for training, {} for validation and {} for".format(*(len(ids) for ids in numbers.values()))
    assert said in capsys.readouterr().out
    if name in TAG_FORMATS:  # in which each sentence stands alone
        assert [len(ids) for ids in numbers.values()] == [99, 13, 13]
        return
    texts = [{number // 5 * 4 + (0, 1, 1, 2, 3)[number % 5] for number in ids} for ids in numbers.values()]
    assert [len(found) for found in texts] == [80, 10, 10]  # so that none of the hundred is in two splits


def test_splits_may_have_formats_of_their_own(tmp_path):
    for split, name in (("train", "label_studio"), ("dev", "words_and_tags"), ("test", "doccano")):
        exports.write_export(tmp_path, name, stem=split)
    train, *others = (part.remove_columns(["id"]) for part in load.load_ner_dataset(str(tmp_path)).values())
    assert all(part[name][:] == train[name][:] for part in others for name in ("tokens", "ner_tags"))


@pytest.mark.parametrize(
    ("content", "message"),
    [(content, r"export\.json' holds no sentence") for content in ("", "[]", "\ufeff[ ]")]
    + [(doccano(NOTES[:2]), "2 documents or sentences to draw from, which is too small")],
)
def test_too_few_texts_to_divide_are_named(file, content, message):
    with pytest.raises(EmptySplitError, match=message):
        load.load_ner_dataset(str(file(content)))
    assert all(len(rows) for rows in load.load_ner_dataset(str(file(doccano(NOTES[:3])))).values())


@pytest.mark.weekly
@pytest.mark.parametrize("edition", ["pytorch", "keras"])
@pytest.mark.parametrize("name", ["label_studio", "label_studio_min", "doccano_with_relations", *TAG_FORMATS])
def test_a_notebook_trains_on_every_format(workplace, tmp_path, edition, name):
    path = exports.write_export(tmp_path, name, repeat=15)
    settings = ["-p", "dataset", path, "-p", "epochs", "1"]
    command = [sys.executable, "-m", "helpers.run", "--profile", "smoke", "--edition", edition, *settings]
    done = subprocess.run(command, cwd=workplace, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folder = workplace / "runs" / "smoke"
    results = json.loads((folder / edition / "metrics.json").read_text())
    assert results["dataset"]["name"] == str(path)
    assert set(results["test"]["per_type"]) == {"DOSE", "DRUG"}
    config = json.loads((folder / edition / "model" / "config.json").read_text())
    assert list(config["id2label"].values()) == exports.LABEL_NAMES
    cells = nbformat.read(folder / f"{edition}.ipynb", as_version=4).cells
    assert any("<mark" in str(cell.outputs) and "Zarolin" in str(cell.outputs) for cell in cells if "outputs" in cell)
