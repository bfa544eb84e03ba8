"""Measure units for time and memory: of a fixed piece of work, in a process of its own."""

import json
import subprocess
import sys
import time

import psutil

SIZE, REPETITIONS = 1024, 30


def calibrate() -> dict[str, float]:
    """Measure a product of two 1024 x 1024 float32 matrices.

    ``seconds`` is the shortest time, since other load only makes it longer; ``memory_bytes`` is the resident set size.
    """
    command = [sys.executable, "-m", "regression.calibration"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def _measure() -> dict[str, float]:
    import numpy as np  # here, so that the process that asks for a calibration need not load it

    matrix = np.random.default_rng(0).random((SIZE, SIZE), dtype=np.float32)
    seconds = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        matrix @ matrix
        seconds.append(time.perf_counter() - start)
    return {"seconds": min(seconds), "memory_bytes": psutil.Process().memory_info().rss}


if __name__ == "__main__":
    print(json.dumps(_measure()))
