"""How fast training could be, if multiplying matrices were all there is to it: `python benchmarks/limit.py`.

The floating-point work of a training step follows from the model's shape; how fast this machine multiplies matrices is
measured, for large squares and for the products of the model itself. One is divided by the other.
"""

import argparse
import time
from collections.abc import Callable, Sequence

import torch
from transformers import AutoConfig, AutoTokenizer, PretrainedConfig

from helpers import tokenization
from helpers.checkpoints import find
from helpers.data import load

SQUARE = (2048, 2048, 2048)
SECONDS = 1.0  # for each measurement


def main() -> None:
    """Print the work for a sentence, the speeds, and the limits that follow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="../shared/data/wnut17", help="WNUT 17 as a folder (default: %(default)s)")
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--batch-size", type=int, default=16)
    options = parser.parse_args()
    checkpoint = find.resolve_checkpoint(options.model)
    config = AutoConfig.from_pretrained(checkpoint)
    rows = load.load_ner_dataset(options.dataset)["train"]
    encoded = tokenization.tokenize_and_align(
        rows[:],
        range(len(rows)),
        AutoTokenizer.from_pretrained(checkpoint),
        load.label_names({"train": rows}),
        max_length=512,
    )
    lengths = [len(subwords) for subwords in encoded["input_ids"]]
    work = training_work(lengths, config, len(rows.features["ner_tags"].feature.names)) / len(lengths)
    print(f"{len(lengths)} sentences of {sum(lengths) / len(lengths):.1f} subwords: {work / 1e9:.2f} GFLOP for each")
    shapes = products(round(options.batch_size * sum(lengths) / len(lengths)), config)
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        for what, which in (("large squares", [SQUARE]), ("the model's own products", shapes)):
            speed = multiplication_speed(which, dtype)
            print(f"{name}, {what}: {speed / 1e9:.0f} GFLOP/s, so at most {speed / work:.0f} sentences/s")


def training_work(lengths: Sequence[int], config: PretrainedConfig, labels: int) -> float:
    """Count the floating-point operations of one epoch, without padding.

    A product of an (a, b) with a (b, c) matrix takes 2abc operations, and training takes three of each: one forward,
    and one backward for each factor. Counted are the linear layers, attention and the head; the rest is small.

    Parameters
    ----------
    lengths : sequence of int
        Subwords of each sentence.
    config : PretrainedConfig
        Of a relative of BERT.
    labels : int

    Returns
    -------
    float
        Operations.
    """
    width, inner, layers = config.hidden_size, inner_size(config), config.num_hidden_layers
    weights = layers * (4 * width**2 + 2 * width * inner) + width * labels
    return float(sum(3 * 2 * length * (weights + layers * 2 * length * width) for length in lengths))


def inner_size(config: PretrainedConfig) -> int:
    """Look up the width of a layer's inner product, which DistilBERT has a name of its own for."""
    return config.hidden_dim if config.model_type == "distilbert" else config.intermediate_size


def products(positions: int, config: PretrainedConfig) -> list[tuple[int, int, int]]:
    """List the shapes of a layer's products in a step, backward ones included, as often as they occur."""
    width, inner = config.hidden_size, inner_size(config)
    forward = [(positions, width, width)] * 4 + [(positions, width, inner), (positions, inner, width)]
    return [shape for a, b, c in forward for shape in ((a, b, c), (a, c, b), (b, a, c))]


def multiplication_speed(shapes: Sequence[tuple[int, int, int]], dtype: torch.dtype, device: str = "cpu") -> float:
    """Measure floating-point operations per second over some products, in turn."""
    factors = [(torch.randn(a, b).to(device, dtype), torch.randn(b, c).to(device, dtype)) for a, b, c in shapes]
    seconds = best_seconds(lambda: [one @ other for one, other in factors])
    return sum(2 * a * b * c for a, b, c in shapes) / seconds


def best_seconds(run: Callable[[], object]) -> float:
    """Measure the shortest time that a call takes, the GPU's work included, over a second of calls."""
    times, end = [], time.perf_counter() + SECONDS
    run()
    while time.perf_counter() < end or not times:
        start = time.perf_counter()
        run()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
