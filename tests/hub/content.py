"""What the tests put on their Hub: parts of the bundled sample, and a tiny encoder."""

import io
from functools import cache
from pathlib import Path

import datasets

from helpers.data.load import load_ner_dataset

DATASET, ENCODER = "leondz/wnut_17", "distilbert/distilbert-base-uncased"
SHORT_NAME = "wnut_17"  # its name of old, without an owner, by which the tutorial calls it
SENTENCES = {"train": 60, "validation": 20, "test": 20}
# What a client is to run
LOAD_DATA = """
import json
dataset = load.load_ner_dataset("wnut_17")
print(json.dumps({"digest": load.dataset_digest(dataset), "sizes": {k: len(v) for k, v in dataset.items()}}))
"""
FIND_ENCODER = """
import json
print(json.dumps(find.resolve_checkpoint("distilbert/distilbert-base-uncased")))
"""
TINY_ENCODER = Path(__file__).resolve().parents[1] / "support" / "tiny_distilbert"
ENCODER_CARD = b"---\nlicense: apache-2.0\n---\n# A tiny encoder\n"
SCRIPT = b"raise SystemExit('a loading script was run')\n"


@cache
def sentences() -> datasets.DatasetDict:
    """Take the first sentences of each split of the sample."""
    sample = load_ner_dataset("sample")
    return datasets.DatasetDict({split: sample[split].select(range(count)) for split, count in SENTENCES.items()})


def _card(configurations: dict[str, list[str]]) -> bytes:
    lines = ["---", "configs:"]
    for name, splits in configurations.items():
        lines += [f"- config_name: {name}", "  data_files:"]
        lines += [line for split in splits for line in (f"  - split: {split}", f"    path: {name}/{split}-*")]
    return "\n".join([*lines, "---\n"]).encode()


@cache
def parquet_files(pattern: str) -> dict[str, bytes]:
    """Write the sentences as Parquet files, with a path for each split such as ``"data/{split}-00000.parquet"``."""
    files = {}
    for split, rows in sentences().items():
        file = io.BytesIO()
        rows.to_parquet(file)
        files[pattern.format(split=split)] = file.getvalue()
    return files


def add_dataset(hub, name: str = DATASET) -> None:
    """Put the sentences on a Hub, as Parquet files on the main branch."""
    repository = hub.add("datasets", name)
    hub.moved["datasets", SHORT_NAME] = name
    card = _card({"data": [*SENTENCES]})
    repository.commit({"README.md": card} | parquet_files("data/{split}-00000-of-00001.parquet"))


def add_script(hub, with_copy: bool) -> None:
    """Put a loading script on a Hub, and perhaps the copy as Parquet files that a Hub makes of it."""
    repository = hub.add("datasets", DATASET)
    hub.moved["datasets", SHORT_NAME] = DATASET
    repository.commit({"README.md": b"# Sentences\n", f"{SHORT_NAME}.py": SCRIPT})
    if with_copy:
        repository.commit(parquet_files(f"{SHORT_NAME}/{{split}}/0000.parquet"), "refs/convert/parquet")


def add_encoder(hub) -> None:
    """Put the tiny encoder on a Hub, with weights in a format that nobody should fetch."""
    repository = hub.add("models", ENCODER)
    repository.commit_folder(TINY_ENCODER)
    repository.commit({"README.md": ENCODER_CARD, "pytorch_model.bin": b"a pickle"})


# As klue/klue and wikiann are built: configurations, and in the first of them characters, with the spaces among them.
KLUE, WIKIANN = "klue/klue", "unimelb-nlp/wikiann"
CHARACTERS = list("안녕 서울에서")
KLUE_NAMES = ["B-LC", "I-LC", "B-PS", "I-PS", "O"]


def _parquet(columns: dict, names: list[str] | None = None) -> bytes:
    rows = datasets.Dataset.from_dict(columns)
    if names:
        rows = rows.cast_column("ner_tags", datasets.List(datasets.ClassLabel(names=names)))
    file = io.BytesIO()
    rows.to_parquet(file)
    return file.getvalue()


def add_klue(hub) -> None:
    """Put a data set on a Hub with a configuration of characters, without a test split, and one of something else."""
    tags, sentence = [2, 3, 4, 0, 1, 4, 4], "<안녕:PS> 서울에서"
    rows = {"sentence": [sentence] * 20, "tokens": [CHARACTERS] * 20, "ner_tags": [tags] * 20}
    files = {f"ner/{split}-00000-of-00001.parquet": _parquet(rows, KLUE_NAMES) for split in ("train", "validation")}
    files["sts/train-00000-of-00001.parquet"] = _parquet({"sentence1": ["a"], "score": [1.0]})
    card = _card({"ner": ["train", "validation"], "sts": ["train"]})
    hub.add("datasets", KLUE).commit({"README.md": card, **files})


def _of_languages(languages: list[str], path: str) -> dict[str, bytes]:
    names = ["O", "B-PER", "I-PER"]
    return {
        path.format(language=language, split=split): _parquet(
            {"tokens": [[language, "Mo"]], "ner_tags": [[0, 1]]}, names
        )
        for language in languages
        for split in SENTENCES
    }


def add_wikiann(hub) -> None:
    """Put a data set on a Hub with twelve languages as configurations."""
    languages = ["ko", *(f"x{number:02}" for number in range(11))]
    files = _of_languages(languages, "{language}/{split}-00000-of-00001.parquet")
    hub.add("datasets", WIKIANN).commit(
        {"README.md": _card({language: [*SENTENCES] for language in languages}), **files}
    )


def add_script_of_languages(hub) -> None:
    """Put a loading script on a Hub, with a copy that has two configurations."""
    repository = hub.add("datasets", "somebody/languages")
    repository.commit({"languages.py": SCRIPT})
    repository.commit(_of_languages(["de", "ko"], "{language}/{split}/0000.parquet"), "refs/convert/parquet")
