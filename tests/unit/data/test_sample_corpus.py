"""The promises that the READMEs of src/helpers/data/sample and sample_ko make about the corpora."""

import re
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest
from seqeval.metrics.sequence_labeling import get_entities

from helpers.data import load
from helpers.data.load import label_names, load_ner_dataset, read_bracketed
from helpers.data.span_tags import is_inside_word
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


# In Korean, whole names.
KNOWN_IN_KOREA = """
강호동; 공유; 김연아; 김혜수; 노무현; 문재인; 박근혜; 박재범; 박지성; 박찬욱; 박찬호; 배용준; 백종원; 봉준호; 서태지;
손흥민; 송강호; 송중기; 송혜교; 신동엽; 아이유; 안중근; 유재석; 윤동주; 윤석열; 이강인; 이명박; 이병헌; 이순신; 이승만;
이재명; 이정재; 임영웅; 전지현; 조용필; 지드래곤; 차범근; 한강; 현빈; 황정민
"""
SAMPLES = {"sample": KNOWN_PEOPLE, "sample_ko": KNOWN_IN_KOREA}


def entities_of(rows, names):
    """Give (words, entities) of each sentence, an entity being (type, text in lower case)."""
    if "spans" in rows.features:
        for text, spans in zip(rows["text"], rows["spans"], strict=True):
            yield text.split(), [(span["label"], text[span["start"] : span["end"]].lower()) for span in spans]
        return
    for tokens, tags in zip(rows["tokens"], rows["ner_tags"], strict=True):
        found = get_entities([names[tag] for tag in tags])
        yield tokens, [(kind, " ".join(tokens[start : end + 1]).lower()) for kind, start, end in found]


def people_of(splits):
    return {text for rows in splits for _, entities in rows for kind, text in entities if kind == "person"}


@pytest.fixture(scope="module")
def corpora(sample):
    loaded = {"sample": sample, "sample_ko": load_ner_dataset("sample_ko")}
    return {
        name: {split: list(entities_of(rows, label_names(dataset))) for split, rows in dataset.items()}
        for name, dataset in loaded.items()
    }


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(("split", "least"), [("train", 100), ("validation", 25), ("test", 25)])
def test_sizes_and_frequencies(corpora, name, split, least):
    corpus = corpora[name]
    assert len(corpus[split]) >= 6 * least
    counts = Counter(kind for _, entities in corpus[split] for kind, _ in entities)
    assert len(counts) == 6
    assert min(counts.values()) >= least
    assert sum(not entities for _, entities in corpus[split]) >= len(corpus[split]) / 3
    if split != "train":  # most entities are new
        seen, here = ({text for _, entities in corpus[part] for _, text in entities} for part in ("train", split))
        assert len(here & seen) <= len(here) / 5


@pytest.mark.parametrize("name", SAMPLES)
def test_sentences_are_no_templates(name):
    """With each entity masked by its type, at least 98 % of the sentences are unlike all others; none occurs twice."""
    masked, whole = Counter(), Counter()
    for path in (Path(load.__file__).parent / name).glob("*.txt"):
        for line in path.read_text(encoding="utf-8").lower().splitlines():
            masked[load.ENTITY.sub(r"\2", line)] += 1
            whole[load.ENTITY.sub(r"\1", line)] += 1
    assert masked.total() >= 900
    assert sum(count for count in masked.values() if count == 1) >= 0.98 * masked.total()
    assert set(whole.values()) == {1}


@pytest.mark.parametrize("name", SAMPLES)
def test_people_are_invented(corpora, name):
    people = people_of(corpora[name].values())
    assert len(people) > 100
    assert people & {" ".join(known.split()) for known in SAMPLES[name].split(";")} == set()


def test_entities_are_whole_words_in_english_and_mostly_end_inside_of_words_in_korean(sample):
    """As they do in KLUE-NER, where 48.8 % of the 14,257 entities of the validation split end inside of a word."""
    edges = re.compile(r"(?<=\S)\[[^\]]*\]\(|\)(?=\S)")
    for path in (Path(load.__file__).parent / "sample").glob("*.txt"):
        assert edges.search(path.read_text(encoding="utf-8")) is None
    for rows in load_ner_dataset("sample_ko").values():
        pairs = zip(rows["text"], rows["spans"], strict=True)
        inside = [is_inside_word(span["end"], text) for text, spans in pairs for span in spans]
        assert sum(inside) >= len(inside) / 2


def test_nothing_is_taken_from_wnut17(corpora, wnut17):
    """No run of eight words, no whole sentence of four or more, and no full name of a person is shared."""
    real = [[token.lower() for token in tokens] for rows in wnut17.values() for tokens in rows["tokens"]]
    runs = {tuple(tokens[i : i + 8]) for tokens in real for i in range(len(tokens) - 7)}
    sentences = {tuple(tokens) for tokens in real if len(tokens) >= 4}
    people = people_of(entities_of(rows, label_names(wnut17)) for rows in wnut17.values())
    corpus = corpora["sample"]
    assert people_of(corpus.values()) & {name for name in people if " " in name} == set()
    for tokens, _ in chain(*corpus.values()):
        words = [token.lower() for token in tokens]
        assert tuple(words) not in sentences
        assert not runs & {tuple(words[i : i + 8]) for i in range(len(words) - 7)}


def test_reader_keeps_the_text_and_marks_entities(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("[San Jose](location) (old), [김민수](person)가\n\n no names\u2028here\n", encoding="utf-8")
    assert read_bracketed(path) == [
        ("San Jose (old), 김민수가", [(0, 8, "location"), (16, 19, "person")]),
        ("no names\u2028here", []),
    ]


@pytest.mark.parametrize(
    "line", ["a [b](Person)", "a [b] c", "[](person)", "[ ](person)", "[b ](person)", "[a [b](person)"]
)
def test_stray_brackets_are_refused_with_file_and_line(tmp_path, line):
    path = tmp_path / "x.txt"
    path.write_text(f"fine\n{line}\n", encoding="utf-8")
    with pytest.raises(MalformedDataError, match=r"x\.txt, line 2"):
        read_bracketed(path)
