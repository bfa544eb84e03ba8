"""Choose the options that train fast on this machine."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

BFLOAT16_INSTRUCTIONS = {"avx512_bf16", "amx_bf16"}  # as Linux names them
# What oneDNN, the library under both frameworks, can be held to: none of these sets of instructions has bfloat16.
LIMITS_WITHOUT_BFLOAT16 = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI"}


def settings(speedups: bool) -> dict[str, Any]:
    """Choose the options of transformers' `TrainingArguments` that are fast on this machine, or the plain recipe's.

    Sentences of similar length share a batch, AdamW makes one pass over the memory, and matrices are multiplied in
    bfloat16 where the machine has instructions for that, or in float16 on a GPU that lacks them.
    """
    import torch

    gpu = torch.cuda.is_available()
    fixed = {"dataloader_pin_memory": gpu}  # which speeds up copies to a GPU; without one it only warns
    if not speedups:
        return fixed | {"optim": "adamw_torch"}
    bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False) if gpu else processor_multiplies_bfloat16()
    return fixed | {
        "train_sampling_strategy": "group_by_length",
        "optim": "adamw_torch_fused",
        "bf16": bfloat16,
        "fp16": gpu and not bfloat16,
        "use_cpu": bfloat16 and not gpu,  # without it, bf16 is taken to mean a GPU
    }


def processor_multiplies_bfloat16() -> bool:
    """Tell whether Linux names instructions for bfloat16 and oneDNN may use them (``ONEDNN_MAX_CPU_ISA``)."""
    if os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper() in LIMITS_WITHOUT_BFLOAT16:
        return False
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("flags"):
                return bool(BFLOAT16_INSTRUCTIONS & set(line.split()))
    return False
