"""Starting a framework without its chatter."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def native_stderr_hidden() -> Iterator[None]:
    """Hide what native code writes to the process's error stream in the body of a ``with`` statement.

    TensorFlow's C++ libraries write a few lines there when they are imported, whatever the log level
    (tensorflow/tensorflow#100442). If the body raises, what was hidden is written after all.
    """
    original = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(original, 2)
            hidden.seek(0)
            sys.stderr.write(hidden.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)
