"""Keras's AdamW against PyTorch's, on weights that show where the two differ."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.tensorflow

# An embedding whose rows repeat in a batch, and a weight with gradients about as small as epsilon.
STEPS = """
import json, os, sys
os.environ["TF_USE_LEGACY_KERAS"] = "1"
from helpers.notebook.startup import load_triton_first
load_triton_first()
import numpy as np
import tensorflow as tf
import torch
from transformers import create_optimizer
from helpers.training.keras_optimizer import match_pytorch

weight_decay, match = float(sys.argv[1]), sys.argv[2] == "match"
random = np.random.default_rng(0)
table, tiny = random.normal(size=(6, 4)).astype("float32"), random.normal(size=3).astype("float32")
batches = [random.integers(0, 6, size=8) for _ in range(20)]
scales = random.normal(size=(20, 8, 4)).astype("float32")

one = [torch.nn.Parameter(torch.tensor(weights)) for weights in (table, tiny)]
adamw = torch.optim.AdamW(one, lr=0.01, eps=1e-6, weight_decay=weight_decay)
falling = torch.optim.lr_scheduler.LambdaLR(adamw, lambda step: 1 - step / 20)
for rows, scale in zip(batches, scales):
    loss = (one[0][rows] * torch.tensor(scale)).sum() + 1e-6 * one[1].sum()
    adamw.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(one, 1.0)
    adamw.step()
    falling.step()

other = [tf.Variable(weights) for weights in (table, tiny)]
optimizer, _ = create_optimizer(
    0.01, 20, 0, weight_decay_rate=max(weight_decay, 1e-12), adam_epsilon=1e-6, adam_global_clipnorm=1.0
)
if match:
    assert match_pytorch(optimizer) is optimizer
for rows, scale in zip(batches, scales):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(other[0], rows) * scale) + 1e-6 * tf.reduce_sum(other[1])
    optimizer.apply_gradients(zip(tape.gradient(loss, other), other))
print(json.dumps([float(np.abs(a.detach().numpy() - b.numpy()).max()) for a, b in zip(one, other)]))
"""


def distances(weight_decay, match):
    command = [sys.executable, "-c", STEPS, str(weight_decay), match]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("weight_decay", [0.1, 0.0])
def test_matched_optimizer_takes_pytorchs_steps(weight_decay):
    assert max(distances(weight_decay, "match")) < 1e-6


def test_unmatched_optimizer_does_not():
    embedding, tiny = distances(0.1, "plain")
    assert embedding > 1e-4  # clipped by another norm
    assert tiny > 1e-3  # epsilon weighs more
