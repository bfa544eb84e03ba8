import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value, load_dataset

from helpers.data import load
from helpers.data.hugging_face import from_hub
from helpers.data.hugging_face.from_columns import as_common_form
from helpers.errors import (
    DatasetUnavailableError,
    EmptySplitError,
    MalformedDataError,
    TutorialError,
    UnknownTagError,
)

WNUT17_LABELS = ["O"] + [
    f"{prefix}-{kind}"
    for kind in ("corporation", "creative-work", "group", "location", "person", "product")
    for prefix in "BI"
]


def write_folder(folder, **splits):
    for split, content in splits.items():
        (folder / f"{split}.conll").write_text(content, encoding="utf-8")
    return str(folder)


def test_sample_and_folder_have_the_form_of_the_hub(sample, wnut17):
    for dataset in (sample, wnut17):
        assert list(dataset) == ["train", "validation", "test"]
        assert load.label_names(dataset) == WNUT17_LABELS
        for rows in dataset.values():
            assert rows.features == Features(
                {
                    "id": Value("string"),
                    "tokens": List(Value("string")),
                    "ner_tags": List(ClassLabel(names=WNUT17_LABELS)),
                }
            )


def test_first_real_sentence(wnut17):
    first = wnut17["train"][0]
    assert first["id"] == "0"
    assert first["tokens"][14:19] == ["Empire", "State", "Building", "=", "ESB"]
    assert [WNUT17_LABELS[tag] for tag in first["ner_tags"][14:19]] == [
        "B-location", "I-location", "I-location", "O", "B-location",
    ]  # fmt: skip


def test_labels_come_from_all_splits(tmp_path):
    folder = write_folder(tmp_path, train="a\tB-x\n", validation="b\tO\n", test="c\tS-a\n")
    assert load.label_names(load.load_ner_dataset(folder)) == ["O", "B-a", "I-a", "B-x", "I-x"]


def test_missing_validation_split_is_drawn_by_seed_and_said(tmp_path, capsys):
    words = [f"w{i}" for i in range(50)]
    folder = write_folder(tmp_path, train="".join(f"{word}\tB-x\n\n" for word in words), test="t\tO\n")
    dataset = load.load_ner_dataset(folder, seed=7)
    assert "5 sentences were drawn from its training split (seed 7)" in capsys.readouterr().out
    parts = [[tokens[0] for tokens in dataset[split]["tokens"]] for split in ("train", "validation")]
    assert len(parts[1]) == 5
    assert sorted(parts[0] + parts[1]) == sorted(words)
    assert load.load_ner_dataset(folder, seed=7)["validation"]["tokens"] == dataset["validation"]["tokens"]
    assert load.load_ner_dataset(folder, seed=8)["validation"]["tokens"] != dataset["validation"]["tokens"]


def test_the_hub_and_files_draw_the_same_sentences_as_datasets_does(tmp_path, monkeypatch):
    rows = in_memory([[f"w{number}"] for number in range(57)], [[1]] * 57)["train"]
    folder = write_folder(tmp_path, train="".join(f"{word}\tB-x\n\n" for (word,) in rows["tokens"]), test="t\tO\n")
    monkeypatch.setattr(from_hub, "load_from_hub", lambda *_: DatasetDict(train=rows, test=rows))
    expected = rows.train_test_split(test_size=0.1, seed=3)
    for name in (folder, "someone/data"):
        dataset = load.load_ner_dataset(name, seed=3)
        for split, part in (("train", "train"), ("validation", "test")):
            drawn = dataset[split]["tokens"][:]
            assert sorted(drawn) == sorted(expected[part]["tokens"])
            assert drawn == sorted(drawn, key=lambda words: int(words[0][1:]))  # in their order


@pytest.mark.parametrize(("wanted", "kept"), [(0, 775), (7, 7), (5000, 775)])
def test_of_the_training_split_only_so_many_are_kept(sample, wanted, kept):
    some, again, other = (
        load.load_ner_dataset("sample", seed=seed, max_train_examples=wanted)["train"]["tokens"][:]
        for seed in (1, 1, 2)
    )
    assert len(some) == kept
    assert all(words in sample["train"]["tokens"][:] for words in some[:20])
    assert some == again
    assert wanted == 0 or some != other
    assert len(load.load_ner_dataset("sample", max_train_examples=wanted)["test"]) == len(sample["test"])


def test_rewritten_tags_are_said(tmp_path, capsys):
    load.load_ner_dataset(write_folder(tmp_path, train="a\tI-x\n", validation="b\tO\n", test="c\tO\n"))
    assert "train.conll: 1 tags rewritten as IOB2" in capsys.readouterr().out


def test_empty_split_is_named(tmp_path):
    folder = write_folder(tmp_path, train="a\tB-x\n", validation="\n", test="c\tO\n")
    with pytest.raises(EmptySplitError, match="'validation'"):
        load.load_ner_dataset(folder)


def test_too_small_to_share(tmp_path):
    with pytest.raises(EmptySplitError, match="too small"):
        load.load_ner_dataset(write_folder(tmp_path, train="a\tB-x\n", test="c\tO\n"))


@pytest.mark.parametrize(
    "name",
    [
        "./missing",
        "/missing/folder",
        "a/b/c",
        "~nobody-of-that-name/data",
        "README.md",
        "C:\\data",
        "c:/data",
        r"\\server\share",
        r"my\data",
    ],
)
def test_missing_folder_is_named(name, monkeypatch):
    monkeypatch.chdir(Path(__file__).resolve().parents[3])
    with pytest.raises(DatasetUnavailableError, match="cannot be read"):
        load.load_ner_dataset(name)


@pytest.mark.parametrize("name", ["my data", "wnut17 ", "-x", "a" * 300, ""])
def test_names_that_mean_nothing_are_named(name):
    with pytest.raises(DatasetUnavailableError):
        load.load_ner_dataset(name)


def in_memory(tokens, tags, names=("O", "B-x", "I-x")):
    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=list(names)))})
    rows = Dataset.from_dict({"tokens": tokens, "ner_tags": tags}, features=features)
    return DatasetDict(train=rows, validation=rows, test=rows)


def test_lengths_that_differ_are_named_with_split_and_row():
    with pytest.raises(MalformedDataError, match="split 'train', row 1: 2 tokens but 1 tags"):
        validate(in_memory([["a"], ["b", "c"]], [[0], [1]]), "mine")


def test_rows_without_words_are_named_with_split_and_row():
    with pytest.raises(MalformedDataError, match="split 'train', row 1: no tokens or no tags"):
        validate(in_memory([["a"], None], [[1], [0]]), "mine")
    with pytest.raises(MalformedDataError, match="split 'train', row 0: no tokens or no tags"):
        validate(in_memory([["a", None]], [[1, 0]]), "mine")


def test_tag_ids_without_a_name_are_named_with_split_and_row():
    dataset = in_memory([["a"], ["b"]], [[0], [2]])
    narrower = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=["O", "B-x"]))})
    dataset = DatasetDict({split: Dataset(rows.data, info=rows.info.copy()) for split, rows in dataset.items()})
    for rows in dataset.values():
        rows.info.features = narrower
    with pytest.raises(MalformedDataError, match=r"split 'train', row 1: tag id 2 is not in 0\.\.1"):
        validate(dataset, "mine")


def test_data_from_the_hub_gets_the_common_form(tmp_path):
    """A folder of Parquet files, as the Hub serves them, stands in for a repository."""
    for split, rows in in_memory([["a", "b"]], [[1, 2]]).items():
        rows.to_parquet(tmp_path / "x" / "default" / split / "0000.parquet")
    dataset = as_common_form(load_dataset(str(tmp_path / "x")), "x", seed=1)
    assert dataset["test"][0] == {"id": "0", "tokens": ["a", "b"], "ner_tags": [1, 2]}
    assert load.label_names(dataset) == ["O", "B-x", "I-x"]


@pytest.mark.parametrize(
    ("dataset", "error", "message"),
    [
        (DatasetDict(train=Dataset.from_dict({"text": ["a"]})), DatasetUnavailableError, "columns \\['text'\\]"),
        (
            DatasetDict({s: Dataset.from_dict({"tokens": [["a"]], "ner_tags": [[0]]}) for s in ("train", "test")}),
            DatasetUnavailableError,
            "no label names",
        ),
        (in_memory([["a"]], [[0]], ["B-x", "I-x"]), UnknownTagError, "no label 'O'"),
        (in_memory([["a", "b"]], [[0, 1]], ["O", "B-"]), UnknownTagError, "split 'train', row 0: tag 'B-'"),
        (in_memory([["a"], ["b"]], [[0], [2]], ["O", "B-x", "Q-"]), UnknownTagError, "split 'train', row 1: tag 'Q-'"),
        (
            in_memory([["a"], None], [[0], [0]], ["O", "S-x"]),
            MalformedDataError,
            "'train', row 1: no tokens or no tags",
        ),
        (in_memory([["a", "b"]], [[1]], ["O", "S-x"]), MalformedDataError, "'train', row 0: 2 tokens but 1 tags"),
    ],
)
def test_other_forms_are_refused(dataset, error, message):
    with pytest.raises(error, match=message):
        as_common_form(dataset, "mine", seed=1)


def test_digest_changes_with_any_word_tag_or_label(tmp_path):
    variants = ["a\tO\nb\tB-x\n", "a\tO\nc\tB-x\n", "a\tB-x\nb\tO\n", "a\tO\nb\tB-y\n", "a\tO\n\nb\tB-x\n"]
    digests = Counter()
    for number, content in enumerate([*variants, variants[0]]):
        (tmp_path / str(number)).mkdir()
        folder = write_folder(tmp_path / str(number), train=content, validation="v\tO\n", test="t\tO\n")
        digests[load.dataset_digest(load.load_ner_dataset(folder))] += 1
    assert sorted(digests.values()) == [1, 1, 1, 1, 2]


LOADING = """
from helpers.checkpoints import find
from helpers.data.hugging_face import from_hub
from helpers.data import load
from helpers.data.hugging_face.from_columns import as_common_form
from helpers.data.reading import Choices
from helpers.errors import TutorialError
try:
    {call}
except TutorialError as error:
    print(error)
"""


@pytest.mark.parametrize("call", ["load.load_ner_dataset('wnut_17')", "find.resolve_checkpoint('someone/model')"])
def test_without_a_network_one_short_message_names_what_works(call, tmp_path):
    nobody_listens = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}
    command = [sys.executable, "-c", LOADING.format(call=call)]
    done = subprocess.run(command, env=os.environ | nobody_listens, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert "the Hub cannot be reached" in done.stdout
    assert 'dataset="sample"' in done.stdout
    assert 'model="bundled"' in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_a_notebook_shows_errors_as_one_message():
    assert EmptySplitError("the split is empty")._render_traceback_() == ["EmptySplitError: the split is empty"]
    assert issubclass(UnknownTagError, TutorialError)
