"""Starting with the right releases, and TensorFlow beside PyTorch, without a crash and without chatter."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
from packaging.version import Version

from helpers.errors import RestartNeededError
from helpers.files import can_write, expanded
from helpers.notebook.language import translate
from helpers.notebook.secrets import hugging_face_home

# What the first cell of a notebook may replace, by the names under which it is imported.
REPLACEABLE = (
    *("accelerate", "datasets", "evaluate", "huggingface_hub", "matplotlib", "numpy", "pandas", "pyarrow"),
    *("safetensors", "tensorflow", "tf_keras", "tokenizers", "torch", "transformers"),
)

# The variables that name the caches of Hugging Face's libraries, where they are by default, and whether they keep what
# the Hub gave.
CACHES = (
    *(("HF_HUB_CACHE", "hub", True), ("HF_XET_CACHE", "xet", True), ("HF_DATASETS_CACHE", "datasets", True)),
    *(("HF_EVALUATE_CACHE", "evaluate", False), ("HF_METRICS_CACHE", "metrics", False)),
    ("HF_MODULES_CACHE", "modules", False),
)
SETTINGS = ("huggingface_hub.constants", "datasets.config", "evaluate.config")  # where libraries keep these variables
SHARED = 0.5  # cores in use by others


def require_fresh_imports() -> None:
    """Make sure that this process has imported no library whose release has been replaced since.

    Raises
    ------
    RestartNeededError
        If it has: Python would go on with the old one, or mix the two.
    """
    replaced = [
        f"{name} {sys.modules[name].__version__} was imported, {version(name)} is installed"
        for name in REPLACEABLE
        if hasattr(sys.modules.get(name), "__version__") and not _is_installed(name, sys.modules[name].__version__)
    ]
    if replaced:
        raise RestartNeededError(
            f"{'; '.join(replaced)}. Restart the runtime (in Colab: Runtime, Restart session; elsewhere: Kernel,"
            " Restart) and run this cell again: nothing more will be installed"
        )


def _is_installed(name: str, release: str) -> bool:
    with suppress(PackageNotFoundError):  # it came under another name, and from elsewhere
        return Version(version(name)).public == Version(release).public
    return True


def use_writable_caches() -> None:
    """Let the libraries of Hugging Face cache in a temporary folder what they cannot write to their own.

    The sample and the bundled encoder need none, but `evaluate` copies the metric's script there. What was fetched
    before is still read from where it is. Libraries that are imported already follow as well.
    """
    home = Path(expanded(os.path.expandvars(hugging_face_home())))
    unusable = {}
    for variable, name, keeps in CACHES:
        folder = Path(expanded(os.path.expandvars(os.environ.get(variable, home / name))))
        if not can_write(folder) and not (keeps and folder.is_dir()):
            unusable[variable] = name
    if not unusable:
        return
    from helpers.temporary import temporary_folder  # here, as nearly everyone has a cache

    with temporary_folder() as instead:
        for variable, name in unusable.items():
            os.environ[variable] = str(instead / name)
            for settings in (sys.modules[module] for module in SETTINGS if module in sys.modules):
                if hasattr(settings, variable):
                    setattr(settings, variable, type(getattr(settings, variable))(instead / name))
    print(
        translate(
            "The cache {folder} cannot be written to or is full: {instead} takes its place until this process ends, and"
            " what the Hub gives is fetched again next time. The environment variable HF_HOME can name another folder."
        ).format(folder=home, instead=instead)
    )


def quieten_transformers() -> None:
    """Let transformers say nothing but errors, and show no bars for what it saves and loads; downloads keep theirs."""
    import transformers
    from huggingface_hub.utils import are_progress_bars_disabled, enable_progress_bars

    shown = not are_progress_bars_disabled()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()  # those of downloads, too
    if shown:
        enable_progress_bars()


def sleep_where_cores_are_shared() -> None:
    """Let the threads of PyTorch on a processor sleep while they wait for each other, if others are at work there.

    By default they spin, which is faster on a processor of one's own. Where another process has a core, what spins
    takes the time of what it waits for (figures in docs/speed.md). To be called before PyTorch is imported; whoever
    sets ``OMP_WAIT_POLICY`` decides.
    """
    busy = psutil.cpu_percent(interval=0.3) / 100 * (os.cpu_count() or 1)  # of others, as this process sleeps
    if busy > SHARED:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def load_triton_first() -> None:
    """Load Triton, where it is installed, before TensorFlow.

    PyTorch's CUDA builds bring it and load it late. After TensorFlow, loading Triton's native library crashes the
    process (seen with torch 2.13.0, TensorFlow 2.21.0 and Triton 3.7.1); before TensorFlow it does no harm.
    """
    with suppress(ImportError):
        import triton  # noqa: F401


def leave_tf_lengths_open() -> None:
    """Let data sets for TensorFlow have sentences of any length in every batch.

    ``prepare_tf_dataset`` guesses the form of all batches from twenty sentences. Where these happen to be equally long,
    it fails at the first batch of another length.
    """
    from datasets import Dataset

    guess = Dataset._get_output_signature

    def guess_without_lengths(*arguments, **keywords):
        specs, dtypes = guess(*arguments, **keywords)
        return {name: type(spec)([None] * len(spec.shape), spec.dtype) for name, spec in specs.items()}, dtypes

    Dataset._get_output_signature = staticmethod(guess_without_lengths)


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
