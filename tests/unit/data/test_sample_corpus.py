"""The promises that src/helpers/sample/README.md makes about the corpus."""

from collections import Counter

import pytest
from seqeval.metrics.sequence_labeling import get_entities

from helpers.data.load import SAMPLE, label_names, read_bracketed
from helpers.data.splits import SPLITS
from helpers.errors import MalformedDataError

TYPES = {"corporation", "creative-work", "group", "location", "person", "product"}
# People whom everybody knows: none of them may appear.
KNOWN_PEOPLE = """
adele; albert einstein; angela merkel; barack obama; bill gates; bob dylan; brad pitt; charles darwin;
cristiano ronaldo; david beckham; donald trump; ed sheeran; elon musk; elvis presley; emmanuel macron; frida
kahlo; george clooney; greta thunberg; hillary clinton; isaac newton; jeff bezos; joe biden; john lennon;
justin bieber; kanye west; kim kardashian; lady gaga; leonardo dicaprio; lewis hamilton; lionel messi; marie
curie; mark zuckerberg; michael jackson; michelle obama; narendra modi; nelson mandela; novak djokovic; oprah
winfrey; pablo picasso; paul mccartney; rafael nadal; rihanna; roger federer; serena williams; shakira;
stephen hawking; stephen king; steve jobs; taylor swift; tim cook; tom hanks; usain bolt; vladimir putin;
william shakespeare; xi jinping
"""


def entities_of(rows, names):
    """Give (tokens, entities) of each sentence, an entity being (type, words in lower case)."""
    for tokens, tags in zip(rows["tokens"], rows["ner_tags"], strict=True):
        found = get_entities([names[tag] for tag in tags])
        yield tokens, [(kind, " ".join(tokens[start : end + 1]).lower()) for kind, start, end in found]


@pytest.fixture(scope="module")
def corpus(sample):
    return {split: list(entities_of(rows, label_names(sample))) for split, rows in sample.items()}


@pytest.mark.parametrize(("split", "least"), [("train", 100), ("validation", 25), ("test", 25)])
def test_sizes_and_frequencies(corpus, split, least):
    assert len(corpus[split]) >= 6 * least
    counts = Counter(kind for _, entities in corpus[split] for kind, _ in entities)
    assert counts.keys() == TYPES
    assert min(counts.values()) >= least
    assert sum(not entities for _, entities in corpus[split]) >= len(corpus[split]) / 3
    if split != "train":  # most entities are new
        seen, here = ({text for _, entities in corpus[part] for _, text in entities} for part in ("train", split))
        assert len(here & seen) <= len(here) / 5


def test_no_sentence_occurs_twice(corpus):
    sentences = Counter(" ".join(tokens).lower() for rows in corpus.values() for tokens, _ in rows)
    assert [sentence for sentence, count in sentences.items() if count > 1] == []


def test_sentences_are_no_templates(sample):
    """With each entity masked by its type, at least 98 % of the sentences are unlike all others."""
    names = label_names(sample)
    masked = Counter()
    for rows in sample.values():
        for tokens, tags in zip(rows["tokens"], rows["ner_tags"], strict=True):
            labelled = [(token.lower(), names[tag]) for token, tag in zip(tokens, tags, strict=True)]
            masked[tuple(label[2:] if label != "O" else token for token, label in labelled if label[0] != "I")] += 1
    unique = sum(count for count in masked.values() if count == 1)
    assert unique >= 0.98 * masked.total()


def test_people_are_invented(corpus):
    people = {text for rows in corpus.values() for _, entities in rows for kind, text in entities if kind == "person"}
    known = {" ".join(name.split()) for name in KNOWN_PEOPLE.split(";")}
    assert people & known == set()


def test_nothing_is_taken_from_wnut17(corpus, wnut17):
    """No run of eight words, no whole sentence of four or more, and no full name of a person is shared."""
    real = [[token.lower() for token in tokens] for rows in wnut17.values() for tokens in rows["tokens"]]
    runs = {tuple(tokens[i : i + 8]) for tokens in real for i in range(len(tokens) - 7)}
    sentences = {tuple(tokens) for tokens in real if len(tokens) >= 4}
    people = {
        text
        for rows in wnut17.values()
        for _, entities in entities_of(rows, label_names(wnut17))
        for kind, text in entities
        if kind == "person" and " " in text
    }
    for rows in corpus.values():
        for tokens, entities in rows:
            words = [token.lower() for token in tokens]
            assert tuple(words) not in sentences
            assert not runs & {tuple(words[i : i + 8]) for i in range(len(words) - 7)}
            assert not people & {text for kind, text in entities if kind == "person"}


def test_reader_keeps_words_and_marks_entities(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("[San Jose](location) 's ( old ) [Ox & Co](corporation)\n\nno names here\n", encoding="utf-8")
    assert read_bracketed(path) == [
        (
            ["San", "Jose", "'s", "(", "old", ")", "Ox", "&", "Co"],
            ["B-location", "I-location", "O", "O", "O", "O", "B-corporation", "I-corporation", "I-corporation"],
        ),
        (["no", "names", "here"], ["O", "O", "O"]),
    ]


@pytest.mark.parametrize(
    "line", ["a [b](person).", "a[b](person)", "a [b](Person)", "a [b] c", "[](person)", "[ ](person)"]
)
def test_stray_brackets_are_refused_with_file_and_line(tmp_path, line):
    path = tmp_path / "x.txt"
    path.write_text(f"fine\n{line}\n", encoding="utf-8")
    with pytest.raises(MalformedDataError, match=r"x\.txt, line 2"):
        read_bracketed(path)


def test_the_bundled_files_hold_one_sentence_a_line():
    for split in SPLITS:
        lines = (SAMPLE / f"{split}.txt").read_text(encoding="utf-8").split("\n")
        assert lines.pop() == ""
        assert all(line and line == " ".join(line.split()) for line in lines)
