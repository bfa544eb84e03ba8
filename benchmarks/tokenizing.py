"""What aligning takes beside bare tokenization, for many sentences: `python benchmarks/tokenizing.py DATASET COUNT`."""

import json
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from datasets import Dataset
from transformers import AutoTokenizer

from helpers import alignment, data, models
from helpers.results import peak_memory_bytes

BATCH = 1000


def main(dataset: str, count: int) -> None:
    """Print the seconds of both, the seconds of `map` over a data set on disk, and the peak memory, as JSON."""
    rows = data.load_ner_dataset(dataset)["train"].select_columns(["tokens", "ner_tags"])
    settings = {
        "tokenizer": AutoTokenizer.from_pretrained(models.resolve_checkpoint("bundled")),
        "label_names": rows.features["ner_tags"].feature.names,
        "max_length": 512,
    }
    with tempfile.TemporaryDirectory() as folder:
        sentences = list(rows)
        many = Dataset.from_generator(lambda: islice(cycle(sentences), count), cache_dir=folder, features=rows.features)
        bare, aligned = in_turn(many, settings)
        start = time.perf_counter()
        file = str(Path(folder, "mapped.arrow"))
        many.map(alignment.tokenize_and_align, batched=True, fn_kwargs=settings, cache_file_name=file)
        mapped = time.perf_counter() - start
    print(json.dumps({"bare": bare, "aligned": aligned, "map": mapped, "peak_memory_bytes": peak_memory_bytes()}))


def in_turn(rows: Dataset, settings: dict) -> tuple[float, float]:
    """Tokenize each batch barely and then with its labels; give the sums of seconds."""
    seconds = [0.0, 0.0]
    for batch in rows.iter(BATCH):
        start = time.perf_counter()
        settings["tokenizer"](batch["tokens"], is_split_into_words=True, truncation=True, max_length=512)
        between = time.perf_counter()
        alignment.tokenize_and_align(batch, **settings)
        seconds[0] += between - start
        seconds[1] += time.perf_counter() - between
    return seconds[0], seconds[1]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
