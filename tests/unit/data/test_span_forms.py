"""Texts with spans as tools and corpora write them: which characters a span covers, whatever the form."""

import json
import sys
from pathlib import Path

import pytest
from support.exports import NOTES, added, annotation, doccano, in_utf16, pairs, region, task

from helpers.data.files import read_documents
from helpers.data.reading import Choices
from helpers.errors import DatasetUnavailableError, MalformedDataError


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


def in_lines(records):
    return "".join(json.dumps(record) + "\n" for record in records)


# How offsets are counted

COUNTS = {
    "characters": lambda text, position: position,
    "UTF-16": in_utf16,
    "characters, CRLF once": lambda text, position: position - text[:position].count("\r\n"),
    "UTF-16, CRLF once": lambda text, position: in_utf16(text, position) - text[:position].count("\r\n"),
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
    assert covered(file(doccano(notes, COUNTS[name]))) == [list(marked.items()) for _, marked in notes]
    said = capsys.readouterr().out
    assert ("UTF-16 units" if "UTF-16" in name else "counted in characters") in said
    assert ("counts once." if "CRLF once" in name else "counts twice.") in said.replace("an emoji counts", "")


def test_nothing_is_said_of_line_ends_behind_all_spans(file, capsys):
    assert covered(file(doccano([("\U0001f600 Zarolin helps\r\nme", {"Zarolin": "DRUG"})]))) == [[DRUG]]
    said = capsys.readouterr().out
    assert "UTF-16" in said and "line end" not in said


@pytest.mark.parametrize("name", COUNTS)
def test_spans_that_say_what_they_cover_are_found_one_by_one(file, name):
    count, plain = COUNTS[name], COUNTS["characters"]
    results = []
    for text, marked in ENGLISH:
        starts = [text.index(part) for part in marked]
        counts = [count, plain]  # of two releases
        results.append(
            [
                region(count(text, start), count(text, start + len(part)), label, part)
                for count, start, (part, label) in zip(counts, starts, marked.items(), strict=True)
            ]
        )
    content = [
        task(n, text, [annotation(n, found)]) for n, ((text, _), found) in enumerate(zip(ENGLISH, results, strict=True))
    ]
    assert covered(file(content)) == [list(marked.items()) for _, marked in ENGLISH]


def shifted(start, end, texts):
    """Texts with a marked word each, whose offsets are wrong by so much."""
    rows = []
    for text, word in texts:
        place = text.index(word)
        rows.append({"text": text, "label": [[place + start, place + len(word) + end, "x"]]})
    return in_lines(rows)


WHOLE = [("Then Zarolin helped again", "Zarolin"), ("Nous allons demain vers Lyon maintenant", "Lyon")] * 10
CYRILLIC = [("Мы едем утром через Минск обратно", "Минск")] * 20


@pytest.mark.parametrize("texts", [WHOLE, CYRILLIC])
@pytest.mark.parametrize(("start", "end"), [(1, 1), (-1, -1), (-2, -2), (2, 2), (0, -1)])
def test_spans_that_fit_in_no_way_of_counting_are_refused(file, texts, start, end):
    path = file(shifted(start, end, texts), "export.jsonl")
    with pytest.raises(
        MalformedDataError, match=r"so do 100% of the file's 20 spans\. Their offsets are probably counted"
    ) as caught:
        covered(path)
    assert str(caught.value).startswith(f"{path}, line 1: the span 'x' from ")


@pytest.mark.parametrize(
    ("texts", "end"),
    [
        (WHOLE[:19], -1),  # too few
        ([(f"Took {number}mg of it", f"{number}mg") for number in range(20, 40)], -2),  # a number before its unit
        ([("Mennään Helsingissä ulos", "Helsingissä")] * 20, -3),  # before a suffix
        ([("나는 서울에서 왔다", "서울에서")] * 20, -2),
        ([("我住在北京市", "北京市")] * 20, -1),
    ],
)
def test_spans_that_end_inside_of_words_for_a_reason_are_read(file, texts, end):
    path = file(shifted(0, end, texts), "export.jsonl")
    assert covered(path) == [[(word[:end], "x")] for _, word in texts]


def test_as_few_misplaced_spans_as_right_ones_are_read(file):
    assert len(covered(file(shifted(0, 0, WHOLE) + shifted(1, 1, WHOLE), "export.jsonl"))) == 40


# Forms

TEXT = "Took Zarolin in Oslo."
SPAN, OTHER = [5, 12, "DRUG"], [16, 20, "PLACE"]
DRUG, PLACE = ("Zarolin", "DRUG"), ("Oslo", "PLACE")


@pytest.mark.parametrize(
    "members",
    [
        {"label": [], "entities": [SPAN, OTHER]},
        {"entities": [SPAN, OTHER], "labels": [], "label": "news"},
        {"labels": ["news"], "spans": [SPAN, OTHER], "cats": ["news"]},
        {
            "label": [SPAN, OTHER],
            "entities": [{"start_offset": s, "end_offset": e, "label": n} for s, e, n in (OTHER, SPAN)],
        },
        {"spans": [{"start": s, "end": e, "labels": [f"{n} "]} for s, e, n in (SPAN, OTHER)]},
        {"annotations": [{"begin": s, "end": e, "tag": n, "text": TEXT[s:e]} for s, e, n in (SPAN, OTHER)]},
        {"labels": [{"startOffset": s, "endOffset": e, "class": n} for s, e, n in (SPAN, OTHER)]},
        {
            "spans": [{"start": s, "end": e, "entity": n, "label": None} for s, e, n in (SPAN, OTHER)],
            "tokens": ["Took"],
        },
    ],
)
def test_spans_are_found_under_their_usual_names(file, members):
    assert covered(file([{"text": TEXT} | members])) == [[DRUG, PLACE]]


def test_two_lists_of_spans_that_differ_are_refused(file):
    path = file([{"text": TEXT, "label": [SPAN], "entities": [SPAN, OTHER]}])
    with pytest.raises(MalformedDataError, match=r"record 1: the spans in \['label', 'entities'\] differ; keep one"):
        covered(path)


def test_of_prodigys_texts_only_those_that_were_accepted_are_read(file, capsys):
    spans = [dict(zip(("start", "end", "label", "token_start"), [*SPAN, 1], strict=True))]
    rows = [{"text": TEXT, "tokens": [], "spans": spans, "answer": answer} for answer in ("reject", "accept", "ignore")]
    rows.insert(0, {"text": "Nothing.", "answer": "accept"})
    assert covered(file(in_lines(rows))) == [[], [DRUG]]
    assert "2 texts are left out: nobody has labelled them" in capsys.readouterr().out


def test_of_ner_annotators_texts_those_that_are_null_are_left_out(file, capsys):
    content = {"classes": ["DRUG"], "annotations": [*pairs(NOTES), None]}
    assert len(covered(file(json.dumps(content)))) == 4
    assert "1 texts are left out" in capsys.readouterr().out
    content["annotations"][0] = ["a", {"entities": [[0, 9, "x"]]}]
    content["annotations"][4] = 7
    with pytest.raises(MalformedDataError) as caught:
        covered(file(content))
    assert [line.split(": ")[0].split(", ", 1)[1] for line in str(caught.value).split("\n")] == [
        "line 1, annotation 1",
        "line 1, annotation 5",
    ]


def nikl_sentence(number, text, *entities):
    names = ("begin", "end", "label", "form")
    return {"id": f"S{number}", "form": text, "NE": [dict(zip(names, entity, strict=True)) for entity in entities]}


def test_nikls_sentences_of_a_document_stay_together(file, capsys):
    first = nikl_sentence(1, "김민수가 왔다.", (0, 3, "PS_NAME", "김민수"))
    second = nikl_sentence(2, "내일 제주로 간다.", (0, 2, "DT_DAY", "내일"), (3, 5, "LCP_CITY", "제주"))
    unlabelled = {"id": "S3", "form": "끝.", "NE": None}
    documents = [{"id": "D1", "sentence": [first, second, unlabelled]}, {"id": "D2", "sentence": [second]}]
    content = {"id": "C", "metadata": {}, "document": documents}
    assert covered(file(json.dumps(content, indent=2))) == [
        [("김민수", "PS_NAME"), ("내일", "DT_DAY"), ("제주", "LCP_CITY")],
        [("내일", "DT_DAY"), ("제주", "LCP_CITY")],
    ]
    assert "1 texts are left out" in capsys.readouterr().out
    second["NE"][1]["end"] = 6
    with pytest.raises(
        MalformedDataError, match=r"export\.json, document 1, id 'S2': the span .*\n.*document 2, id 'S2'"
    ):
        covered(file(json.dumps(content, indent=2)))


def test_label_studios_and_prodigys_spans_may_lack_what_they_cover(file):
    text = "\U0001f600 Took Zarolin"
    results = [{"type": "labels", "value": {"start": 7, "end": 14, "labels": ["DRUG"]}}]
    assert covered(file([task(1, text, [annotation(1, results)])])) == [[DRUG]]
    assert covered(file([{"text": text, "id": 1, "x": [results[0]["value"]]} | added(1)])) == [[DRUG]]


def test_in_json_min_the_rows_of_a_task_need_not_be_neighbours(file, capsys):
    rows = [
        {"text": text, "id": number, "label": [{"start": 0, "end": 1, "labels": [label]}]} | added(row, updated_at=date)
        for row, (text, number, label, date) in enumerate(
            [("a", 1, "OLD", "2026-01-01"), ("b", 2, "x", "2026-01-01"), ("a", 1, "NEW", "2026-01-02")]
        )
    ]
    assert sorted(covered(file(rows))) == [[("a", "NEW")], [("b", "x")]]
    assert "2 labelled texts with 2 spans." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("first", "place"),
    [
        ({"text": TEXT, "label": [SPAN]}, "no 'text', only ['tokens', 'tags']"),
        (task(1, TEXT, [annotation(1, [])]), "no 'annotations', only ['tokens', 'tags']"),
        ({"text": TEXT, "id": 1} | added(1), "no 'annotation_id', only ['tokens', 'tags']"),
        ({"document": []}, "no 'document', only ['tokens', 'tags']"),
        ({"classes": [], "annotations": []}, "no 'annotations', only ['tokens', 'tags']"),
    ],
)
def test_records_of_another_form_are_refused_with_their_place_and_hide_no_other(file, first, place):
    path = file(in_lines([first, {"tokens": ["a"], "tags": ["O"]}, first, 7]))
    with pytest.raises(MalformedDataError) as caught:
        covered(path)
    assert str(caught.value).split("\n") == [
        f"{path}, line 2: {place}",
        f"{path}, line 4: a record is 7; expected an object in {{}}",
    ]


def test_all_wrong_spans_of_a_file_are_listed(file):
    bad = task(
        1, TEXT, [annotation(1, [region(*SPAN[:2], "A", "Zarol"), region(0, 4, "B", "Tok"), region(*OTHER, "Oslo")])]
    )
    with pytest.raises(MalformedDataError) as caught:
        covered(file([bad, bad]))
    assert [line.split(" should be ")[1][:7] for line in str(caught.value).split("\n")] == ["'Zarol'", "'Tok', "] * 2


def test_of_overlapping_spans_the_longest_are_kept_if_that_is_chosen_and_it_is_said(file, capsys):
    path = file([{"text": TEXT, "label": [SPAN, [5, 12, "DRUG "], [5, 20, "NOTE"], [0, 4, "VERB"]]}])
    with pytest.raises(MalformedDataError, match="overlaps with"):
        covered(path)
    assert covered(path, overlaps="longest") == [[("Took", "VERB"), ("Zarolin in Oslo", "NOTE")]]
    assert "1 spans are left out: a longer one overlaps with each." in capsys.readouterr().out


def test_another_form_is_named_by_its_members(file):
    path = file([{"sentence": "ab", "marks": []}])
    with pytest.raises(MalformedDataError) as caught:
        covered(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, record 1: found ['sentence', 'marks']; expected words and their tags")
    assert "docs/data.md" in message
    example = message.rpartition("in each line, ")[2]
    assert covered(file(example)) == [[("Oslo", "place")]]


# brat


@pytest.fixture
def brat(tmp_path):
    def write(**files):
        for name, (text, annotations) in files.items():
            (tmp_path / f"{name}.txt").write_bytes(text.encode())
            if annotations is not None:
                (tmp_path / f"{name}.ann").write_bytes(annotations.encode())
        return tmp_path

    return write


def test_brats_pairs_of_files_are_read(brat, capsys):
    folder = brat(
        a=(
            TEXT,
            "T1\tDRUG 5 12\tZarolin\nA1\tTwice T1\n#1\tNote T1\t?\nT2\tPLACE 16 20\tOslo\nR1\tIn Arg1:T1 Arg2:T2\n",
        ),
        b=("No\r\n\U0001f600 Oslo\r\n", "T1\tPLACE 6 10\tOslo\r\n"),
        c=("Nobody has read this", None),
        d=("Nothing.", ""),
        e=("\ufeffNo Oslo", "T1\tPLACE 4 8\tOslo"),
    )
    (folder / "annotation.conf").write_text("[entities]\n")
    (folder / "._a.ann").write_bytes(b"\0\5\x16\7")  # as macOS leaves them on other systems' disks
    assert covered(folder) == [[DRUG, PLACE], [PLACE], [], [PLACE]]
    assert "1 texts are left out" in capsys.readouterr().out
    assert covered(folder / "a.ann") == [[DRUG, PLACE]]


def test_brats_spans_in_parts_become_spans_and_one_over_a_line_end_stays_one(brat, capsys):
    text = "South and North Korea\n in New\n  York"
    offsets = "T1\tX 0 5;16 21\tSouth Korea\nT2\tY 10 15\tNorth\nT3\tZ 26 29;32 36\tNew York\n"
    assert covered(brat(a=(text, offsets))) == [
        [("South", "X"), ("North", "Y"), ("Korea", "X"), ("New\n  York", "Z")],
    ]
    assert "1 spans are in several parts: each part is read as a span of its own." in capsys.readouterr().out


def test_what_is_wrong_in_brats_files_is_named(brat):
    folder = brat(a=(TEXT, "T1\tDRUG 5\tZarolin\nT2 PLACE 16 20\nT3\tDRUG 5 11\tZarolin\n"))
    (folder / "b.txt").write_bytes(b"\xff")
    with pytest.raises(MalformedDataError) as caught:
        covered(folder)
    lines = str(caught.value).split("\n")
    starts = (
        "a.ann, line 1: expected an entity",
        "a.ann, line 2: expected an",
        "a.ann: the span 'DRUG' from 5 to 11, 'Zaroli', should",
    )
    assert [line.startswith(f"{folder / start}") for line, start in zip(lines, starts, strict=False)] == [True] * 3
    assert lines[3].startswith(f"{folder / 'b.txt'}, line 1: byte 0xff is not UTF-8")
    (folder / "a.txt").unlink()
    with pytest.raises(DatasetUnavailableError, match=r"a\.txt cannot be read: No such file"):
        covered(folder)


# spaCy's binary files


@pytest.fixture
def spacy(monkeypatch):
    # A package that it needs, catalogue, has a namesake among the sources of the notebooks.
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if Path(folder).name != "source"])
    monkeypatch.delitem(sys.modules, "catalogue", raising=False)
    library = pytest.importorskip("spacy")
    monkeypatch.setitem(sys.modules, "catalogue", sys.modules.pop("catalogue", None))
    return library


def test_spacys_documents_are_read(spacy, tmp_path, capsys):
    make = spacy.blank("en").make_doc
    docs = [make(text) for text, _ in ENGLISH] + [make("Nobody knows"), make("Half known")]
    for doc, (text, marked) in zip(docs, ENGLISH, strict=False):
        doc.ents = [
            doc.char_span(text.index(part), text.index(part) + len(part), label) for part, label in marked.items()
        ]
    docs[3].set_ents([spacy.tokens.Span(docs[3], 0, 1, "x")], default="missing")
    spacy.tokens.DocBin(docs=docs).to_disk(tmp_path / "train.spacy")
    assert covered(tmp_path / "train.spacy") == [*(list(marked.items()) for _, marked in ENGLISH), [("Half", "x")]]
    said = capsys.readouterr().out
    assert "1 texts are left out" in said
    assert "1 documents have words of which spaCy does not know" in said


@pytest.mark.usefixtures("spacy")
def test_a_broken_file_of_spacy_is_named(tmp_path):
    path = tmp_path / "train.spacy"
    path.write_bytes(b"nothing")
    with pytest.raises(MalformedDataError, match=r"train\.spacy: spaCy cannot read it \("):
        covered(path)
    with pytest.raises(DatasetUnavailableError, match=r"no\.spacy cannot be read: No such file"):
        covered(tmp_path / "no.spacy")


def test_without_spacy_it_is_said_what_to_install(tmp_path, monkeypatch):
    for module in ("spacy", "spacy.tokens"):
        monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "train.spacy").touch()
    with pytest.raises(DatasetUnavailableError, match=r"train\.spacy is in a form .*: pip install spacy$"):
        covered(tmp_path / "train.spacy")
