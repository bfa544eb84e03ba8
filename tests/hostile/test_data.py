"""A data set runs no code, whatever its folder or its name."""

import pickle

import pytest
from datasets import packaged_modules
from support.hostile import WORDS, Pickled, write_data

from helpers.data.from_hub import FORMATS
from helpers.data.load import load_ner_dataset
from helpers.errors import DatasetUnavailableError


@pytest.fixture
def mark(tmp_path, monkeypatch):
    """A file that would be there if any of the material had run."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "mark"
    assert not (tmp_path / "mark").exists()


def test_code_beside_the_data_is_passed_over_and_in_their_place_refused(tmp_path, mark):
    folder = write_data(tmp_path / "data", mark)
    for name in (str(folder), "data", "./data"):
        splits = load_ner_dataset(name)
        assert splits["train"]["tokens"] == splits["validation"]["tokens"] == splits["test"]["tokens"]
        assert splits["train"]["tokens"][:] == 8 * [list(WORDS)]
    for path in (*folder.glob("*.conll"), *folder.glob("*.json*")):
        path.unlink()
    with pytest.raises(DatasetUnavailableError, match="holds no file for the split 'train'"):
        load_ner_dataset(str(folder))
    with pytest.raises(DatasetUnavailableError):
        load_ner_dataset(str(folder / "data.py"))


@pytest.mark.parametrize("name", ["pandas", "csv", "json", "text"])
def test_a_format_is_no_data_set(tmp_path, mark, name):
    assert set(packaged_modules._PACKAGED_DATASETS_MODULES) <= FORMATS
    for split in ("train", "test"):
        (tmp_path / f"{split}.pkl").write_bytes(pickle.dumps(Pickled(mark)))
    with pytest.raises(DatasetUnavailableError, match=f"'{name}' is the name of a file format"):
        load_ner_dataset(name)
