import string

import pytest
from datasets import Dataset, DatasetDict
from fuzz.targets import LABEL_NAMES as NAMES
from fuzz.targets import check_alignment
from hypothesis import example, given
from hypothesis import strategies as st
from support.small_tokenizers import KINDS

from helpers.going_further.windows import alignment_report, join_windows, tokenize_and_align

WORD = st.one_of(
    st.text(string.ascii_letters + string.digits + "#@'.-", min_size=1, max_size=24),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=4),
    st.sampled_from(["\ufe0f", "\u200b", "\u00ad", "👩‍👩‍👧", "e\u0301", "שלום", "東京", "a" * 300]),
)
TOKENIZERS = st.sampled_from(KINDS)
# How many subwords fit besides special tokens, and how many of them two windows share; 0 cuts off.
LIMITS = st.integers(2, 20).flatmap(lambda room: st.tuples(st.just(room), st.integers(0, room - 1)))


@st.composite
def tagged_sentences(draw):
    sentences = draw(st.lists(st.lists(WORD, min_size=1, max_size=12), min_size=1, max_size=4))
    return sentences, [draw(st.lists(st.integers(0, 4), min_size=len(s), max_size=len(s))) for s in sentences]


def encode(tokenizer, sentences, tags=None, max_length=512, **settings):
    tags = tags or [[0] * len(words) for words in sentences]
    batch = {"tokens": sentences, "ner_tags": tags}
    return tokenize_and_align(batch, range(len(sentences)), tokenizer, max_length, **settings)


FIRST, SECOND = [-100, 1, 2, 0, 3, -100, -100], [-100, -100, -100, 0, -100, -100, -100]


@pytest.mark.parametrize(
    ("settings", "labels", "words"),
    [
        ({}, [[-100, 1, 2, 0, 3, -100, 0, -100, -100, -100]], [[0, 1, 2, 3, 4]]),
        ({"max_length": 6}, [[-100, 1, 2, 0, 3, -100]], [[0, 1, 2, 3]]),
        # es has three subwords before it in the first window, none in the second; ##b has none behind it in the first
        ({"max_length": 7, "overlap": 2}, [FIRST, SECOND], [[0, 1, 2, 3], [4]]),
    ],
)
def test_labels_worked_by_hand(tokenizer, settings, labels, words):
    sentence = ["Empire", "State", "=", "ESB", "@paulwalk"]  # [CLS] empire state = es ##b @ paul ##walk [SEP]
    encoded = encode(tokenizer, [sentence], [[1, 2, 0, 3, 0]], **settings)
    assert (encoded["labels"], encoded["labelled_words"]) == (labels, words)


@given(tagged_sentences(), st.integers(3, 20))
def test_alignment_is_the_plain_loop(tokenizer, drawn, max_length):
    sentences, tags = drawn
    encoded = encode(tokenizer, sentences, tags, max_length)
    plain = tokenizer(sentences, is_split_into_words=True, truncation=True, max_length=max_length)
    assert encoded["input_ids"] == plain["input_ids"]
    for row in range(len(sentences)):
        labels, previous = [], None  # the rule as every tutorial writes it out
        for word in plain.word_ids(row):
            labels.append(-100 if word is None or word == previous else tags[row][word])
            previous = word
        assert encoded["labels"][row] == labels


def test_report_adds_up_the_splits(tokenizer):
    rows = Dataset.from_dict({"tokens": [["a", "\ufe0f", "ESB", "end"], ["b"]], "ner_tags": [[0, 0, 0, 0], [0]]})
    splits = DatasetDict(train=rows, test=rows.select([1]))
    encoded = splits.map(lambda batch: encode(tokenizer, batch["tokens"], max_length=4), batched=True)
    # [CLS] a es [SEP]: the invisible word has no subword, ESB is cut in its middle, "end" is cut away
    expected = {"words": 5, "labelled": 3, "truncated": 1, "without_subword": 1, "long_sentences": 1}
    assert alignment_report(encoded, splits).loc["train"].to_dict() == expected | {"unknown_words": 0}
    assert alignment_report(encoded, splits).loc["test"].tolist() == [1, 1, 0, 0, 0, 0]


def test_report_counts_what_the_tokenizer_does_not_know(tokenizer):
    words = [["☃☃", "in", "☃", "☃"], ["Oslo"]]
    encoded = Dataset.from_dict(dict(encode(tokenizer, words, max_length=5)))
    report = alignment_report({"test": encoded}, {"test": {"tokens": words}})
    assert report.loc["test", "unknown_words"] == 2  # the last word is cut off


@pytest.mark.slow
def test_real_wnut17_has_seven_words_without_a_subword(tokenizer, wnut17):
    settings = {"tokenizer": tokenizer, "max_length": 512}
    encoded = wnut17.map(tokenize_and_align, batched=True, with_indices=True, fn_kwargs=settings)
    report = alignment_report(encoded, wnut17)
    assert report["words"].tolist() == [62730, 15733, 23394]
    assert report["truncated"].sum() == 0
    assert report["without_subword"].sum() == 7
    lost = []
    for row in (row for rows in encoded.values() for row in rows):
        lost += [word for place, word in enumerate(row["tokens"]) if place not in row["labelled_words"]]
    assert lost == ["\ufe0f"] * 7


def test_windows_are_joined_whatever_the_order_of_rows_and_unseen_words_are_outside():
    rows = {"sentence": [1, 0, 1], "labelled_words": [[2, 3], [0], [0]]}
    tags = [["I-x", "O"], ["B-y"], ["B-x"]]
    assert join_windows(tags, rows, [["a"], ["b", "c", "d", "e"]]) == [["B-y"], ["B-x", "O", "I-x", "O"]]


@pytest.mark.slow
@given(TOKENIZERS, tagged_sentences(), LIMITS)
@example("bytes", ([["a" * 40, "b"]], [[1, 0]]), (5, 1))  # windows that begin inside of a word
def test_each_word_counts_in_the_window_with_the_most_context_and_in_no_other(tokenizers, kind, drawn, limit):
    check_alignment(tokenizers[kind], *drawn, *limit)


@pytest.mark.slow
@pytest.mark.parametrize("max_length", [8, 32, 512])
@pytest.mark.parametrize("kind", KINDS)
def test_the_account_of_real_data_balances(tokenizers, sample, wnut17, kind, max_length):
    special = tokenizers[kind].num_special_tokens_to_add()
    for rows in (sample["test"][:], wnut17["test"][:300]):
        tags = [[tag % len(NAMES) for tag in tags] for tags in rows["ner_tags"]]
        for overlap in (0, max_length // 4):
            check_alignment(tokenizers[kind], rows["tokens"], tags, max_length - special, overlap)


@given(TOKENIZERS, tagged_sentences(), st.integers(1, 5))
def test_where_nothing_is_long_windows_change_nothing(tokenizers, kind, drawn, overlap):
    plain = tokenizers[kind](drawn[0], is_split_into_words=True)
    max_length = max([overlap + 3, *map(len, plain["input_ids"])])
    cut_off, windows = (dict(encode(tokenizers[kind], *drawn, max_length, overlap=shared)) for shared in (0, overlap))
    assert cut_off == windows


@given(TOKENIZERS, tagged_sentences(), LIMITS)
def test_true_tags_come_back_from_their_windows(tokenizers, kind, drawn, limit):
    tokenizer, (sentences, tags), (room, overlap) = tokenizers[kind], drawn, limit
    encoded = encode(tokenizer, sentences, tags, room + tokenizer.num_special_tokens_to_add(), overlap=overlap or 1)
    row_tags = [[NAMES[label] for label in labels if label != -100] for labels in encoded["labels"]]
    joined = join_windows(row_tags, encoded, sentences)
    for words, numbers, found in zip(sentences, tags, joined, strict=True):
        with_subword = tokenizer(words, is_split_into_words=True).word_ids()
        assert found == [NAMES[tag] if word in with_subword else "O" for word, tag in enumerate(numbers)]
