"""The promises that src/helpers/sample/README.md makes about the corpus."""

from collections import Counter
from itertools import chain

import pytest
from seqeval.metrics.sequence_labeling import get_entities

from helpers.data.load import label_names, read_bracketed
from helpers.errors import MalformedDataError

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


def people_of(splits):
    return {text for rows in splits for _, entities in rows for kind, text in entities if kind == "person"}


@pytest.fixture(scope="module")
def corpus(sample):
    return {split: list(entities_of(rows, label_names(sample))) for split, rows in sample.items()}


@pytest.mark.parametrize(("split", "least"), [("train", 100), ("validation", 25), ("test", 25)])
def test_sizes_and_frequencies(corpus, split, least):
    assert len(corpus[split]) >= 6 * least
    counts = Counter(kind for _, entities in corpus[split] for kind, _ in entities)
    assert len(counts) == 6
    assert min(counts.values()) >= least
    assert sum(not entities for _, entities in corpus[split]) >= len(corpus[split]) / 3
    if split != "train":  # most entities are new
        seen, here = ({text for _, entities in corpus[part] for _, text in entities} for part in ("train", split))
        assert len(here & seen) <= len(here) / 5


def test_sentences_are_no_templates(sample):
    """With each entity masked by its type, at least 98 % of the sentences are unlike all others; none occurs twice."""
    names = label_names(sample)
    masked, whole = Counter(), Counter()
    for rows in sample.values():
        for tokens, tags in zip(rows["tokens"], rows["ner_tags"], strict=True):
            labelled = [(token.lower(), names[tag]) for token, tag in zip(tokens, tags, strict=True)]
            whole[" ".join(tokens).lower()] += 1
            masked[tuple(label[2:] if label != "O" else token for token, label in labelled if label[0] != "I")] += 1
    unique = sum(count for count in masked.values() if count == 1)
    assert unique >= 0.98 * masked.total()
    assert set(whole.values()) == {1}


def test_people_are_invented(corpus):
    assert people_of(corpus.values()) & {" ".join(name.split()) for name in KNOWN_PEOPLE.split(";")} == set()


def test_nothing_is_taken_from_wnut17(corpus, wnut17):
    """No run of eight words, no whole sentence of four or more, and no full name of a person is shared."""
    real = [[token.lower() for token in tokens] for rows in wnut17.values() for tokens in rows["tokens"]]
    runs = {tuple(tokens[i : i + 8]) for tokens in real for i in range(len(tokens) - 7)}
    sentences = {tuple(tokens) for tokens in real if len(tokens) >= 4}
    people = people_of(entities_of(rows, label_names(wnut17)) for rows in wnut17.values())
    assert people_of(corpus.values()) & {name for name in people if " " in name} == set()
    for tokens, _ in chain(*corpus.values()):
        words = [token.lower() for token in tokens]
        assert tuple(words) not in sentences
        assert not runs & {tuple(words[i : i + 8]) for i in range(len(words) - 7)}


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
