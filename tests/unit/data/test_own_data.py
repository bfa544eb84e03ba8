"""From a file of one's own to a trained model, by the parameter `dataset` alone."""

import json
import subprocess
import sys

import nbformat
import pytest
from support.exports import (
    LABEL_NAMES,
    NOTES,
    SPAN_FORMATS,
    TAG_FORMATS,
    TAGGED,
    added,
    annotation,
    doccano,
    in_characters,
    in_utf16,
    label_studio,
    region,
    spans_of,
    task,
    write_export,
)

from helpers.data import load
from helpers.data.files import read_documents
from helpers.errors import DatasetUnavailableError, EmptySplitError, MalformedDataError

TEXT, MARKED = NOTES[0]


def read(path):
    return [[(sentence.tokens, sentence.tags) for sentence in document] for document in read_documents(path)]


@pytest.fixture
def file(tmp_path):
    def write(content, name="export.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


# What is read


@pytest.mark.parametrize("name", [*SPAN_FORMATS, *TAG_FORMATS])
def test_each_format_gives_the_same_words_and_tags(tmp_path, name):
    sentences = [document for text in read(write_export(tmp_path, name)) for document in text]
    assert sentences == [sentence for text in TAGGED for sentence in text]


@pytest.mark.parametrize("name", SPAN_FORMATS)
def test_the_sentences_of_a_text_stay_together(tmp_path, name):
    assert read(write_export(tmp_path, name)) == TAGGED


@pytest.mark.parametrize("name", SPAN_FORMATS)
@pytest.mark.parametrize("count", [in_characters, in_utf16])
def test_an_emoji_before_a_span_moves_nothing_whichever_way_it_counts(file, name, count):
    suffix, write = SPAN_FORMATS[name]
    assert read(file(write(NOTES, count), f"export{suffix}")) == TAGGED


def test_which_way_doccano_counted_is_said_where_it_matters(file, capsys):
    for count, said in ((in_utf16, "UTF-16 units"), (in_characters, "in characters")):
        read(file(doccano(NOTES, count)))
        assert said in capsys.readouterr().out
    read(file(doccano(NOTES[:2])))
    assert "counted" not in capsys.readouterr().out


def test_releases_that_count_in_their_own_way_may_have_worked_on_one_text(file):
    text = "\U0001f600\U0001f600\U0001f600 ha ha ha Oslo"
    spans = [(in_utf16(text, 7), in_utf16(text, 9), "x", "ha"), (13, 17, "y", "Oslo")]
    results = [region(*span) for span in spans]
    words = text.split()
    # Of the first span alone both ways would make sense; in this file more spans are counted as JavaScript does.
    older = task(1, "\U0001f600 Oslo", [annotation(1, [region(3, 7, "y", "Oslo")])])
    tags = ["O", "O", "B-x", "O", "B-y"]
    assert read(file([older, older, task(2, text, [annotation(2, results)])]))[2] == [(words, tags)]


def test_the_counts_are_said(file, capsys):
    skipped = task(6, "no", [annotation(6, [], was_cancelled=True)])
    read(file([*json.loads(label_studio(NOTES)), task(5, "not yet", []), skipped]))
    assert capsys.readouterr().out.splitlines() == [
        "export.json: 4 labelled texts with 7 spans.",
        "export.json: 1 of the texts have no span: their words are outside of all entities.",
        "export.json: 2 texts are left out: nobody has labelled them, or they were skipped.",
        "export.json: Spans are counted in characters, in which an emoji counts once.",
    ]


def test_spans_that_end_inside_of_words_are_kept_and_counted(file, capsys):
    ((sentence,),) = read_documents(file(doccano([("Took 20mg.", {"20": "DOSE"})])))
    assert (sentence.tokens, sentence.tags) == (["Took", "20mg", "."], ["O", "B-DOSE", "O"])
    assert (sentence.text, sentence.spans) == ("Took 20mg.", ((5, 7, "DOSE"),))
    assert "1 spans begin or end inside of a word." in capsys.readouterr().out


def test_in_json_min_who_has_not_labelled_a_text_is_told_from_who_found_nothing(file):
    rows = [{"text": "not yet", "id": 1} | added(None, annotator=None), {"text": "nothing", "id": 2} | added(7)]
    assert read(file(rows)) == [[(["nothing"], ["O"])]]


def disagreeing(*, newest, **changes):
    """Two people's spans in one text: the one's DOSE, the other's DRUG."""
    dose, drug = (region(*span) for span in spans_of(TEXT, MARKED))
    dates = ["2026-11-03T09:00:00.000000Z", "2026-11-04T09:00:00.000000Z"]
    return [
        annotation(1, [dose], updated_at=dates[newest == "DOSE"], **changes),
        annotation(2, [drug], updated_at=dates[newest == "DRUG"]),
    ]


@pytest.mark.parametrize(
    ("annotations", "taken"),
    [
        (disagreeing(newest="DOSE"), "DOSE"),
        (disagreeing(newest="DRUG"), "DRUG"),
        (disagreeing(newest="DRUG", ground_truth=True), "DOSE"),
        (disagreeing(newest="DOSE", was_cancelled=True), "DRUG"),
    ],
)
def test_of_several_annotators_one_is_taken_and_it_is_said(file, capsys, annotations, taken):
    content = task(1, TEXT, annotations)
    (((_, tags),),) = read(file([content]))
    assert [tag for tag in tags if tag != "O"] == [f"B-{taken}"]
    said = "1 texts were labelled by several people, who differ" in capsys.readouterr().out
    assert said != any(entry["was_cancelled"] for entry in annotations)


def test_in_json_min_the_rows_of_several_annotators_are_one_text(file, capsys):
    rows = [
        {"text": TEXT, "id": 1, "label": [entry["result"][0]["value"]]}
        | added(entry["id"], updated_at=entry["updated_at"])
        for entry in disagreeing(newest="DOSE")
    ]
    ((((_, tags),)),) = read(file(rows))
    assert [tag for tag in tags if tag != "O"] == ["B-DOSE"]
    assert "1 labelled texts" in capsys.readouterr().out


def test_people_who_agree_need_no_word(file, capsys):
    results = [region(*span) for span in spans_of(TEXT, MARKED)]
    assert read(file([task(1, TEXT, [annotation(1, results), annotation(2, results[::-1])])])) == TAGGED[:1]
    assert "several people" not in capsys.readouterr().out


def test_what_else_label_studio_exports_is_no_span(file):
    results = [region(*span) for span in spans_of(TEXT, MARKED)]
    results += [
        {"from_id": "a", "to_id": "b", "type": "relation", "direction": "right", "labels": ["of"]},
        {"value": {"choices": ["yes"]}, "from_name": "sure", "to_name": "text", "type": "choices"},
        {"value": {"start": 0, "end": 4, "text": ["why?"]}, "from_name": "why", "to_name": "text", "type": "textarea"},
    ]
    content = task(1, TEXT, [annotation(1, results)]) | {"predictions": [{"result": [region(0, 4, "DRUG", "Took")]}]}
    assert read(file([content])) == TAGGED[:1]
    row = {"text": TEXT, "id": 1, "label": [entry["value"] for entry in results[:2]], "sure": "yes"} | added(1)
    row["why"] = [{"start": 0, "end": 4, "text": ["why?", "really?"]}]
    row["sure"] = [{"start": 0, "end": 4, "text": "Took", "choices": ["a", "b"]}]
    assert read(file([row])) == TAGGED[:1]


def test_a_text_may_have_another_name_if_it_is_the_only_one(file):
    content = json.loads(label_studio(NOTES[:1]))
    content[0]["data"] = {"post": TEXT, "number": 7}
    assert read(file(content)) == TAGGED[:1]


@pytest.mark.parametrize("covers", ["Velanol\\nforte", "Velanolforte", " Velanol forte "])
def test_label_studio_may_write_white_space_in_its_own_way(file, covers):
    span = region(5, 18, "DRUG", covers)
    tags = ["O", "B-DRUG", "I-DRUG"]
    assert read(file([task(1, "Then Velanol\nforte", [annotation(1, [span])])])) == [
        [(["Then", "Velanol", "forte"], tags)]
    ]


# What cannot be right


def label_studio_with(*regions, text=TEXT):
    return [task(7, text, [annotation(1, list(regions))])]


def min_with(*values):
    return [{"text": TEXT, "id": 7, "label": list(values)} | added(1)]


def doccano_with(*spans, text="a  b"):
    return {"text": text, "label": list(spans)}


WRONG = {
    "overlap": (
        label_studio_with(region(5, 9, "DOSE", "20mg"), region(7, 12, "UNIT", "mg of")),
        "the span 'DOSE' from 5 to 9, '20mg', overlaps with the span 'UNIT' from 7 to 12, 'mg of'",
    ),
    "nested": (
        label_studio_with(region(5, 20, "A", "20mg of Zarolin"), region(13, 20, "B", "Zarolin")),
        "'20mg of Zarolin', overlaps with the span 'B'",
    ),
    "two labels in one place": (doccano_with([0, 1, "x"], [0, 1, "y"]), "the span 'x' .* overlaps with the span 'y'"),
    "outside": (doccano_with([3, 5, "x"]), "from 3 to 5, 'b', is not inside of the text, which has 4 characters"),
    "negative": (doccano_with([-1, 1, "x"]), "is not inside of the text"),
    "backwards": (doccano_with([4, 3, "x"]), "is not inside of the text"),
    "empty": (doccano_with([1, 1, "x"]), "the span 'x' from 1 to 1, '', covers no word; remove it"),
    "white space": (doccano_with([1, 3, "x"]), "the span 'x' from 1 to 3, '  ', covers no word; remove it"),
    "half an emoji": (
        doccano_with([1, 2, "x"], [5, 6, "x"], text="\U0001f600\U0001f600 a"),
        "in the middle of a character",
    ),
    "no label": (
        label_studio_with({"type": "labels", "value": {"start": 5, "end": 9}}),
        r"the span from 5 to 9 has the labels \[\]; give it one",
    ),
    "no label in JSON-MIN": (min_with({"start": 5, "end": 9, "text": "20mg"}), r"has the labels \[\]; give it one"),
    "several labels": (
        min_with({"start": 5, "end": 9, "labels": ["A", "B"]}),
        r"has the labels \['A', 'B'\]; give it one",
    ),
    "an empty label": (doccano_with([0, 1, " "]), "the span from 0 to 1 has an empty label; give it one"),
    "a label's number": (doccano_with([0, 1, 3]), "a label is 3; expected a text"),
    "another text": (label_studio_with(region(5, 9, "DOSE", "30mg")), "'20mg', should be '30mg', as its record says"),
    "offsets that are texts": (doccano_with(["0", 1, "x"]), "'start' is '0'; expected a whole number"),
    "HTML": (
        label_studio_with({"type": "hypertextlabels", "value": {"start": "/p[1]", "end": "/p[1]"}}),
        "it has 'hypertextlabels'; expected spans of a plain text",
    ),
    "pictures": (min_with({"x": 1, "y": 2, "rectanglelabels": ["Car"]}), "it has 'rectanglelabels'; expected spans"),
    "classes of texts": (doccano_with("positive"), "expected spans, such as .*; found 'positive'"),
    "which text": (
        [task(7, "a", []) | {"data": {"a": "b", "c": "d"}}],
        r"which field is the text\? Found \['a', 'c'\]; call it 'text'",
    ),
    "no text": ([task(7, "a", []) | {"data": {"text": ["a", "b"]}}], r"'text' is \['a', 'b'\]; expected a text"),
    "no annotations": ([task(7, "a", []) | {"annotations": [3]}], "an annotation is 3; expected an object in {}"),
    "another format": ({"content": "ab", "spans": []}, r"found \['content', 'spans'\]; expected words and their tags"),
    "half of a character": ('{"text": "a\\ud83d", "label": []}', "with half of a character in it"),
}


@pytest.mark.parametrize("case", WRONG)
def test_spans_that_cannot_be_right_are_named_with_their_place(file, case):
    content, message = WRONG[case]
    path = file(content)
    with pytest.raises(MalformedDataError, match=message) as caught:
        read(path)
    place = "line 1" if isinstance(content, dict | str) else "record 1, id 7"
    assert str(caught.value).startswith(f"{path}, {place}: ")


# From a file to splits


@pytest.mark.parametrize("name", [*SPAN_FORMATS, *TAG_FORMATS])
def test_one_file_is_divided_by_its_texts(tmp_path, capsys, name):
    path = write_export(tmp_path, name, repeat=25)
    dataset = load.load_ner_dataset(str(path), seed=1)
    assert load.label_names(dataset) == LABEL_NAMES
    numbers = {split: sorted(map(int, rows["id"])) for split, rows in dataset.items()}
    assert sorted(number for ids in numbers.values() for number in ids) == list(range(125))
    counts = {split: len(ids) for split, ids in numbers.items()}
    assert (
        "{train} are for training, {validation} for validation and {test} for".format(**counts)
        in capsys.readouterr().out
    )
    if name in TAG_FORMATS:  # in which each sentence stands alone
        assert counts == {"train": 99, "validation": 13, "test": 13}
    else:  # sentences 1 and 2 of every 5 are of one text
        parted = [
            {number // 5 for number in ids if number % 5 == place} for ids in numbers.values() for place in (1, 2)
        ]
        assert parted[0::2] == parted[1::2]
        assert [len({number - (number % 5 > 1) for number in ids}) for ids in numbers.values()] == [80, 10, 10]


def test_the_seed_decides_which_texts_are_drawn(tmp_path):
    path = str(write_export(tmp_path, "doccano", repeat=25))
    first, again, other = (load.load_ner_dataset(path, seed=seed)["test"]["id"][:] for seed in (1, 1, 2))
    assert first == again != other


def test_a_folder_with_one_file_is_that_file(tmp_path):
    path = write_export(tmp_path, "label_studio", repeat=25)
    assert load.dataset_digest(load.load_ner_dataset(str(tmp_path))) == load.dataset_digest(
        load.load_ner_dataset(str(path))
    )


def test_splits_may_have_formats_of_their_own(tmp_path, capsys):
    for split, name in (("train", "label_studio"), ("dev", "words_and_tags"), ("test", "doccano")):
        write_export(tmp_path, name, stem=split)
    dataset = load.load_ner_dataset(str(tmp_path))
    assert dataset["train"]["tokens"] == dataset["validation"]["tokens"] == dataset["test"]["tokens"]
    assert dataset["train"]["ner_tags"] == dataset["validation"]["ner_tags"] == dataset["test"]["ner_tags"]
    assert "train.json: 4 labelled texts" in capsys.readouterr().out


def test_a_drawn_validation_split_keeps_texts_whole(tmp_path):
    write_export(tmp_path, "doccano", repeat=25, stem="train")
    write_export(tmp_path, "doccano", stem="test")
    dataset = load.load_ner_dataset(str(tmp_path))
    drawn = [int(number) % 5 for number in dataset["validation"]["id"]]
    assert drawn.count(1) == drawn.count(2)
    assert (len(dataset["test"]), len(dataset["train"]) + len(dataset["validation"])) == (5, 125)


def test_files_among_which_to_choose_are_named(tmp_path):
    for stem in ("anna", "bob"):
        write_export(tmp_path, "doccano", stem=stem)
    with pytest.raises(DatasetUnavailableError, match=r"found anna\.jsonl, bob\.jsonl\. A single file can be given by"):
        load.load_ner_dataset(str(tmp_path))


@pytest.mark.parametrize("content", ["", "[]", "\n", "\ufeff[ ]"])
def test_an_empty_file_is_named(file, content):
    with pytest.raises(EmptySplitError, match=r"export\.json' holds no sentence"):
        load.load_ner_dataset(str(file(content)))


def test_too_few_texts_to_divide_are_named(tmp_path):
    path = tmp_path / "export.jsonl"
    path.write_text(doccano(NOTES[:3]))
    assert all(len(rows) for rows in load.load_ner_dataset(str(path)).values())
    path.write_text(doccano(NOTES[:2]))
    with pytest.raises(EmptySplitError, match="2 documents or sentences to draw from, which is too small"):
        load.load_ner_dataset(str(path))


@pytest.mark.parametrize("name", ["missing.json", "export.jsonl", "./missing.conll"])
def test_a_missing_file_is_named_and_not_looked_for_on_the_hub(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetUnavailableError, match=r"cannot be read: No such file"):
        load.load_ner_dataset(name)


# Notebooks


@pytest.mark.faults
@pytest.mark.parametrize("edition", ["pytorch", "keras"])
@pytest.mark.parametrize(
    "name", ["label_studio", "label_studio_min", "doccano_with_relations", "words_and_tags", "conll"]
)
def test_a_notebook_trains_on_every_format(workplace, tmp_path, edition, name):
    path = write_export(tmp_path, name, repeat=15)
    settings = ["-p", "dataset", path, "-p", "epochs", "1"]
    command = [sys.executable, "-m", "helpers.run", "--profile", "smoke", "--edition", edition, *settings]
    done = subprocess.run(command, cwd=workplace, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folder = workplace / "runs" / "smoke"
    results = json.loads((folder / edition / "metrics.json").read_text())
    assert results["dataset"]["name"] == str(path)
    assert set(results["test"]["per_type"]) == {"DOSE", "DRUG"}
    config = json.loads((folder / edition / "model" / "config.json").read_text())
    assert list(config["id2label"].values()) == LABEL_NAMES
    notebook = nbformat.read(folder / f"{edition}.ipynb", as_version=4)
    shown = "\n".join(str(output) for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs)
    assert "has no validation and no test split: of its sentences" in shown
    assert "<mark" in shown and "Zarolin" in shown
    assert all(
        (folder / edition / "figures" / f"{figure}.png").exists() for figure in ("label_counts", "confusion_matrix")
    )
