"""What this machine multiplies fast: numbers of 32 bits, or shorter ones."""

import os
from contextlib import suppress
from pathlib import Path

from helpers.notebook.language import translate

BFLOAT16_INSTRUCTIONS = {"avx512_bf16", "amx_bf16"}  # as Linux names them
# What oneDNN, the library under both frameworks, can be held to: none of these sets of instructions has bfloat16.
LIMITS_WITHOUT_BFLOAT16 = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI"}


def choose_precision(device: str, gpu_has_bfloat16: bool, speedups: bool) -> tuple[str, str]:
    """Choose the numbers in which matrices are multiplied.

    bfloat16 has the range of float32 and 8 bits of precision instead of 24. float16 has 11 bits and a smaller range, so
    that small gradients vanish unless the loss is scaled; it is for GPUs that lack bfloat16. A processor without
    instructions for bfloat16 would be slower with it than without.

    Parameters
    ----------
    device : {"CPU", "GPU"}
    gpu_has_bfloat16 : bool
        As the framework tells.
    speedups : bool
        Without them it is float32 in any case.

    Returns
    -------
    precision : {"bfloat16", "float16", "float32"}
    reason : str
        In the reader's language.
    """
    if not speedups:
        return "float32", translate("speedups are off")
    if device == "GPU":
        if gpu_has_bfloat16:
            return "bfloat16", translate("this GPU multiplies it fast")
        return "float16", translate("this GPU multiplies it fast, and has no bfloat16")
    if processor_multiplies_bfloat16():
        return "bfloat16", translate("this processor multiplies it fast")
    return "float32", translate("this processor has no instructions for shorter numbers")


def tensorflow_threads() -> int:
    """Count the threads with which TensorFlow computes an operation, unless a program has told it otherwise.

    One for each processor that this process may use, or as many as ``TF_NUM_INTRAOP_THREADS`` says.
    """
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return int(os.environ.get("TF_NUM_INTRAOP_THREADS", 0)) or processors


def processor_multiplies_bfloat16() -> bool:
    """Tell whether the processor has instructions for bfloat16 and oneDNN may use them (``ONEDNN_MAX_CPU_ISA``).

    Known on Linux alone; elsewhere the answer is no.
    """
    if os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper() in LIMITS_WITHOUT_BFLOAT16:
        return False
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("flags"):
                return bool(BFLOAT16_INSTRUCTIONS & set(line.split()))
    return False
