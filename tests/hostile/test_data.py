"""A data set runs no code, whatever its folder or its name."""

import pickle

import pytest
from datasets import packaged_modules
from support.hostile import WORDS, Pickled, write_data

from helpers.data.hugging_face.from_hub import FORMATS
from helpers.data.load import load_ner_dataset
from helpers.errors import DatasetUnavailableError


@pytest.fixture
def mark(tmp_path):
    """A file that is there as soon as any of the material has run."""
    return tmp_path / "mark"


def test_code_beside_the_data_is_passed_over(tmp_path, mark, monkeypatch):
    folder = write_data(tmp_path / "data", mark)
    monkeypatch.chdir(tmp_path)
    for name in (str(folder), "data", "./data"):
        splits = load_ner_dataset(name)
        assert splits["train"]["tokens"] == splits["validation"]["tokens"] == splits["test"]["tokens"]
        assert splits["train"]["tokens"][:] == 8 * [list(WORDS)]
    assert not mark.exists()


def test_code_in_place_of_data_is_refused(tmp_path, mark):
    folder = write_data(tmp_path / "data", mark)
    for path in (*folder.glob("*.conll"), *folder.glob("*.json*")):
        path.unlink()
    with pytest.raises(DatasetUnavailableError, match="holds no file for the split 'train'"):
        load_ner_dataset(str(folder))
    with pytest.raises(DatasetUnavailableError):
        load_ner_dataset(str(folder / "data.py"))
    assert not mark.exists()


def test_a_format_is_no_data_set(tmp_path, mark, monkeypatch):
    assert set(packaged_modules._PACKAGED_DATASETS_MODULES) <= FORMATS
    for split in ("train", "test"):
        (tmp_path / f"{split}.pkl").write_bytes(pickle.dumps(Pickled(mark)))
    monkeypatch.chdir(tmp_path)
    for name in ("pandas", "csv", "json", "text"):
        with pytest.raises(DatasetUnavailableError, match=f"'{name}' is the name of a file format"):
            load_ner_dataset(name)
    assert not mark.exists()
