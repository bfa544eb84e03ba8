"""The lesson's cells that tokenize the data: what an earlier run has left in the cache is never stale."""

from pathlib import Path

import jupytext
import pytest
from datasets import load_dataset

LESSON = Path(__file__).resolve().parents[3] / "notebooks" / "source" / "lesson.md"
DEFINITION = "def align_labels(word_ids, tags):"
MAP = "ner_data.map(tokenize_and_align_labels, batched=True)"
CELLS = [cell.source for cell in jupytext.read(LESSON).cells if cell.cell_type == "code"]
(ALIGNING,) = (source.partition("\n\n\n")[0] for source in CELLS if source.startswith(DEFINITION))
(MAPPING,) = (source for source in CELLS if MAP in source)


@pytest.fixture
def from_the_hub(tmp_path, sample):
    """Data in the cache of the Hub's client, which stays there."""
    for split, rows in sample.items():
        rows.select(range(10)).to_parquet(tmp_path / "data" / f"{split}.parquet")
    return lambda: load_dataset(str(tmp_path / "data"), cache_dir=str(tmp_path / "cache"))


def labels(ner_data, tokenizer, ignored):
    """Run the cells in a kernel that has just been started, with another number in place of -100."""
    kernel = {"__name__": "__main__", "ner_data": ner_data, "tokenizer": tokenizer}
    exec(ALIGNING.replace("-100", ignored), kernel)
    exec(MAPPING, kernel)
    return kernel["encoded"]["train"]["labels"][0]


def test_with_another_rule_nothing_of_an_earlier_run_is_taken(from_the_hub, tokenizer):
    assert -100 in labels(from_the_hub(), tokenizer, "-100")
    assert -99 in labels(from_the_hub(), tokenizer, "-99")
