import os
import signal
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

# Whatever takes long to import is imported where it's needed, as pytest's own process needs nothing of it, and its
# workers wait for that.

# Tests run side by side, a worker for each processor; threads of their own would only get in each other's way.
os.environ |= {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}
settings.register_profile("however long it takes", deadline=None)  # no test fails on a time
settings.load_profile("however long it takes")

WNUT17 = Path(__file__).resolve().parents[2] / "shared" / "data" / "wnut17"


def pytest_collectstart():
    from helpers.notebook.startup import quiet_tensorflow

    with quiet_tensorflow():  # which loads Triton first, as the tests' own process imports both frameworks
        pass


@pytest.fixture(autouse=True)
def english_again():
    from helpers.notebook.language import use_language

    yield
    use_language("en")


@pytest.fixture(scope="session")
def wnut17_folder():
    if not WNUT17.is_dir():
        pytest.skip("real WNUT 17 is not here: no folder ../shared/data/wnut17")
    return WNUT17


@pytest.fixture(scope="session")
def wnut17(wnut17_folder):
    from helpers.data.load import load_ner_dataset

    return load_ner_dataset(str(wnut17_folder))


@pytest.fixture(scope="session")
def sample():
    from helpers.data.load import load_ner_dataset

    return load_ner_dataset("sample")


@pytest.fixture(scope="session")
def tokenizer():
    from transformers import AutoTokenizer

    from helpers.checkpoints.find import resolve_checkpoint

    return AutoTokenizer.from_pretrained(resolve_checkpoint("bundled"))


@pytest.fixture(scope="module")
def tokenizers(sample):
    """A small tokenizer of each kind."""
    from support.small_tokenizers import train_tokenizers

    return train_tokenizers(" ".join(words) for words in sample["train"]["tokens"][:300])


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder from which the project's notebooks can be run, so that nothing lands in the project's own."""
    from support.editions import link_project

    return link_project(tmp_path_factory.mktemp("workplace"))


@pytest.fixture(scope="module")
def browser():
    from support.browsing import started_browser

    with started_browser() as browser:
        yield browser


@pytest.fixture
def watched(browser):
    """An empty page, and the list of what fires on it."""
    from support.browsing import watched_page

    page, fired = watched_page(browser)
    yield page, fired
    page.close()


@pytest.fixture(params=["pipe", "device"])
def no_file(request):
    """What makes something else of a path than a file; a test fails that waits for it."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no such things on this system")
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it waits for ever"))
    signal.alarm(60)
    yield os.mkfifo if request.param == "pipe" else lambda path: path.symlink_to(os.devnull)
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


class SmallDisk:
    """A file system in memory, which takes a folder's place."""

    def __init__(self, folder, size):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._filler = folder / "filler"
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
        if mounted.returncode:
            pytest.skip("a small disk cannot be mounted here: no right to")

    def resize(self, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", self.folder], check=True)

    def fill(self):
        """Take all the room that is left, to the last byte."""
        with self._filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def make_room(self):
        self._filler.unlink()

    def unmount(self):
        subprocess.run(["umount", "--lazy", self.folder], check=True)


@pytest.fixture
def small_disk():
    """What makes a `SmallDisk` of a folder, of a size such as ``"4m"``; skips the test where none can be mounted."""
    disks = []

    def make(folder, size):
        disks.append(SmallDisk(folder, size))
        return disks[-1]

    yield make
    for disk in disks:
        disk.unmount()
