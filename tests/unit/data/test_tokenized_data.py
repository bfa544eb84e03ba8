"""The notebooks' cell that tokenizes the data: what it leaves on the disk is never stale, and a full disk is named."""

from contextlib import nullcontext
from pathlib import Path

import nbformat
import pytest
from datasets import DatasetDict, load_dataset
from transformers import AutoTokenizer

from helpers import alignment
from helpers.checkpoints import find
from helpers.data import load
from helpers.errors import DiskFullError
from helpers.files import room_needed

NOTEBOOK = Path(__file__).resolve().parents[3] / "notebooks" / "token_classification_pytorch.ipynb"
(CELL,) = (cell.source for cell in nbformat.read(NOTEBOOK, 4).cells if "alignment.tokenize_and_align,\n" in cell.source)


def tokenized(ner_data):
    """Run the cell, as it stands in the notebook, in a kernel that has just been started."""
    checkpoint = find.resolve_checkpoint("bundled")
    kernel = {
        **{"alignment": alignment, "load": load, "find": find, "room_needed": room_needed},
        **{"checkpoint": checkpoint, "tokenizer": AutoTokenizer.from_pretrained(checkpoint)},
        **{"ner_data": ner_data, "label_names": load.label_names(ner_data)},
        **{"split_long_sentences": True, "label_all_subwords": False, "stopwatch": lambda stage: nullcontext()},
    }
    exec(CELL, kernel)
    return kernel["encoded"]


@pytest.fixture
def from_the_hub(tmp_path, sample):
    """Data in the cache of the Hub's client, which stays there."""
    for split, rows in sample.items():
        rows.select(range(10)).to_parquet(tmp_path / "data" / f"{split}.parquet")
    return lambda: load_dataset(str(tmp_path / "data"), cache_dir=str(tmp_path / "cache"))


def test_with_other_helpers_nothing_of_an_earlier_run_is_taken(from_the_hub, monkeypatch):
    assert -100 in tokenized(from_the_hub())["train"]["labels"][0]
    monkeypatch.setattr(alignment, "IGNORED", -99)
    assert -99 in tokenized(from_the_hub())["train"]["labels"][0]


def test_a_full_disk_is_named_and_with_room_the_cell_can_be_run_again(tmp_path, sample, small_disk, monkeypatch):
    disk = small_disk(tmp_path / "disk", "16m")
    monkeypatch.setattr("tempfile.tempdir", str(disk.folder))
    ner_data = load.load_ner_dataset("sample")
    disk.fill()
    with pytest.raises(DiskFullError, match=f"the disk of {load.folder_of(ner_data)} is full"):
        tokenized(ner_data)
    disk.make_room()
    assert tokenized(ner_data).num_rows == ner_data.num_rows


def test_data_that_are_in_memory_need_no_disk(sample):
    ner_data = DatasetDict({split: rows.from_dict(rows[:5], rows.features) for split, rows in sample.items()})
    assert tokenized(ner_data).num_rows == ner_data.num_rows
