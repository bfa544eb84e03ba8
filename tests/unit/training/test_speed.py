import os

import pytest
import torch

from helpers.training.speed import choose_precision, processor_multiplies_bfloat16, tensorflow_threads


def test_the_processor_is_seen_as_pytorch_sees_it(monkeypatch):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    assert processor_multiplies_bfloat16() is bool(
        torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    )


@pytest.mark.parametrize("limit", ["AVX512_CORE", "avx2"])
def test_a_limit_on_instructions_is_heeded(monkeypatch, limit):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    assert not processor_multiplies_bfloat16()
    assert choose_precision("CPU", False, True) == (
        "float32",
        "this processor has no instructions for shorter numbers",
    )


@pytest.mark.parametrize(
    ("device", "gpu_has_bfloat16", "speedups", "precision"),
    [("GPU", True, True, "bfloat16"), ("GPU", False, True, "float16"), ("GPU", True, False, "float32")],
)
def test_precision_on_a_gpu(device, gpu_has_bfloat16, speedups, precision):
    assert choose_precision(device, gpu_has_bfloat16, speedups)[0] == precision


def test_without_speedups_no_processor_computes_in_short_numbers():
    assert choose_precision("CPU", False, False) == ("float32", "speedups are off")


def test_tensorflow_takes_a_thread_for_each_processor_or_as_many_as_it_is_told(monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    assert tensorflow_threads() == 3
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS")
    assert 1 <= tensorflow_threads() <= os.cpu_count()
