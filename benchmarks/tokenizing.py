"""What aligning takes beside bare tokenization, for many sentences: `python benchmarks/tokenizing.py DATASET COUNT`."""

import gc
import json
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from datasets import Dataset
from transformers import AutoTokenizer

from helpers import tokenization
from helpers.checkpoints import find
from helpers.data import load

BATCH = 1000


def main(dataset: str, count: int) -> None:
    """Print, as JSON, the seconds of both, those of `map` over a data set on disk, and the peak of its memory."""
    rows = load.load_ner_dataset(dataset)["train"].select_columns(["tokens", "ner_tags"])
    settings = {
        "tokenizer": AutoTokenizer.from_pretrained(find.resolve_checkpoint("bundled")),
        "label_names": rows.features["ner_tags"].feature.names,
        "max_length": 512,
    }
    with tempfile.TemporaryDirectory() as folder:
        sentences = list(rows)
        many = Dataset.from_generator(lambda: islice(cycle(sentences), count), cache_dir=folder, features=rows.features)
        gc.freeze()  # as in the notebooks
        bare, aligned = in_turn(many, settings)
        start, peak = time.perf_counter(), 0

        def align(batch: dict, indices: list[int]) -> dict:
            nonlocal peak
            peak = max(peak, own_memory_bytes())
            return tokenization.tokenize_and_align(batch, indices, **settings)

        many.map(align, batched=True, with_indices=True, cache_file_name=str(Path(folder, "mapped.arrow")))
        mapped = time.perf_counter() - start
    print(json.dumps({"bare": bare, "aligned": aligned, "map": mapped, "peak_memory_bytes": peak}))


def own_memory_bytes() -> int:
    """Read how much memory the process holds, without the files that it has mapped (proc(5), Linux alone)."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024


def in_turn(rows: Dataset, settings: dict) -> tuple[float, float]:
    """Tokenize each batch barely and with its labels, each first in turn; give the sums of seconds."""

    def bare(batch: dict) -> None:
        settings["tokenizer"](batch["tokens"], is_split_into_words=True, truncation=True, max_length=512)

    def aligned(batch: dict) -> None:
        tokenization.tokenize_and_align(batch, range(len(batch["tokens"])), **settings)

    seconds = {bare: 0.0, aligned: 0.0}
    order = [bare, aligned]
    for batch in rows.iter(BATCH):
        for run in order:
            start = time.perf_counter()
            run(batch)
            seconds[run] += time.perf_counter() - start
        order.reverse()
    return seconds[bare], seconds[aligned]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
