"""What each of the notebooks' speed-ups gives, and what others would give: `python benchmarks/parts.py`.

A notebook and the same notebook with one piece of its code changed take turns, each in a process of its own. The table
goes to benchmarks/results/parts.md.
"""

import argparse
from statistics import median

from speed import PAIRS, RESULTS, SEEDS, SENTENCES, TITLES, fast
from tqdm import tqdm

SAME = {
    "without batches by length": ("pool=POOL if speedups else 1", "pool=1"),
    "without padding to a multiple of 8": ("8 if speedups and max_length % 8 == 0 else 1", "1"),
    "without bfloat16": ("gpu_has_bfloat16, speedups)", "gpu_has_bfloat16, False)"),
    "with batches of 32": ('if speedups and device == "GPU" else batch_size', "if False else 2 * batch_size"),
}
CHANGES = {
    "pytorch": SAME
    | {
        "with PyTorch's usual attention": ('"eager" if precision == "bfloat16" and device == "CPU" else None', "None"),
        "with the usual optimizer": ('"adamw_torch_fused" if speedups else "adamw_torch"', '"adamw_torch"'),
        "without frozen embeddings": ("embeddings.requires_grad_(False)", "embeddings.requires_grad_(True)"),
    },
    "tensorflow": SAME
    | {
        "without frozen embeddings": ("get_input_embeddings().trainable = False", "trainable = True"),
        "with XLA": ("ner_model.compile(", "ner_model.compile(jit_compile=True, "),
    },
}


def main() -> None:
    """Measure all changes and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="../shared/data/wnut17", help="WNUT 17 as a folder (default: %(default)s)")
    dataset = parser.parse_args().dataset
    lines = ["| edition | change | sentences/s | as it is | ratio | training (s) | as it is |", "| --- " * 7 + "|"]
    for edition, changes in CHANGES.items():
        for name, change in tqdm(changes.items(), desc=TITLES[edition]):
            lines.append(f"| {TITLES[edition]} | {name} | {' | '.join(compare(edition, dataset, change))} |")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "parts.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def compare(edition: str, dataset: str, change: tuple[str, str]) -> list[str]:
    """Run an edition with a change and without it, in turn, and give the table's cells."""
    pairs = [
        (fast(edition, dataset, SENTENCES, 1, SEEDS[0], change), fast(edition, dataset, SENTENCES, 1, SEEDS[0]))
        for _ in range(PAIRS)
    ]
    changed, unchanged = (
        {name: median(run[name] for run in side) for name in ("sentences_per_second", "training_seconds")}
        for side in zip(*pairs, strict=True)
    )
    ratio = median(one["sentences_per_second"] / other["sentences_per_second"] for one, other in pairs)
    speeds = [f"{side['sentences_per_second']:.1f}" for side in (changed, unchanged)]
    return [*speeds, f"{ratio:.2f}", *(f"{side['training_seconds']:.1f}" for side in (changed, unchanged))]


if __name__ == "__main__":
    main()
