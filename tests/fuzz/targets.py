"""What must hold for whatever bytes the readers of CoNLL text and JSON, the tag schemes and the alignment are given.

Each target takes bytes and raises where something does not hold: an error without a name of ours, a word lost, a word
labelled twice. Hypothesis calls them in `make test`, and atheris, which looks for bytes that reach new code, in
`make fuzz`.
"""

import json
import re
import tempfile
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from itertools import groupby
from math import inf
from pathlib import Path

from seqeval.metrics.sequence_labeling import get_entities
from support.small_tokenizers import KINDS, train_tokenizers

from helpers.data.conll import read_conll
from helpers.data.files import read_documents
from helpers.data.load import load_ner_dataset
from helpers.data.tagging import to_iob2
from helpers.errors import MalformedDataError, UnknownTagError
from helpers.tokenization import tokenize_and_align

LABEL_NAMES = ["O", "B-x", "I-x", "B-y", "I-y"]
FOLDER = Path(tempfile.mkdtemp())


def conll_reader(content: bytes) -> None:
    """A file is refused by a named error, or all of its words come out, in its sentences, with IOB2 tags."""
    path = FOLDER / "train.conll"
    path.write_bytes(content)
    try:
        sentences = list(read_conll(path))
    except (MalformedDataError, UnknownTagError) as error:
        assert str(error).startswith(f"{path}, line ")
        return
    lines = content.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    words = [re.match("[^\t]*" if "\t" in line else "[^ ]*", line)[0] if line.strip() else None for line in lines]
    blocks = groupby(words, lambda word: word not in (None, "-DOCSTART-"))
    assert [sentence.tokens for sentence in sentences] == [list(block) for is_sentence, block in blocks if is_sentence]
    for sentence in sentences:
        assert len(sentence.tags) == len(sentence.tokens)
        assert to_iob2(sentence.tags) == sentence.tags


def json_reader(content: bytes) -> None:
    """A file is refused by a named error, or each record's words come out, or each text's characters and spans."""
    path = FOLDER / "train.json"
    path.write_bytes(content)
    try:
        with redirect_stdout(StringIO()) as told:
            documents = list(read_documents(path))
    except (MalformedDataError, UnknownTagError) as error:
        assert str(error).startswith(str(path))
        return
    sentences = [sentence for document in documents for sentence in document]
    for sentence in sentences:
        assert len(sentence.tags) == len(sentence.tokens) > 0
        assert all(sentence.tokens)
        assert to_iob2(sentence.tags) == sentence.tags
        json.dumps(sentence, ensure_ascii=False).encode()  # as Arrow holds them
    text = content.decode("utf-8-sig")
    records = json.loads(text if text.lstrip(" \t\r\n").startswith("[") else as_array(text.split("\n")))
    if "tokens" in next(iter(records), {}):
        assert [sentence.tokens for sentence in sentences] == [r["tokens"] for r in records if r["tokens"]]
        return
    spans = sum(map(int, re.findall(r"(\d+) spans\.", told.getvalue())))
    assert spans == sum(tag.startswith("B-") for sentence in sentences for tag in sentence.tags)
    if all({"annotations", "annotation_id"}.isdisjoint(record) for record in records):  # doccano's: all are labelled
        texts = [record["text"] if "text" in record else record["data"] for record in records]
        read = ["".join(word for sentence in document for word in sentence.tokens) for document in documents]
        assert read == list(filter(None, map(without_white_space, texts)))


def as_array(lines: list[str]) -> str:
    return f"[{','.join(line for line in lines if line.strip())}]"


def without_white_space(text: str) -> str:
    return "".join(char for char in text if not char.isspace() or char in "\x1c\x1d\x1e\x1f")  # none for Unicode


def tag_schemes(content: bytes) -> None:
    """A tag is refused by its name, or the tags become IOB2 with the same words in entities of the same types."""
    tags = content.decode("utf-8", "replace").split("\n")
    known = [re.fullmatch(r"O|[BIESLU]-.+", tag, re.DOTALL) for tag in tags]
    try:
        converted = to_iob2(tags)
    except UnknownTagError:
        assert not all(known)
        return
    assert all(known)
    assert [tag[2:] for tag in converted] == [tag[2:] for tag in tags]
    assert [tag == "O" for tag in converted] == [tag == "O" for tag in tags]
    for before, tag in zip(["O", *converted], converted, strict=False):
        assert tag[0] in "OBI"
        assert tag[0] != "I" or before[1:] == tag[1:]
    assert to_iob2(converted) == converted
    if all(tag[0] in "OBIES" for tag in tags):  # the prefixes that seqeval knows, too
        assert get_entities(converted) == get_entities(tags)


def word_alignment(content: bytes) -> None:
    """Any words, tokenizer, limit and overlap: each word is labelled once, or cut off, or has no subword."""
    kind, room, overlap, *text = content.ljust(3, b"\0")
    sentences = [block.split("\n") for block in bytes(text).decode("utf-8", "replace").split("\n\n")]
    tags = [[len(word) % len(LABEL_NAMES) for word in words] for words in sentences]
    room = 2 + room % 30
    check_alignment(_tokenizers()[KINDS[kind % len(KINDS)]], sentences, tags, room, overlap % room)


# What to begin with, as chance would hardly find it.
SEEDS = {
    "json_reader": (
        b'{"tokens": ["a", "b"], "tags": ["B-x", "O"]}\n',
        b'{"text": "\\ud83d\\ude00 a\\nb", "label": [[3, 4, "x"]]}\n{"data": "ab", "entities": []}',
        b'[{"data": {"text": "a b"}, "annotations": [{"result": [{"type": "labels", "value": '
        b'{"start": 0, "end": 1, "text": "a", "labels": ["x"]}}]}]}]',
        b'[{"text": "a b", "id": 1, "label": [{"start": 0, "end": 1, "labels": ["x"]}], "annotation_id": 1}]',
    )
}
TARGETS = {target.__name__: target for target in (conll_reader, json_reader, tag_schemes, word_alignment)}


@cache
def _tokenizers():
    return train_tokenizers(" ".join(words) for words in load_ner_dataset("sample")["train"]["tokens"][:300])


def check_alignment(tokenizer, sentences, tags, room, overlap):
    """Compare windows and labels with what the tokenizer makes of the whole sentences.

    Parameters
    ----------
    tokenizer : PreTrainedTokenizerFast
    sentences : list of list of str
    tags : list of list of int
        Class ids in `LABEL_NAMES`.
    room : int
        How many subwords fit into a window, besides the special tokens.
    overlap : int
        How many of them two windows share; 0 cuts sentences off.
    """
    special = tokenizer.num_special_tokens_to_add()
    batch = {"tokens": sentences, "ner_tags": tags}
    encoded = tokenize_and_align(batch, range(len(sentences)), tokenizer, LABEL_NAMES, room + special, overlap)
    whole = tokenizer(sentences, is_split_into_words=True, add_special_tokens=False)
    backwards = tokenizer.truncation_side == "left"
    rows_of = [[] for _ in sentences]
    for row, sentence in enumerate(encoded["sentence"]):
        rows_of[sentence].append(row)
    for sentence, words in enumerate(sentences):
        ids, word_ids = whole["input_ids"][sentence], whole.word_ids(sentence)
        windows = _windows(len(ids), room, overlap, backwards)
        rows = rows_of[sentence]
        places = {}  # where each labelled word's subword stands, and in which window
        for row, window in zip(rows, windows, strict=True):
            labels, ids_of_words = encoded["labels"][row], encoded.word_ids(row)
            content = [position for position, word in enumerate(ids_of_words) if word is not None]
            assert [encoded["input_ids"][row][position] for position in content] == ids[slice(*window)]
            assert len(labels) == len(encoded["input_ids"][row]) <= room + special
            labelled = [position for position, label in enumerate(labels) if label != -100]
            assert [ids_of_words[position] for position in labelled] == encoded["labelled_words"][row]
            for position in labelled:
                word = ids_of_words[position]
                assert labels[position] == tags[sentence][word]
                assert word not in places
                places[word] = (position - content[0] + window[0], window)
        with_subword = set(word_ids)
        account = {name: [encoded[name][row] for row in rows] for name in ("long", "truncated", "without_subword")}
        assert account["long"] == [int(len(ids) > room)] + [0] * (len(rows) - 1)
        assert sum(account["without_subword"]) == len(words) - len(with_subword)
        assert sum(account["truncated"]) == len(with_subword) - len(places)
        if overlap:
            assert places.keys() == with_subword
            for word, (position, window) in places.items():
                assert position == word_ids.index(word)
                others = [other for other in windows if other[0] <= position < other[1]]
                assert _context(position, window, len(ids)) == max(_context(position, o, len(ids)) for o in others)


def _windows(total, room, overlap, backwards):
    """List where the windows of a sentence begin and end, in the tokenizer's order."""
    if total <= room:
        return [(0, total)]
    if not overlap:
        return [(total - room, total) if backwards else (0, room)]
    windows = [(start, min(start + room, total)) for start in range(0, total - overlap, room - overlap)]
    return [(total - stop, total - start) for start, stop in windows] if backwards else windows


def _context(position, window, total):
    """Count the subwords on a subword's poorer side; where the sentence ends, none are missing."""
    start, stop = window
    return min(inf if start == 0 else position - start, inf if stop == total else stop - 1 - position)
