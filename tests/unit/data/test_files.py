"""Which files of a folder are which split."""

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from helpers.data.files import SUFFIXES, find_files, read_documents
from helpers.data.load import load_ner_dataset
from helpers.data.splits import splits_of
from helpers.errors import DatasetUnavailableError, MalformedDataError


def folder_with(folder, names):
    for name in names.split():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("In O\nOslo B-place\n\n" * 9, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("train", "train.txt Train.txt TRAIN.TSV training.conll trainset.txt train_set.conll en-train.conllu"),
        ("train", "klue-ner-v1.1_train.tsv ner.train.jsonl train2.json traindata.csv 데이터_train.txt eng.train"),
        ("validation", "val.txt valid.txt validation.txt dev.txt devel.txt development.txt eval.txt testa.txt"),
        ("validation", "klue-ner-v1.1_dev.tsv eng.testa DevSet.json en_ewt-ud-dev.conllu valid_final.jsonl"),
        ("test", "test.txt testb.conll testing.iob2 ner_test_final.jsonl eng.testb TestSet.bio test-00000.arrow"),
        (None, "contest.txt latest.txt constraint.txt trainer_notes.txt evaluation.txt attestation.tsv device.txt"),
        (None, "valley.txt retrain.txt pretraining.conll notes.json"),
    ],
)
def test_a_split_is_a_word_of_the_name(split, names):
    for name in names.split():
        assert splits_of(name) == ([split] if split else []), name


@given(st.text("ab", min_size=1), st.sampled_from(["train", "dev", "test"]), st.text("-_. 019", min_size=1))
def test_other_words_around_change_nothing_and_letters_at_it_do(other, name, between):
    assert splits_of(other + between + name) == splits_of(name.upper() + between + other) == splits_of(name) != []
    assert splits_of(other + name) == []


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("train.txt dev.conll TEST.TSV notes.md", "train: train.txt; validation: dev.conll; test: TEST.TSV"),
        ("eng.train eng.testa eng.testb", "train: eng.train; validation: eng.testa; test: eng.testb"),
        ("train.txt dev.txt README.txt LICENSE.txt .train.txt ._dev.txt", "train: train.txt; validation: dev.txt"),
        ("train/0.parquet train/1.parquet test/x.txt", "train: train/0.parquet train/1.parquet; test: test/x.txt"),
        ("train/a.txt train/a.ann Dev/b.conll test/readme.txt", "train: train; validation: Dev/b.conll"),
        ("one.ann one.txt two.ann two.txt", "train: ."),
        ("notes.json", "all: notes.json"),
        ("train/state.json train/data.arrow train/cache-0f3.arrow dataset_dict.json", "train: train/data.arrow"),
        ("train.txt contest.txt a.json", "train: train.txt; NAME: these data are not used: a.json, contest.txt.\n"),
        ("a.ann a.txt b.json", "train: .; NAME: these data are not used: b.json.\n"),
    ],
)
def test_the_files_of_a_folder(tmp_path, capsys, names, expected):
    found = find_files(folder_with(tmp_path, names))
    parts = {split: " ".join(path.relative_to(tmp_path).as_posix() for path in found[split]) for split in found}
    shown = [f"{split}: {paths}" for split, paths in parts.items()]
    said = capsys.readouterr().out
    assert "; ".join([*shown, said] if said else shown) == expected.replace("NAME", tmp_path.name)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("train.txt train.json test.txt", r"several files for the split 'train': train\.json, train\.txt; keep one"),
        ("train-test.txt a.txt", r"train-test\.txt could stand for the splits train, test"),
        ("train-00000-of-00002.json", r"has 1 of 2 shards: train-00000-of-00002\.json"),
        ("train/a.txt train/b.txt", r"train, holds several files: a\.txt, b\.txt"),
        ("test.txt dev.txt", r"no file for the split 'train'; expected train\.conll .* found dev\.txt, test\.txt"),
        ("anna.jsonl bob.jsonl", r"found anna\.jsonl, bob\.jsonl\. A single file can be given by"),
        ("data/train.txt contest.pdf", r"no file for the split 'train'; .* found contest\.pdf, data/\. A"),
        (" ".join(f"{n:04}.txt" for n in range(200)), r"found (\d{4}\.txt, ){10}and 190 more\. A"),
    ],
)
def test_what_is_unclear_is_refused_with_the_names(tmp_path, names, message):
    with pytest.raises(DatasetUnavailableError, match=message):
        find_files(folder_with(tmp_path, names))


# What is no file

NO_FILE = "cannot be read: it is no file, but a pipe or a device"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_no_file_is_not_waited_for(tmp_path, no_file, suffix):
    path = tmp_path / f"names{suffix}"
    no_file(path)
    if suffix == ".ann":
        path.with_suffix(".txt").write_text("In Oslo", encoding="utf-8")
    for read in (lambda: load_ner_dataset(str(path)), lambda: list(read_documents(path))):
        with pytest.raises(DatasetUnavailableError, match=NO_FILE):
            read()


@pytest.mark.parametrize("name", ["train.conll", "test.conll", "names.txt", "names.ann", "data-00000-of-00001.arrow"])
def test_a_folder_in_which_something_is_no_file_is_refused(tmp_path, no_file, name):
    if name.endswith("arrow"):
        Dataset.from_dict({"tokens": [["Oslo"]], "ner_tags": [["B-place"]]}).save_to_disk(tmp_path)
    else:
        folder_with(tmp_path, "names.txt names.ann" if name.startswith("names") else "train.conll")
    (tmp_path / name).unlink(missing_ok=True)
    no_file(tmp_path / name)
    with pytest.raises(DatasetUnavailableError, match=rf"{name} {NO_FILE}"):
        load_ner_dataset(str(tmp_path))


@pytest.mark.parametrize("name", ["README.md", "dataset_infos.json"])
def test_descriptions_that_are_no_files_describe_nothing(tmp_path, no_file, name):
    (tmp_path / "names.jsonl").write_text('{"tokens": ["Oslo"], "ner_tags": [1]}\n', encoding="utf-8")
    no_file(tmp_path / name)
    with pytest.raises(MalformedDataError, match="nothing here says what it stands for"):
        load_ner_dataset(str(tmp_path / "names.jsonl"))


def test_a_link_that_leads_nowhere_is_no_missing_split(tmp_path):
    (folder_with(tmp_path, "train.conll") / "test.conll").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DatasetUnavailableError, match=r"test\.conll cannot be read: No such file"):
        load_ner_dataset(str(tmp_path))
