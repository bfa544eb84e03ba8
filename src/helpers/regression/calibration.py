"""What a machine can do, as a unit for the time and the memory of a run: `python -m helpers.regression.calibration`."""

import json
import subprocess
import sys
import time

from helpers.results import peak_memory_bytes

SIZE, REPETITIONS = 1024, 15


def calibrate() -> dict[str, float]:
    """Measure, in a process of its own, how long a fixed piece of work takes and how much memory it needs.

    Returns
    -------
    dict
        ``seconds``, the median time of a product of two 1024 x 1024 matrices of float32; ``memory_bytes``, the
        largest resident set size of the process.
    """
    command = [sys.executable, "-m", "helpers.regression.calibration"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def _measure() -> dict[str, float]:
    import numpy as np  # here, so that the process that asks for a calibration need not load it

    matrix = np.random.default_rng(0).random((SIZE, SIZE), dtype=np.float32)
    seconds = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        matrix @ matrix
        seconds.append(time.perf_counter() - start)
    return {"seconds": float(np.median(seconds)), "memory_bytes": peak_memory_bytes()}


if __name__ == "__main__":
    print(json.dumps(_measure()))
