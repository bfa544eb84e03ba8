"""Material that tries to run code, wherever it is read or shown."""

import json
import pickle
import shutil
from itertools import pairwise
from pathlib import Path

TINY = Path(__file__).with_name("tiny_distilbert")

# Each sets window.fired, calls for a file, or hides what stands around it, if it is taken for more than a text.
WORDS = (
    "<script>fired=1</script>",
    "<img src=x onerror=fired=1>",
    "<b/onmouseover=fired=1>",
    "</script><script>fired=1</script>",
    '"><svg onload=fired=1>',
    "</mark></p><iframe srcdoc='<script>parent.fired=1</script>'>",
    "<style>*{display:none}</style>",
    "<meta http-equiv=refresh content=0;url=javascript:fired=1>",
    "<!--",
    "&lt;b&gt;",
    "javascript:fired=1",
    "[a](javascript:fired=1)",
    "![a](x)",
    "$x^2$",
    "$$\\frac{1}{2}$$",
    "\\(\\href{javascript:fired=1}{x}\\)",
    "{{7*7}}",
    "`b`",
)
TYPES = ("<img src=x onerror=fired=1>", '"><svg onload=fired=1>', "$x_$", "a|b`c", "[a](javascript:fired=1)")
FOLDER_NAME = "a '\"><img src=x onerror=fired=1> $x_$ [a](javascript:fired=1)"

# YAML in which each list holds the one before eight times: small to read, endless to look through.
BOMB = ", ".join(f"&{new} [{', '.join(8 * [f'*{old}'])}]" for old, new in pairwise("abcdefghijklmnopqrst"))
BOMB = f"[&a [x], {BOMB}]"


def code_that_writes(mark: Path) -> str:
    """A line of Python that leaves a file."""
    return f"open({str(mark)!r}, 'w').close()\n"


class Pickled:
    """What leaves a file when it is unpickled."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return exec, (code_that_writes(self.mark),)


def write_data(folder: Path, mark: Path) -> Path:
    """Write CoNLL and JSON files of hostile words and types, beside code that datasets with scripts would run."""
    folder.mkdir(parents=True)
    tags = [f"B-{TYPES[i % len(TYPES)]}" for i in range(len(WORDS))]
    record = {"id": WORDS[0], "tokens": WORDS, "tags": tags, WORDS[1]: TYPES[0]}
    (folder / "train.json").write_text(json.dumps(8 * [record]), encoding="utf-8")
    (folder / "validation.jsonl").write_text(8 * f"{json.dumps(record)}\n", encoding="utf-8")
    sentence = "".join(f"{word}\t{tag}\n" for word, tag in zip(WORDS, tags, strict=True))
    (folder / "test.conll").write_text(8 * f"{sentence}\n", encoding="utf-8")
    for name in (f"{folder.name}.py", "train.py", "__init__.py", "conftest.py", "sitecustomize.py"):
        (folder / name).write_text(code_that_writes(mark))
    (folder / "train.pkl").write_bytes(pickle.dumps(Pickled(mark)))
    return folder


def write_checkpoint(folder: Path, mark: Path) -> Path:
    """Write the tiny encoder, beside code and pickles that nothing names."""
    shutil.copytree(TINY, folder)
    for name in ("modeling_distilbert.py", "tokenization_distilbert.py", "__init__.py", "handler.py"):
        (folder / name).write_text(code_that_writes(mark))
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(code_that_writes(mark))
    for name in ("pytorch_model.bin", "training_args.bin", "optimizer.pt", "vocab.pkl"):
        (folder / name).write_bytes(pickle.dumps(Pickled(mark)))
    (folder / "chat_template.jinja").write_text("{{ raise_exception('a template was rendered') }}{{ 1 / 0 }}")
    return folder
