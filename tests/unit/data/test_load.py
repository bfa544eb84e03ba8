"""Data of any source in the common form: splits that are drawn, and what is refused."""

import os
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from helpers.data import from_hub, load
from helpers.errors import DatasetUnavailableError

TYPES = ("corporation", "creative-work", "group", "location", "person", "product")
WNUT17_LABELS = ["O"] + [f"{prefix}-{each}" for each in TYPES for prefix in "BI"]


def write_folder(folder, **splits):
    folder.mkdir(exist_ok=True)
    for split, content in splits.items():
        (folder / f"{split}.conll").write_text(content, encoding="utf-8")
    return str(folder)


@pytest.mark.slow
def test_sample_and_folder_have_the_form_of_the_hub(sample, wnut17):
    tags = List(ClassLabel(names=WNUT17_LABELS))
    for dataset in (sample, wnut17):
        assert list(dataset) == ["train", "validation", "test"]
        for rows in dataset.values():
            assert rows.features == Features({"id": Value("string"), "tokens": List(Value("string")), "ner_tags": tags})
    first = wnut17["train"][0]
    assert (first["id"], first["tokens"][14:19]) == ("0", ["Empire", "State", "Building", "=", "ESB"])
    tags = [load.label_names(wnut17)[tag] for tag in first["ner_tags"][14:19]]
    assert tags == ["B-location", "I-location", "I-location", "O", "B-location"]


# Splits


@pytest.mark.parametrize(
    ("splits", "said", "test"),
    [
        (["train", "test"], "no validation split: 6 sentences were drawn from its training split (seed 3)", "test"),
        (["train", "validation"], "its validation split is the test, and 6 sentences were drawn", "validation"),
        (["train"], "no validation and no test split: of its sentences, 45 are for training, 6 for validation", None),
    ],
)
@pytest.mark.parametrize("where", ["in a folder", "on the Hub"])
def test_what_takes_the_place_of_missing_splits(tmp_path, capsys, monkeypatch, splits, said, test, where):
    words = {split: [f"{split}{number}" for number in range(57)] for split in splits}
    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=["O", "B-x", "I-x"]))})
    parts = {
        split: Dataset.from_dict(
            {"tokens": [[word] for word in words[split]], "ner_tags": [[1]] * 57}, features=features
        )
        for split in splits
    }
    name = "someone/data"
    monkeypatch.setattr(from_hub, "load_from_hub", lambda _: DatasetDict(parts))
    if where == "in a folder":
        name = write_folder(tmp_path, **{split: "\tB-x\n\n".join([*words[split], ""]) for split in splits})
    loaded, again, other = (load.load_ner_dataset(name, seed=seed) for seed in (3, 3, 4))
    assert said in capsys.readouterr().out
    drawn = {split: [tokens[0] for tokens in rows["tokens"]] for split, rows in loaded.items()}
    assert sorted(chain(*drawn.values())) == sorted(chain(*words.values()))
    assert all(part == sorted(part, key=words["train"].index) for part in drawn.values() if part[0] in words["train"])
    assert load.dataset_digest(loaded) == load.dataset_digest(again) != load.dataset_digest(other)
    if test:  # and what is drawn is what datasets itself draws
        assert drawn["test"] == words[test]
        expected = parts["train"].train_test_split(test_size=0.1, seed=3)
        assert sorted(loaded["validation"]["tokens"]) == sorted(expected["test"]["tokens"])


@pytest.mark.parametrize(("wanted", "kept"), [(7, 7), (5000, 775)])
def test_of_the_training_split_only_so_many_are_kept(sample, wanted, kept):
    some, again, other = (
        load.load_ner_dataset("sample", seed=seed, max_train_examples=wanted)["train"]["tokens"][:]
        for seed in (1, 1, 2)
    )
    assert len(some) == kept
    assert all(words in sample["train"]["tokens"][:] for words in some[:20])
    assert some == again != other


# What is refused

FOLDERS = ["./missing", "a/b/c", "~nobody-of-that-name/data", "README.md", "missing.json", "./missing.conll"]
FOLDERS_OF_WINDOWS = ["C:\\data", "c:/data", r"\\server\share", r"my\data"]


@pytest.mark.parametrize("name", [*FOLDERS, *FOLDERS_OF_WINDOWS, "my data", "wnut17 ", "-x", "a" * 300, ""])
def test_what_is_missing_or_means_nothing_is_named(name, monkeypatch):
    monkeypatch.chdir(Path(__file__).resolve().parents[3])
    of_folder = name in FOLDERS + FOLDERS_OF_WINDOWS
    with pytest.raises(DatasetUnavailableError, match="cannot be read" if of_folder else None):
        load.load_ner_dataset(name)


def test_digest_changes_with_any_word_tag_or_label(tmp_path):
    variants = ["a\tO\nb\tB-x\n", "a\tO\nc\tB-x\n", "a\tB-x\nb\tO\n", "a\tO\nb\tB-y\n", "a\tO\n\nb\tB-x\n"]
    folders = [
        write_folder(tmp_path / str(number), train=content, validation="v\tO\n", test="t\tO\n")
        for number, content in enumerate([*variants, variants[0]])
    ]
    *digests, again = (load.dataset_digest(load.load_ner_dataset(folder)) for folder in folders)
    assert len(set(digests)) == len(variants)
    assert again == digests[0]


LOADING = """
from helpers.checkpoints import find
from helpers.data import load
from helpers.errors import TutorialError
try:
    {call}
except TutorialError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("call", ["load.load_ner_dataset('wnut_17')", "find.resolve_checkpoint('someone/model')"])
def test_without_a_network_one_short_message_names_what_works(call, tmp_path):
    nobody_listens = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}
    command = [sys.executable, "-c", LOADING.format(call=call)]
    done = subprocess.run(command, env=os.environ | nobody_listens, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert all(said in done.stdout for said in ("the Hub cannot be reached", 'dataset="sample"', 'model="bundled"'))
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "words", "language"),
    [
        ("mine", ["서울에서", "TV"], "ko"),
        ("mine", ["서울", "in", "Korea"], None),
        ("wnut_17", ["in", "Oslo"], "en"),
        ("mine", ["in", "Oslo"], None),
        ("mine", ["1", "?"], None),
    ],
)
def test_the_language_is_korean_where_most_letters_are_and_else_what_is_known(name, words, language):
    dataset = {"train": Dataset.from_dict({"tokens": [words]})}
    assert load.language_of(name, dataset) == language
