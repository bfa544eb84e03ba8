"""What the tests put on their Hub: parts of the bundled sample, and a tiny encoder."""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import datasets
import yaml
from tokenizers import BertWordPieceTokenizer
from transformers import BertTokenizerFast, RobertaConfig, RobertaModel

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
CODE = {"data": LOAD_DATA, "encoder": FIND_ENCODER}
KOREAN_ENCODER = "klue/roberta-small"
KOREAN_SPECIAL = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]  # the padding is 1, as in its vocabulary
Marked = tuple[str, list[tuple[int, int, str]]]  # a text and its spans
TINY_ENCODER = Path(__file__).resolve().parents[1] / "support" / "tiny_distilbert"
ENCODER_CARD = b"---\nlicense: apache-2.0\n---\n# A tiny encoder\n"
SCRIPT = b"raise SystemExit('a loading script was run')\n"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@cache
def sentences() -> datasets.DatasetDict:
    """Take the first sentences of each split of the sample."""
    sample = load_ner_dataset("sample")
    return datasets.DatasetDict({split: sample[split].select(range(count)) for split, count in SENTENCES.items()})


def card(configurations: dict[str, dict[str, str]]) -> bytes:
    """Write the head of a card: the splits of each configuration, with a pattern for each."""
    described = [
        {"config_name": name, "data_files": [{"split": split, "path": path} for split, path in splits.items()]}
        for name, splits in configurations.items()
    ]
    return f"---\n{yaml.safe_dump({'configs': described})}---\n".encode()


def _parquet(rows: datasets.Dataset, names: list[str] | None = None) -> bytes:
    file = io.BytesIO()
    if names:
        rows = rows.cast_column("ner_tags", datasets.List(datasets.ClassLabel(names=names)))
    rows.to_parquet(file)
    return file.getvalue()


@cache
def parquet_files(pattern: str) -> dict[str, bytes]:
    """Write the sentences as Parquet files, with a path for each split such as ``"data/{split}-00000.parquet"``."""
    return {pattern.format(split=split): _parquet(rows) for split, rows in sentences().items()}


def add_dataset(hub, name: str = DATASET) -> None:
    """Put the sentences on a Hub, as Parquet files on the main branch."""
    hub.moved["datasets", SHORT_NAME] = name
    head = card({"data": {split: f"data/{split}-*" for split in SENTENCES}})
    hub.add("datasets", name).commit({"README.md": head} | parquet_files("data/{split}-00000-of-00001.parquet"))


def add_script(hub, with_copy: bool) -> None:
    """Put a loading script on a Hub, and perhaps the copy as Parquet files that a Hub makes of it."""
    repository = hub.add("datasets", DATASET)
    hub.moved["datasets", SHORT_NAME] = DATASET
    repository.commit({"README.md": b"# Sentences\n", f"{SHORT_NAME}.py": SCRIPT})
    if with_copy:
        repository.commit(parquet_files(f"{SHORT_NAME}/{{split}}/0000.parquet"), "refs/convert/parquet")


def add_encoder(hub) -> None:
    """Put the tiny encoder on a Hub, with weights in a format that nobody should fetch."""
    files = contents(TINY_ENCODER) | {"README.md": ENCODER_CARD, "pytorch_model.bin": b"a pickle"}
    hub.add("models", ENCODER).commit(files)


def add_klue(hub, marked: Sequence[Marked] = (("안녕 서울에서", [(0, 2, "PS"), (3, 5, "LC")]),) * 20) -> None:
    """Put a data set on a Hub as klue/klue is: a configuration of characters, without a test split, and another."""
    names = ["B-LC", "I-LC", "B-OG", "I-OG", "B-PS", "I-PS", "O"]
    tags = [[names.index(tag) for tag in character_tags(*one)] for one in marked]
    rows = {"sentence": [text for text, _ in marked], "tokens": [list(text) for text, _ in marked], "ner_tags": tags}
    ner = _parquet(datasets.Dataset.from_dict(rows), names)
    files = {f"ner/{split}-00000-of-00001.parquet": ner for split in ("train", "validation")}
    sts = _parquet(datasets.Dataset.from_dict({"sentence1": ["a"], "score": [1.0]}))
    files["sts/train-00000-of-00001.parquet"] = sts
    head = card({"ner": {"train": "ner/train-*", "validation": "ner/validation-*"}, "sts": {"train": "sts/train-*"}})
    hub.add("datasets", "klue/klue").commit({"README.md": head, **files})


def character_tags(text: str, spans: Sequence[tuple[int, int, str]]) -> list[str]:
    """Tag each character of a text, spaces among them, as KLUE does."""
    tags = ["O"] * len(text)
    for start, end, label in spans:
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return tags


def korean_posts() -> list[Marked]:
    """Take the first posts of the Korean sample, with three types by KLUE's names."""
    rows = load_ner_dataset("sample_ko")["train"].select(range(SENTENCES["train"]))
    kinds = {"person": "PS", "location": "LC", "group": "OG", "corporation": "OG"}
    return [
        (text, [(span["start"], span["end"], kinds[span["label"]]) for span in spans if span["label"] in kinds])
        for text, spans in zip(rows["text"], rows["spans"], strict=True)
    ]


def add_korean_encoder(hub, folder: Path) -> None:
    """Put an encoder on a Hub as klue/roberta-small is: a RoBERTa, whose positions begin behind the padding's number,
    with a tokenizer of BERT's kind, which is what makes it Korean.
    """
    wordpiece = BertWordPieceTokenizer(lowercase=False, strip_accents=False)
    texts = (text for text, _ in korean_posts())
    wordpiece.train_from_iterator(texts, vocab_size=800, show_progress=False, special_tokens=KOREAN_SPECIAL)
    wordpiece.save_model(str(folder))
    names = dict(zip(("cls", "pad", "sep", "unk", "mask"), KOREAN_SPECIAL, strict=True))
    special = {f"{name}_token": token for name, token in names.items()}
    BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=False, **special).save_pretrained(folder)
    size = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "num_hidden_layers": 2}
    positions = {"max_position_embeddings": 514, "type_vocab_size": 1, "pad_token_id": 1}
    config = RobertaConfig(vocab_size=wordpiece.get_vocab_size(), **positions, **size)
    RobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    hub.add("models", KOREAN_ENCODER).commit(contents(folder) | {"README.md": b"---\nlicense: cc-by-sa-4.0\n---\n"})


def _of_languages(languages: list[str], path: str) -> dict[str, bytes]:
    files = {}
    for language in languages:
        rows = datasets.Dataset.from_dict({"tokens": [[language, "Mo"]], "ner_tags": [[0, 1]]})
        content = _parquet(rows, ["O", "B-PER", "I-PER"])
        files |= {path.format(language=language, split=split): content for split in SENTENCES}
    return files


def add_wikiann(hub) -> None:
    """Put a data set on a Hub as wikiann is: twelve languages are its configurations."""
    languages = ["ko", *(f"x{number:02}" for number in range(11))]
    head = card({name: {split: f"{name}/{split}-*" for split in SENTENCES} for name in languages})
    files = _of_languages(languages, "{language}/{split}-00000-of-00001.parquet")
    hub.add("datasets", "unimelb-nlp/wikiann").commit({"README.md": head, **files})


def add_script_of_languages(hub) -> None:
    """Put a loading script on a Hub, with a copy that has two configurations."""
    repository = hub.add("datasets", "somebody/languages")
    repository.commit({"languages.py": SCRIPT})
    repository.commit(_of_languages(["de", "ko"], "{language}/{split}/0000.parquet"), "refs/convert/parquet")
