"""A process with the helpers imported, which runs code in copies of itself: nobody waits for imports twice.

Each line of its input is a JSON object: the code, and a file for what that prints. It answers with the exit status.
"""

import json
import os
import sys
import traceback

from transformers import AutoTokenizer  # noqa: F401 (checkpoints are looked at with it)

from helpers.checkpoints import find  # noqa: F401 (for the code)
from helpers.data import load  # noqa: F401 (for the code)
from helpers.errors import TutorialError
from helpers.hub import publish  # noqa: F401 (for the code)


def run(code: str, output: str) -> int:
    """Run code as a process of its own would, its output in a file; a named error is one line, as in a notebook."""
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    try:
        exec(code, globals())
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}")
        return 1
    except BaseException:
        traceback.print_exc()
        return 2
    return 0


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        status = run(**json.loads(line))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
