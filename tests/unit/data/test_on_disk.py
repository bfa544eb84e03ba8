"""Data sets of columns, as Hugging Face's datasets writes them to the disk."""

import json
import re
from itertools import product

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from helpers.data.dataset_columns import as_common_form
from helpers.data.load import dataset_digest, label_names, load_ner_dataset
from helpers.data.reading import Choices
from helpers.errors import DatasetUnavailableError, MalformedDataError, ParameterError, TutorialError

NAMES = ["O", "B-y", "I-y", "B-x", "I-x"]  # in no order that anybody would sort them in
SIZES = {"train": 30, "validation": 4, "test": 5}


def rows(words, tags, names=NAMES, columns=("tokens", "ner_tags")):
    kind = Value("string") if names is None else ClassLabel(names=names)
    features = Features({columns[0]: List(Value("string")), columns[1]: List(kind)})
    return Dataset.from_dict(dict(zip(columns, (words, tags), strict=True)), features=features)


@pytest.fixture(scope="module")
def dataset():
    return DatasetDict(
        {
            split: rows([[f"{split}{row}", "Oslo"] for row in range(size)], [[row % 5, 3] for row in range(size)])
            for split, size in SIZES.items()
        }
    )


# The disk


def as_saved(dataset, folder):
    dataset.with_format("numpy", columns=["ner_tags"]).save_to_disk(folder)  # shown to others in another form


def as_parquet(dataset, folder):
    for split, number in product(dataset, range(3)):
        (folder / split).mkdir(parents=True, exist_ok=True)
        dataset[split].shard(3, number).to_parquet(folder / split / f"{split}-0000{number}-of-00003.parquet")


def as_arrow(dataset, folder):
    for split, part in dataset.items():
        part.save_to_disk(folder / "parts" / split)
        (arrow,) = (folder / "parts" / split).glob("*.arrow")
        arrow.rename(folder / f"{split}.arrow")


@pytest.mark.parametrize("write", [as_saved, as_parquet, as_arrow])
def test_what_is_on_the_disk_is_what_was_written(tmp_path, dataset, write):
    folder = tmp_path / "a [b]{c} 가"  # brackets are a pattern to datasets
    write(dataset, folder)
    loaded = load_ner_dataset(str(folder))
    assert label_names(loaded) == NAMES
    assert loaded["test"][1] == {"id": "1", "tokens": ["test1", "Oslo"], "ner_tags": [1, 3]}
    assert dataset_digest(loaded) == dataset_digest(as_common_form(dataset, "mine", seed=1))


def test_one_part_is_divided(tmp_path, dataset, capsys):
    dataset["train"].save_to_disk(tmp_path / "saved")
    dataset["train"].to_parquet(tmp_path / "notes.parquet")
    for path in (tmp_path / "saved", tmp_path / "notes.parquet"):
        loaded = load_ner_dataset(str(path))
        assert [len(part) for part in loaded.values()] == [24, 3, 3]
        words = [words[0] for part in loaded.values() for words in part["tokens"]]
        assert sorted(words) == sorted(words[0] for words in dataset["train"]["tokens"])
        assert "24 are for training, 3 for validation and 3 for the test" in capsys.readouterr().out


def test_a_file_outside_of_the_folder_is_not_read(tmp_path, dataset):
    as_saved(dataset, tmp_path / "saved")
    state = tmp_path / "saved" / "test" / "state.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"_data_files": [{"filename": "../train/x.arrow"}]}))
    assert load_ner_dataset(str(tmp_path / "saved"))["test"]["tokens"][:] == dataset["test"]["tokens"][:]


def test_what_cannot_be_read_is_named(tmp_path, dataset):
    dataset["train"].to_parquet(tmp_path / "train.parquet")
    (tmp_path / "test.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DatasetUnavailableError, match=r"test\.parquet cannot be read: "):
        load_ner_dataset(str(tmp_path))
    (tmp_path / "test.parquet").rename(tmp_path / "test.conll")
    with pytest.raises(DatasetUnavailableError, match=r"different kinds: train\.parquet, test\.conll; make them one"):
        load_ner_dataset(str(tmp_path))


CARD = """---
dataset_info:
  features:
  - name: {column}
    sequence:
      class_label:
        names:
          '0': O
          '1': B-x
          '2': I-x
---
"""
INFOS = '{"default": {"features": {"ner_tags": {"feature": {"names": ["O", "B-x", "I-x"], "_type": "ClassLabel"}}}}}'


@pytest.mark.parametrize(
    ("beside", "content"),
    [
        ("README.md", CARD.format(column="ner_tags")),
        ("../README.md", CARD.format(column="ner_tags")),
        ("dataset_infos.json", INFOS),
    ],
)
def test_class_ids_in_json_have_the_names_that_are_beside_the_file(tmp_path, beside, content):
    path = tmp_path / "data" / "notes.jsonl"
    path.parent.mkdir()
    (path.parent / beside).write_text(content, encoding="utf-8")
    record = {"tokens": ["in", "New", "York"], "pos_tags": [7, 8, 9], "ner_tags": [0, 1, 2]}
    path.write_text(f"{json.dumps(record)}\n" * 20, encoding="utf-8")
    loaded = load_ner_dataset(str(path))
    assert [label_names(loaded)[tag] for tag in loaded["train"]["ner_tags"][0]] == ["O", "B-x", "I-x"]
    path.write_text(f"{json.dumps(record)}\n" + json.dumps(record | {"ner_tags": [0, 1, 3]}), encoding="utf-8")
    with pytest.raises(MalformedDataError, match=r"notes\.jsonl, line 2: tag id 3 is not in 0\.\.2"):
        load_ner_dataset(str(path))


@pytest.mark.parametrize(
    ("beside", "content"),
    [
        ("README.md", CARD.format(column="pos_tags")),
        ("README.md", CARD.format(column="ner_tags").replace("B-x", "7")),
        *(("README.md", content) for content in ("---\n[\n---\n", "---\ndataset_info: 3\n---\n", "no card")),
        *(("dataset_infos.json", content) for content in ("[", '{"default": [{"features": 3}]}')),
    ],
)
def test_class_ids_without_names_are_refused(tmp_path, beside, content):
    (tmp_path / beside).write_text(content, encoding="utf-8")
    (tmp_path / "notes.jsonl").write_text('{"tokens": ["in", "York"], "ner_tags": [0, 1]}\n', encoding="utf-8")
    with pytest.raises(MalformedDataError, match="the tag 0 is a number, and nothing here says what it stands for"):
        load_ner_dataset(str(tmp_path / "notes.jsonl"))


# The columns


def common(part, **choices):
    parts = part if isinstance(part, dict) else dict.fromkeys(SIZES, part)
    return as_common_form(parts, "mine", seed=1, choices=Choices(**choices))


def tags_of(loaded, split="train"):
    return [[label_names(loaded)[tag] for tag in tags] for tags in loaded[split]["ner_tags"]]


@pytest.mark.parametrize("columns", [("words", "labels"), ("Tokens", "NER"), ("text tokens", "entities")])
def test_columns_may_have_other_names(columns):
    loaded = common(rows([["in", "Oslo"]], [[0, 3]], columns=columns))
    assert loaded["train"][0] == {"id": "0", "tokens": ["in", "Oslo"], "ner_tags": [0, 3]}


def test_of_several_columns_one_is_taken_and_that_is_said(capsys):
    part = rows([["a"]], [[1]]).add_column("tags", [["B-z"]]).add_column("ner", [["B-w"]])
    assert tags_of(common(part)) == [["B-y"]]
    said = "The tags are those of the column 'ner_tags'; tag_column can name another one: 'tags', 'ner'."
    assert said in capsys.readouterr().out
    for choice in ("tags", 2):
        assert tags_of(common(part, tag_column=choice)) == [["B-z"]]
    assert capsys.readouterr().out == ""
    for choice in ("tag", 7, "tokens"):
        with pytest.raises(ParameterError, match=rf"tag_column is {choice!r}; .*: 1 \(ner_tags\), 2 \(tags\), 3"):
            common(part, tag_column=choice)


@pytest.mark.parametrize(
    ("names", "ids", "tags"),
    [
        (["O", "LOC", "PER"], [0, 1, 1, 2], ["O", "B-LOC", "I-LOC", "B-PER"]),
        (["B_x", "I_x", "O"], [0, 1, 2, 0], ["B-x", "I-x", "O", "B-x"]),
        (["S-x", "B-x", "I-x", "E-x", "O"], [0, 1, 2, 3], ["B-x", "B-x", "I-x", "I-x"]),
        (["O", "I-x", "B-x"], [0, 1, 1, 2], ["O", "B-x", "I-x", "B-x"]),  # IOB1
    ],
)
@pytest.mark.parametrize("as_text", [False, True])
def test_tags_of_other_forms_are_rewritten(capsys, names, ids, tags, as_text):
    given = [names[number] for number in ids] if as_text else ids
    loaded = common(rows([list("abcd")], [given], None if as_text else names))
    assert tags_of(loaded) == [tags]
    assert all(label[:2] in ("O", "B-", "I-") for label in label_names(loaded))
    assert "tags rewritten as IOB2." in capsys.readouterr().out


def test_each_split_may_have_its_own_ids_and_another_name(capsys):
    names = {"training": ["O", "B-x"], "dev": ["B-x", "O"], "test": ["O", "B-y"], "test_unseen": ["O", "B-z"]}
    loaded = common({split: rows([["a", "b"]], [[0, 1]], names[split]) for split in names})
    assert [tags_of(loaded, split)[0] for split in ("train", "validation", "test")] == [*names.values()][:3]
    assert capsys.readouterr().out == "mine: these splits are not used: test_unseen.\n"


TEXT = "Mo in Oslo"
SPANS = [{"start": 0, "end": 2, "label": "PER"}, {"start": 6, "end": 10, "label": "LOC"}]
LABEL = ClassLabel(names=["LOC", "PER"])
NUMBER = Value("int64")


@pytest.mark.parametrize(
    ("kind", "spans"),
    [
        (List({"start": NUMBER, "end": NUMBER, "label": Value("string")}), SPANS),
        (List({"start": NUMBER, "end": NUMBER, "label": LABEL}), SPANS),
        ({"begin": List(NUMBER), "end": List(NUMBER), "type": List(Value("string"))},
         {"begin": [0, 6], "end": [2, 10], "type": ["PER", "LOC"]}),
    ],
)  # fmt: skip
def test_texts_and_spans(kind, spans):
    features = Features({"text": Value("string"), "entities": kind})
    loaded = common(Dataset.from_dict({"text": [TEXT], "entities": [spans]}, features=features))
    assert (loaded["train"]["text"][0], loaded["train"]["spans"][0]) == (TEXT, SPANS)
    assert tags_of(loaded) == [["B-PER", "O", "B-LOC"]]
    part = Dataset.from_dict({"text": [TEXT] * 3 + [None], "entities": [spans] * 4}, features=features)
    with pytest.raises(MalformedDataError, match="data set 'mine', split 'train', row 3: no text"):
        common({"train": part})


def test_all_wrong_rows_are_named():
    part = rows([["a"], ["a", "b"], None, ["a", None], ["a"]], [["O"], ["B-x"], ["O"], ["O", "O"], ["Q-x"]], None)
    with pytest.raises(MalformedDataError) as raised:
        common(part)
    found = [line.partition("row ")[2] for line in str(raised.value).split("\n")]
    assert found[:3] == ["1: 2 tokens but 1 tags", "2: no tokens or no tags", "3: no tokens or no tags"]
    assert [line[:12] for line in found[3:]] == ["4: tag 'Q-x'"]


ROW = rows([["a"]], [[0]])
NO_NAMES = Dataset.from_dict({"tokens": [["a"]], "ner_tags": [[0]]})
NO_TAGS = Dataset.from_dict({"tokens": [["a"]], "pos": [["X"]]})
BEYOND_THE_NAMES = rows([["a"], ["b"]], [[0], [2]])  # class ids as a broken file can have them
BEYOND_THE_NAMES.info.features = rows([], [], NAMES[:2]).features


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"train": NO_NAMES}, "DatasetUnavailableError: .* no label names"),
        ({"train": NO_TAGS}, r"DatasetUnavailableError: .*the columns \['pos', 'tokens'\]; needed"),
        ({"train": ROW, "test": rows([["a"]], [[0]], columns=("words", "tags"))}, "different columns"),
        ({"train": ROW, "test_1": ROW, "test_2": ROW}, r"the data set 'mine' holds several .* 'test': test_1, test_2"),
        ({"extra": ROW, "test": ROW}, r"DatasetUnavailableError: .*no split 'train'; it has: 'extra', 'test'"),
        ({"train": rows([["a", "b"]], [[0, 1]], ["O", "B-"])}, "UnknownTagError: .*split 'train', row 0: tag 'B-'"),
        ({"train": rows([["a"], ["b"]], [[0], [1]], ["O", "Q-"])}, "UnknownTagError: .*'train', row 1: tag 'Q-'"),
        ({"train": rows([["a", "b"]], [["Q-x", "B-x"]], None)}, "UnknownTagError: .*row 0: tag 'Q-x'"),
        ({"train": BEYOND_THE_NAMES}, r"MalformedDataError: .*'train', row 1: tag id 2 is not in 0\.\.1"),
    ],
)
def test_other_forms_are_refused(parts, message):
    with pytest.raises(TutorialError) as raised:
        common(parts)
    assert re.search(message, f"{type(raised.value).__name__}: {raised.value}")
