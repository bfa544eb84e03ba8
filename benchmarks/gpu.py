"""Training speed on a GPU by model, precision and batch: `python benchmarks/gpu.py`. It needs PyTorch with a GPU.

The models have the shapes of well-known encoders and random weights, and the sentences are random, so that nothing is
downloaded. A step is what `Trainer` does: forward and backward under autocast, clipping, fused AdamW.
"""

import argparse
import sys
from itertools import product

import torch
from limit import SQUARE, best_seconds, multiplication_speed, training_work
from transformers import AutoConfig, AutoModelForTokenClassification, PretrainedConfig

LABELS = 13
SHAPES = {
    "DistilBERT": AutoConfig.for_model("distilbert", num_labels=LABELS),
    "BERT-large": AutoConfig.for_model(
        "bert",
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
        intermediate_size=4096,
        num_labels=LABELS,
    ),
}
PRECISIONS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
HEADER = ("model", "precision", "sentences", "subwords", "sentences/s", "TFLOP/s", "share of large squares")


def main() -> None:
    """Print the table, a row for each model, precision, batch size and length."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch-sizes", nargs="+", type=int, default=[16, 64, 256])
    parser.add_argument("--lengths", nargs="+", type=int, default=[32, 128])
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("PyTorch sees no GPU here; --device cpu runs the same on the processor")
    print("|", " | ".join(HEADER), "|")
    print("| --- " * len(HEADER) + "|")
    for precision, dtype in PRECISIONS.items():
        peak = multiplication_speed([SQUARE], dtype, options.device)
        for (name, config), batch_size, length in product(SHAPES.items(), options.batch_sizes, options.lengths):
            speed = batch_size / step_seconds(config, dtype, batch_size, length, options.device)
            work = training_work([length], config, LABELS) * speed
            print(f"| {name} | {precision} | {batch_size} | {length} ", end="")
            print(f"| {speed:.0f} | {work / 1e12:.1f} | {work / peak:.0%} |", flush=True)


def step_seconds(config: PretrainedConfig, dtype: torch.dtype, batch_size: int, length: int, device: str) -> float:
    """Measure the shortest time of a training step on a random batch, without padding."""
    model = AutoModelForTokenClassification.from_config(config).to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    scaler = torch.amp.GradScaler(device, enabled=dtype == torch.float16)
    words = torch.randint(config.vocab_size, (batch_size, length), device=device)
    labels = torch.randint(LABELS, (batch_size, length), device=device)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast(device, dtype, enabled=dtype != torch.float32):
            loss = model(input_ids=words, labels=labels).loss
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()

    return best_seconds(step)


if __name__ == "__main__":
    main()
