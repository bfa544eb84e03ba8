"""What each of the notebooks' speed-ups gives, and what others would give: `python benchmarks/parts.py`.

In each round the notebook as it is and the same notebook with one piece of its code changed take turns, each in a
process of its own. The table, by the medians of the rounds, goes to benchmarks/results/parts.md.
"""

import argparse
from statistics import median

from speed import COMPARED, RESULTS, SEEDS, TITLES, fast
from tqdm import tqdm

ROUNDS = 3
SETTINGS = COMPARED | {"epochs": 1, "max_train_examples": 848, "seed": SEEDS[0]}  # a quarter of an epoch
AS_IT_IS = "as it is"
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
        "with GELU through erfc": ('ACT2FN["gelu"] = gelu', "pass"),
        "with the data sets' tuner": ("autotune.enabled = not speedups", "autotune.enabled = True"),
        "with XLA": ("ner_model.compile(", "ner_model.compile(jit_compile=True, "),
    },
}


def main() -> None:
    """Measure all changes and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="../shared/data/wnut17", help="WNUT 17 as a folder (default: %(default)s)")
    dataset = parser.parse_args().dataset
    lines = ["| edition | change | sentences/s | to it as it is | training (s) | scoring the test split (s) |"]
    lines.append("| --- " * 6 + "|")
    for edition, changes in CHANGES.items():
        rounds = [
            {name: fast(edition, dataset, SETTINGS, change) for name, change in turns.items()}
            for turns in tqdm([{AS_IT_IS: None} | changes] * ROUNDS, desc=f"{TITLES[edition]}, rounds")
        ]
        lines += [f"| {TITLES[edition]} | {name} | {' | '.join(cells(rounds, name))} |" for name in rounds[0]]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "parts.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def cells(rounds: list[dict[str, dict]], name: str) -> list[str]:
    """Lay out the figures of the notebook with a change."""
    figures = [
        median(turns[name][figure] for turns in rounds)
        for figure in ("sentences_per_second", "training_seconds", "prediction_seconds")
    ]
    speed, training, prediction = (f"{figure:.1f}" for figure in figures)
    ratio = median(turns[name]["sentences_per_second"] / turns[AS_IT_IS]["sentences_per_second"] for turns in rounds)
    return [speed, f"{ratio:.2f}", training, prediction]


if __name__ == "__main__":
    main()
