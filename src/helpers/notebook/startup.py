"""Prepare a process: the right releases, caches that can be written to, and frameworks without crash and chatter."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path

import psutil
from packaging.version import Version

from helpers.disk.files import can_write, expanded
from helpers.errors import RestartNeededError
from helpers.notebook.language import translate, use_language
from helpers.notebook.secrets import hugging_face_home

# What the first cell of a notebook may replace, by the names under which it is imported.
REPLACEABLE = (
    *("accelerate", "datasets", "evaluate", "huggingface_hub", "matplotlib", "numpy", "pandas", "pyarrow"),
    *("safetensors", "tensorflow", "tf_keras", "tokenizers", "torch", "transformers"),
)
# The caches of Hugging Face's libraries, each with a variable HF_..._CACHE, and whether they keep what the Hub gave.
CACHES = {"hub": True, "xet": True, "datasets": True, "evaluate": False, "metrics": False, "modules": False}
SETTINGS = ("huggingface_hub.constants", "datasets.config", "evaluate.config")  # where libraries keep these variables
SHARED = 0.5  # cores in use by others


def require_fresh_imports(language: str) -> None:
    """Speak a language, and raise `RestartNeededError` if a library was replaced after this process imported it."""
    use_language(language)
    replaced = []
    for name in REPLACEABLE:
        release = getattr(sys.modules.get(name), "__version__", None)
        with suppress(PackageNotFoundError):  # it came under another name, and from elsewhere
            if release and Version(version(name)).public != Version(release).public:
                new = version(name)
                replaced += [
                    translate("{name} {old} was imported, {new} is installed", name=name, old=release, new=new)
                ]
    if replaced:
        text = translate(
            "{replaced}. Restart the runtime (in Colab: Runtime, Restart session; elsewhere: Kernel,"
            " Restart) and run this cell again: nothing more will be installed"
        )
        raise RestartNeededError(text, replaced="; ".join(replaced))


def use_writable_caches() -> None:
    """Let the libraries of Hugging Face cache in a temporary folder what they cannot write to their own.

    What was fetched before is still read from where it is. Libraries that are imported already follow as well.
    """
    home = Path(expanded(os.path.expandvars(hugging_face_home())))
    unusable = []
    for name, keeps in CACHES.items():
        folder = Path(expanded(os.path.expandvars(os.environ.get(f"HF_{name.upper()}_CACHE", home / name))))
        if not can_write(folder) and not (keeps and folder.is_dir()):
            unusable.append(name)
    if not unusable:
        return
    from helpers.disk.temporary import temporary_folder  # here, as nearly everyone has a cache

    with temporary_folder() as instead:
        for name, module in product(unusable, SETTINGS):
            variable, settings = f"HF_{name.upper()}_CACHE", sys.modules.get(module)
            os.environ[variable] = str(instead / name)
            if hasattr(settings, variable):
                setattr(settings, variable, type(getattr(settings, variable))(instead / name))
    print(
        translate(
            "The cache {folder} cannot be written to or is full: {instead} takes its place until this process ends, and"
            " what the Hub gives is fetched again next time. The environment variable HF_HOME can name another folder.",
            folder=home,
            instead=instead,
        )
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


def prepare_framework(edition: str) -> None:
    """Import TensorFlow without its chatter, or prepare the environment for PyTorch, which is imported afterwards."""
    if edition == "pytorch":
        # Trainer gives each GPU a batch of its own, which would make the batch larger than `batch_size`.
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")
        # Waiting threads spin by default, which takes the time of what they wait for where another process has a core
        # (figures in docs/speed.md).
        busy = psutil.cpu_percent(interval=0.3) / 100 * (os.cpu_count() or 1)  # of others, as this process sleeps
        if busy > SHARED:
            os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if edition == "keras":
        # TensorFlow itself does so on the newest processors alone; on others it saves a quarter of a training's time.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    # Without an NVIDIA driver, PyTorch's CUDA builds find TensorFlow's stand-in for CUDA in memory, and warn of it.
    warnings.filterwarnings("ignore", "CUDA initialization: .*Error 302", UserWarning)
    with quiet_tensorflow():
        import tensorflow as tf
    if edition == "tensorflow":
        tf.get_logger().setLevel("ERROR")  # transformers 4 calls functions by names that TensorFlow has replaced
        _leave_tf_lengths_open()


def _leave_tf_lengths_open() -> None:
    # ``prepare_tf_dataset`` guesses the form of all batches from twenty sentences, which may all be equally long.
    from datasets import Dataset

    guess = Dataset._get_output_signature

    def guess_without_lengths(*arguments, **keywords):
        specs, dtypes = guess(*arguments, **keywords)
        return {name: type(spec)([None] * len(spec.shape), spec.dtype) for name, spec in specs.items()}, dtypes

    Dataset._get_output_signature = staticmethod(guess_without_lengths)


@contextmanager
def quiet_tensorflow() -> Iterator[None]:
    """Let the body import TensorFlow without a crash, and without what its C++ libraries write to stderr.

    They write whatever the log level is (tensorflow/tensorflow#100442). Triton, which PyTorch's CUDA builds bring,
    crashes if it is loaded after it (seen with torch 2.13.0, TensorFlow 2.21.0 and Triton 3.7.1).
    """
    with suppress(ImportError):
        import triton  # noqa: F401
    original = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(original, 2)
        os.close(original)
