"""Gather what the Keras edition needs."""

from helpers.training.keras_batches import padded_batches
from helpers.training.keras_callbacks import metric_callback, progress_table
from helpers.training.keras_encoder import build_tagger, load_pretrained, save_pretrained
from helpers.training.speed import fast_dtype_policy

__all__ = [
    "build_tagger",
    "fast_dtype_policy",
    "load_pretrained",
    "metric_callback",
    "padded_batches",
    "progress_table",
    "save_pretrained",
]
