"""Many sentences take no more memory than few, in a folder or in one file."""

import json
import subprocess
import sys

import pytest
from support.exports import annotation, region, task

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a process's own memory is read as Linux tells it")
WORDS = 15
READ = """
import sys, threading, time
from pathlib import Path
import datasets
from transformers import AutoTokenizer
from helpers.going_further import windows
from helpers.checkpoints import find
from helpers.data import load

def own_memory():
    # Without the files that are mapped, whose pages the system takes back when it needs them (proc(5))
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon")]
    return int(line.split()[1]) * 1024

def watch():
    global peak
    while True:
        peak = max(peak, own_memory())
        time.sleep(0.01)

datasets.disable_progress_bars()
tokenizer = AutoTokenizer.from_pretrained(find.resolve_checkpoint("bundled"))
before = peak = own_memory()
threading.Thread(target=watch, daemon=True).start()
loaded = load.load_ner_dataset(sys.argv[1])
load.dataset_digest(loaded)
"""
COUNT = "print(peak - before, sum(map(len, loaded.values())))"
TOKENIZE = """
settings = {"tokenizer": tokenizer, "max_length": 512, "overlap": 128}
columns = loaded["train"].column_names
encoded = loaded.map(
    windows.tokenize_and_align, batched=True, with_indices=True, fn_kwargs=settings, remove_columns=columns
)
report = windows.alignment_report(encoded, loaded)
print(peak - before, len(encoded["train"]), report["words"].sum(), report["labelled"].sum())
"""


def load(folder, sentences):
    """Read a folder of so many sentences for training, and give the bytes that it took at most."""
    folder.mkdir()
    for split, count in (("train", sentences), ("validation", 10), ("test", 10)):
        with (folder / f"{split}.conll").open("w", encoding="utf-8") as file:
            for number in range(count):
                file.writelines(f"word{number}x{place}\t{'O' if place else 'B-x'}\n" for place in range(WORDS))
                file.write("\n")
    peak, *counts = last_line_of(READ + TOKENIZE, folder)
    words = (sentences + 20) * WORDS
    assert counts == [sentences, words, words]
    return peak


def last_line_of(code, path):
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return map(int, done.stdout.splitlines()[-1].split())


@pytest.mark.weekly
def test_memory_does_not_grow_with_the_folder(tmp_path):
    few, many = (load(tmp_path / str(sentences), sentences) for sentences in (3_000, 40_000))
    # In lists of Python, the words of the other 37,000 sentences alone would take more.
    assert many - few < 37_000 * WORDS * sys.getsizeof("word12345x12") / 2


@pytest.mark.weekly
def test_a_million_sentences(tmp_path):
    few, many = (load(tmp_path / str(sentences), sentences) for sentences in (10_000, 1_000_000))
    assert many - few < 64 * 2**20


def label_studio_task(number, words):
    return json.dumps(task(number, " ".join(words), [annotation(number, [region(0, len(words[0]), "x", words[0])])]))


def words_and_tags(_, words):
    return json.dumps({"tokens": words, "tags": ["B-x"] + ["O"] * (WORDS - 1)})


def rows_of_words(number, words):
    rows = [f"{number},{word},{'O' if place else 'B-x'}" for place, word in enumerate(words)]
    return "\n".join(rows if number else ["sent_id,word,tag", *rows])


@pytest.mark.weekly
@pytest.mark.parametrize(
    ("name", "record"),
    [("tasks.jsonl", label_studio_task), ("notes.jsonl", words_and_tags), ("notes.csv", rows_of_words)],
)
def test_memory_does_not_grow_with_one_file(tmp_path, name, record):
    def read(sentences):
        path = tmp_path / f"{sentences}{name}"
        with path.open("w", encoding="utf-8") as file:
            for number in range(sentences):
                file.write(record(number, [f"word{number}x{place}" for place in range(WORDS)]) + "\n")
        peak, count = last_line_of(READ + COUNT, path)
        assert count == sentences
        return peak

    few, many = read(2_000), read(20_000)
    assert many - few < 18_000 * WORDS * sys.getsizeof("word12345x12") / 2
