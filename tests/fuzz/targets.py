"""What must hold for whatever bytes the readers of CoNLL text and JSON, the tag schemes and the alignment are given.

Each target takes bytes and raises where something does not hold: an error without a name of ours, a word lost, a word
labelled twice. Hypothesis calls them in `make test`, and atheris, which looks for bytes that reach new code, in
`make fuzz`.
"""

import csv
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
from support.exports import SPAN_FORMATS, in_characters, in_utf16
from support.small_tokenizers import KINDS, train_tokenizers

from helpers.data.files import read_documents
from helpers.data.load import load_ner_dataset
from helpers.data.tagging import STANDARD, TagForm
from helpers.errors import MalformedDataError, UnknownTagError
from helpers.going_further.windows import tokenize_and_align

LABEL_NAMES = ["O", "B-x", "I-x", "B-y", "I-y"]
DOCUMENT = "-DOCSTART-"
FOLDER = Path(tempfile.mkdtemp())


def conll_reader(content: bytes) -> None:
    """A file is refused by a named error, or all of its words come out, in its sentences, with IOB2 tags."""
    documents, told = read("train.conll", content)
    if documents is None:
        return
    lines = re.sub("(?m)^\ufeff", "", content.decode().replace("\r\n", "\n")).split("\n")
    if "they were joined" in told:
        return  # which lines make up a text, other tests say
    place = 1 if re.search("first column counts|and words from the second", told) else 0
    words = [word_of(line, place) if line.strip() else None for line in lines]
    blocks = groupby(words, lambda word: word not in (None, DOCUMENT))
    expected = [list(block) for is_sentence, block in blocks if is_sentence]
    found = [sentence.tokens for (sentence,) in documents]
    if re.search(r"(?im)^ *[#;$]|word|token|form|text|char|morph", "\n".join(lines)):  # comments, or a header
        assert sum(map(len, found)) <= sum(map(len, expected))
        assert {word for words in found for word in words} <= {word for words in expected for word in words}
        return
    assert found == expected


def conllu_reader(content: bytes) -> None:
    """A file is refused by a named error, or each row with a whole number is a word with an IOB2 tag."""
    text = content.decode("utf-8", "replace")
    if "\t" not in text:  # chance would hardly write ten columns
        tags = ["NER=B-x", "A=1|NER=I-x", "_", "NER=O"]
        rows = [[str(len(form)), form, *"_______", tags[len(form) % 4]] for form in text.split("\n")]
        text = "\n".join("\t".join(row) if row[1] else "" for row in rows)
    documents, _ = read("train.conllu", text.encode())
    if documents is not None and "global.columns" not in text:
        words = re.findall("(?m)^\ufeff?[0-9]+\t *([^\t]*?) *\t", text)
        assert [word for (sentence,) in documents for word in sentence.tokens] == words


def json_reader(content: bytes) -> None:
    """A file is refused by a named error, or each record's words come out, or each text's characters and spans."""
    documents, told = read("train.json", content)
    if documents is None:
        return
    try:
        records = records_of(content.decode())
    except json.JSONDecodeError:  # byte order marks between the records of an array
        return
    first = next(iter(records), {})
    if "tokens" in first and {"text", "data", "document", "annotations", "annotation_id"}.isdisjoint(first):
        words = [record["tokens"] for record in records if record["tokens"]]
        found = [sentence.tokens for document in documents for sentence in document]
        if "they were joined" in told:
            words = [[without_white_space("".join(pieces))] for pieces in words]
            found = [[characters_of(document)] for document in documents if document]
        assert found == words
        return
    spans = sum(map(int, re.findall(r"(\d+) spans\.", told)))
    assert spans == sum(len(sentence.spans) for document in documents for sentence in document)
    if all(record.keys() <= {"text", "data", "label", "entities"} for record in records):  # doccano's: all are labelled
        texts = [record["text"] if "text" in record else record["data"] for record in records]
        assert list(map(characters_of, documents)) == list(filter(None, map(without_white_space, texts)))


def span_forms(content: bytes) -> None:
    """A text with spans, in any form and unit, is refused by a named error, or its characters and spans come out."""
    form, unit, *edges = content[:6].ljust(6, b"\0")
    text = content[6:].decode("utf-8", "replace")
    suffix, write = list(SPAN_FORMATS.values())[form % len(SPAN_FORMATS)]
    starts = [(edge % (len(text) + 1), length % 8) for edge, length in (edges[:2], edges[2:])]
    marked = {text[start : start + length]: label for (start, length), label in zip(starts, "xy", strict=True)}
    written = write([(text, marked)], in_utf16 if unit % 2 else in_characters)
    documents, _ = read(f"export{suffix}", written.encode())
    if documents is None:
        return
    assert "".join(map(characters_of, documents)) == without_white_space(text)
    if not unit % 2 and "\r\n" not in text and max(text) <= "\uffff":  # there is one way to count
        sentences = [sentence for document in documents for sentence in document]
        found = [(each.text[start:end], label) for each in sentences for start, end, label in each.spans]
        assert sorted(found) == sorted((part.strip(), label) for part, label in marked.items())


def brat_reader(content: bytes) -> None:
    """A text and its annotations are refused by a named error, or the text's characters and the spans come out."""
    annotations, _, text = content.partition(b"\n")
    if b"\t" in annotations:
        annotations = annotations.replace(b"|", b"\n")
    else:  # chance would hardly write any
        edges = zip(annotations[::2], annotations[1::2], strict=False)
        annotations = "".join(f"T{start}\tx {start} {end}\n" for start, end in edges).encode()
    folder = FOLDER / "brat"
    folder.mkdir(exist_ok=True)
    (folder / "a.txt").write_bytes(text)
    (folder / "a.ann").write_bytes(annotations)
    documents, _ = read("brat")
    if documents is not None:
        assert "".join(map(characters_of, documents)) == without_white_space(text.decode("utf-8-sig"))


def read(name: str, content: bytes | None = None) -> tuple[list | None, str]:
    """Read a file and check what holds for all forms; give None where it is refused, and what was printed."""
    path = FOLDER / name
    if content is not None:
        path.write_bytes(content)
    try:
        with redirect_stdout(StringIO()) as told:
            documents = list(read_documents(path))
    except (MalformedDataError, UnknownTagError) as error:
        assert str(error).startswith(str(path))
        return None, ""
    for sentence in (sentence for document in documents for sentence in document):
        assert len(sentence.tags) == len(sentence.tokens) > 0
        assert all(sentence.tokens)
        assert STANDARD.to_iob2(sentence.tags) == sentence.tags
        json.dumps(sentence, ensure_ascii=False).encode()  # as Arrow holds them
        if sentence.text is not None:
            assert "".join(sentence.tokens) == without_white_space(sentence.text)
            edges = [edge for span in sentence.spans for edge in (span.start, span.end)]
            assert edges == sorted(edges)
            assert all(0 <= span.start < span.end <= len(sentence.text) for span in sentence.spans)
    return documents, told.getvalue()


def records_of(text: str) -> list[dict]:
    if text.lstrip(" \t\r\n\ufeff").startswith("["):
        records = json.loads(text.lstrip(" \t\r\n\ufeff"))
    else:
        lines = [line.removeprefix("\ufeff").strip(" \t\r\n") for line in text.split("\n")]
        try:
            records = [json.loads(line) for line in lines if line]
        except json.JSONDecodeError:
            records = [json.loads("\n".join(lines))]
    # A pair of a text and an object is read as one object.
    return [record if isinstance(record, dict) else record[1] | {"text": record[0]} for record in records]


def word_of(line: str, place: int) -> str:
    if re.match(r" *-docstart-([\t (]|$)", line, re.IGNORECASE):
        return DOCUMENT
    columns = line.split("\t") if "\t" in line else re.split(" +", line.strip(" "))
    return columns[min(place, len(columns) - 1)].strip(" ")  # a comment may have one alone


def characters_of(document: list) -> str:
    return "".join(word for sentence in document for word in sentence.tokens)


def without_white_space(text: str) -> str:
    return "".join(char for char in text if not char.isspace() or char in "\x1c\x1d\x1e\x1f")  # none for Unicode


def tag_schemes(content: bytes) -> None:
    """A tag is refused by its name, or the tags become IOB2 with the same words in entities of the same types."""
    tags = content.decode("utf-8", "replace").split("\n")
    for form in STANDARD, None:
        try:
            form = form or TagForm.likely(tags)
            converted = form.to_iob2(tags)
        except UnknownTagError as error:
            assert any(repr(tag) in str(error) for tag in tags)
            continue
        for tag, before, after in zip(tags, ["O", *converted], converted, strict=False):
            assert re.fullmatch("O|[BI]-.+", after, re.DOTALL)
            assert after[0] != "I" or before[1:] == after[1:]
            assert (after == "O") == (tag.strip() in ("O", "o", form.outside))
            assert after == "O" or after[2:] in tag or after[2:] in (before[2:], "entity")
        assert STANDARD.to_iob2(converted) == converted
        # What seqeval knows, too, which leaves white space around a type where it is
        if form == STANDARD and all(tag[0] in "OBIES" and tag[2:] == tag[2:].strip() for tag in map(str.strip, tags)):
            assert get_entities(converted) == get_entities([tag.strip() for tag in tags])


def word_alignment(content: bytes) -> None:
    """Any words, tokenizer, limit and overlap: each word is labelled once, or cut off, or has no subword."""
    kind, room, overlap, *text = content.ljust(3, b"\0")
    sentences = [block.split("\n") for block in bytes(text).decode("utf-8", "replace").split("\n\n")]
    tags = [[len(word) % len(LABEL_NAMES) for word in words] for words in sentences]
    room = 2 + room % 30
    check_alignment(_tokenizers()[KINDS[kind % len(KINDS)]], sentences, tags, room, overlap % room)


def table_reader(content: bytes) -> None:
    """A table is refused by a named error, or all of its words come out, in its sentences."""
    form, text = (content[0] % 4 if content else 0), content[1:].decode("utf-8", "replace")
    sentences = [block.split("\n") for block in text.split("\n\n")]
    tagged = [(words, [LABEL_NAMES[len(word) % len(LABEL_NAMES)] for word in words]) for words in sentences]
    path = FOLDER / ("train.tsv" if form == 2 else "train.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        if form == 0:  # a word in each row
            rows = ((number, *pair) for number, lists in enumerate(tagged) for pair in zip(*lists, strict=True))
            csv.writer(file).writerows([("sent_id", "word", "tag"), *rows])
        elif form == 1:  # lists
            csv.writer(file).writerows([("tokens", "tags"), *(map(repr, lists) for lists in tagged)])
        elif form == 2:  # no header
            file.writelines(f"{' '.join(words)}\t{' '.join(tags)}\n" for words, tags in tagged)
        else:
            file.write(f"word,tag,sent_id\n{text}")
    documents, told = read(path.name)
    if documents is None or "joined" in told:
        return
    words = [sentence.tokens for document in documents for sentence in document]
    if form < 2:
        assert words == sentences
    elif form == 3:
        rows = csv.reader(StringIO(path.read_text(encoding="utf-8").replace("\ufeff", ""), newline=""))
        expected = [row[0] for row in rows if any(map(str.strip, row))][1:]
        assert [word.replace("\ufeff", "") for sentence in words for word in sentence] == expected


# What to begin with, as chance would hardly find it.
SEEDS = {
    "conll_reader": (
        b"# x = 1\n1\ta\tB_x\n2\tb\tI\n",
        b"## x\na\tO\n \tO\nb\tB-x\n",
        b"word pos ner\na x O\nb y PER\n",
        b"a a NN B-x\n_\t_\t_\tI-x\n",
    ),
    "conllu_reader": (
        b"1-2\tab\t_\t_\t_\t_\t_\t_\t_\t_\n1\ta\t_\t_\t_\t_\t_\t_\t_\tNER=B-x\n2\tb\t_\t_\t_\t_\t_\t_\t_\t_\n",
        b"# global.columns = ID FORM NE\n1\ta\tB-x\n1.1\tb\t_\n2\tc\tO\n",
    ),
    "tag_schemes": (b"B_x\nI\nO", b"x-B\nx-I\n_", b"x\nO\nE-mail", b"b-x\no\ni-x", b"B\nM\nE\nO", b"B-x\nM-x\nE-x"),
    "json_reader": (
        b'{"tokens": ["a", "b"], "tags": ["B-x", "O"]}\n',
        b'{"text": "\\ud83d\\ude00 a\\nb", "label": [[3, 4, "x"]]}\n{"data": "ab", "entities": []}',
        *(write([("a b", {"a": "x"})], in_characters).encode() for _, write in SPAN_FORMATS.values()),
    ),
    "table_reader": (b"\0Oslo\n'a'\n\nb", b"\1Oslo\n'a\"\\\n\nb", b"\2Oslo\na\n\nb", b'\3"a""\nb",B-x,1\n,,\nb,O,1\n'),
    "span_forms": (b"\0\0\0\1\2\3a b\r\n\xf0\x9f\x98\x80 c d",),
    "brat_reader": (b"T1\tx 0 1;2 3\ta b|T2\ty 4 5\tc\na b c", b"\0\1\2\3\na b c"),
}
_TARGETS = (
    conll_reader,
    conllu_reader,
    table_reader,
    json_reader,
    span_forms,
    brat_reader,
    tag_schemes,
    word_alignment,
)
TARGETS = {target.__name__: target for target in _TARGETS}


@cache
def _tokenizers():
    return train_tokenizers(" ".join(words) for words in load_ner_dataset("sample")["train"]["tokens"][:300])


def check_alignment(tokenizer, sentences, tags, room, overlap):
    """Compare windows and labels with what the tokenizer makes of the whole sentences.

    `tags` are class ids in `LABEL_NAMES`; `room` is how many subwords fit into a window besides the special tokens, and
    `overlap` how many of them two windows share; 0 cuts sentences off.
    """
    special = tokenizer.num_special_tokens_to_add()
    batch = {"tokens": sentences, "ner_tags": tags}
    encoded = tokenize_and_align(batch, range(len(sentences)), tokenizer, room + special, overlap)
    whole = tokenizer(sentences, is_split_into_words=True, add_special_tokens=False)
    backwards = tokenizer.truncation_side == "left"
    for sentence, words in enumerate(sentences):
        ids, word_ids = whole["input_ids"][sentence], whole.word_ids(sentence)
        windows = _windows(len(ids), room, overlap, backwards)
        rows = [row for row, number in enumerate(encoded["sentence"]) if number == sentence]
        places = {}  # where each labelled word's subword stands, and in which window
        for row, window in zip(rows, windows, strict=True):
            labels, ids_of_words = encoded["labels"][row], encoded.word_ids(row)
            content = [position for position, word in enumerate(ids_of_words) if word is not None]
            assert [encoded["input_ids"][row][position] for position in content] == ids[slice(*window)]
            assert len(labels) == len(encoded["input_ids"][row]) <= room + special
            labelled = {ids_of_words[position]: position for position in content if labels[position] != -100}
            assert [*labelled] == encoded["labelled_words"][row]
            assert len(labelled) == sum(label != -100 for label in labels)
            assert [labels[position] for position in labelled.values()] == [tags[sentence][word] for word in labelled]
            assert places.keys().isdisjoint(labelled)
            places |= {word: (place - content[0] + window[0], window) for word, place in labelled.items()}
        with_subword = set(word_ids)
        assert [encoded["long_sentences"][row] for row in rows] == [int(len(ids) > room)] + [0] * (len(rows) - 1)
        assert sum(encoded["without_subword"][row] for row in rows) == len(words) - len(with_subword)
        assert sum(encoded["truncated"][row] for row in rows) == len(with_subword) - len(places)
        if overlap:
            assert places.keys() == with_subword
            for word, (position, window) in places.items():
                assert position == word_ids.index(word)
                others = [other for other in windows if other[0] <= position < other[1]]
                assert _context(position, window, len(ids)) == max(_context(position, o, len(ids)) for o in others)


def _windows(total, room, overlap, backwards):
    """List where the windows of a sentence begin and end, in the tokenizer's order."""
    starts = range(0, total - overlap, room - overlap) if overlap and total > room else [0]
    windows = [(start, min(start + room, total)) for start in starts]
    return [(total - stop, total - start) for start, stop in windows] if backwards else windows


def _context(position, window, total):
    """Count the subwords on a subword's poorer side; where the sentence ends, none are missing."""
    start, stop = window
    return min(inf if start == 0 else position - start, inf if stop == total else stop - 1 - position)
