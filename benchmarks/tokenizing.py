"""What aligning takes beside bare tokenization, for many sentences: `python benchmarks/tokenizing.py DATASET COUNT`."""

import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from datasets import Dataset
from transformers import AutoTokenizer

from helpers.alignment import align_labels
from helpers.checkpoints.find import resolve_checkpoint
from helpers.data.load import load_ner_dataset
from helpers.going_further.windows import tokenize_and_align

BATCH = 1000


def main(dataset: str, count: int) -> None:
    """Print, as JSON, the seconds of each way, and the peak of memory of `map` over a data set on disk."""
    rows = load_ner_dataset(dataset)["train"].select_columns(["tokens", "ner_tags"])
    tokenizer = AutoTokenizer.from_pretrained(resolve_checkpoint("bundled"))
    tokenizer.model_max_length = 512
    peak = 0

    def bare(batch: dict) -> dict:
        return tokenizer(batch["tokens"], truncation=True, is_split_into_words=True)

    def lesson(batch: dict) -> dict:
        tokenized = bare(batch)
        tagged = enumerate(batch["ner_tags"])
        tokenized["labels"] = [align_labels(tokenized.word_ids(row), tags) for row, tags in tagged]
        return tokenized

    def windows(batch: dict) -> dict:
        nonlocal peak
        peak = max(peak, own_memory_bytes())
        return tokenize_and_align(batch, range(len(batch["tokens"])), tokenizer, max_length=512)

    with tempfile.TemporaryDirectory() as folder:
        sentences = list(rows)
        many = Dataset.from_generator(lambda: islice(cycle(sentences), count), cache_dir=folder, features=rows.features)
        gc.freeze()  # as in the lesson
        seconds = in_turn(many, [bare, lesson, windows])
        many.map(windows, batched=True, cache_file_name=str(Path(folder, "mapped.arrow")))
    print(json.dumps(seconds | {"peak_memory_bytes": peak}))


def own_memory_bytes() -> int:
    """Read how much memory the process holds, without the files that it has mapped (proc(5), Linux only)."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024


def in_turn(rows: Dataset, ways: list[Callable[[dict], dict]]) -> dict[str, float]:
    """Put each batch through each way, another one first each time; return the sums of seconds by name."""
    seconds = {way.__name__: 0.0 for way in ways}
    for batch in rows.iter(BATCH):
        for way in ways:
            start = time.perf_counter()
            way(batch)
            seconds[way.__name__] += time.perf_counter() - start
        ways = ways[1:] + ways[:1]
    return seconds


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
