import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st
from support.small_tokenizers import KINDS
from transformers import ByT5Tokenizer

from helpers.alignment import align_labels, complete, drop_unlabelled, inside_ids, require_fast, tags_for_all_words
from helpers.errors import EmptySplitError, SlowTokenizerError

NAMES = ["O", "B-x", "I-x", "B-y", "I-y"]
WORD = st.sampled_from(["a", "Oslo", "paulwalk", "\ufe0f", "\u200b", "東京", "👩‍👩‍👧", "a" * 300])


def test_a_word_speaks_through_its_first_subword():
    word_ids = [None, 0, 1, 1, 2, None]
    assert align_labels(word_ids, [0, 1, 1]) == [-100, 0, 1, -100, 1, -100]
    assert align_labels(word_ids, [0, 1, 2], inside_ids(NAMES)) == [-100, 0, 1, 2, 2, -100]
    assert inside_ids(NAMES) == [0, 2, 2, 4, 4]
    assert inside_ids(["O", "I-x", "B-x", "B-y"]) == [0, 1, 1, 3]  # any order; no I-y to continue with


def test_slow_tokenizer_is_refused_by_its_class():
    with pytest.raises(SlowTokenizerError, match="ByT5Tokenizer is not a fast tokenizer"):
        require_fast(ByT5Tokenizer())


def test_rows_without_any_label_are_dropped():
    rows = Dataset.from_dict({"labels": [[-100, 0], [-100, -100], [], [3]]})
    assert drop_unlabelled(rows)["labels"] == [[-100, 0], [3]]
    with pytest.raises(EmptySplitError, match="no word of the split 'train' has a subword"):
        drop_unlabelled(rows.select([1, 2]))


def test_both_splits_whose_loss_is_computed_lose_rows_without_a_label(tokenizer):
    rows = {"tokens": [["a"], ["\ufe0f"]], "input_ids": [[1], []], "labels": [[0], []]}
    encoded = DatasetDict({split: Dataset.from_dict(rows) for split in ("train", "validation", "test")})
    assert complete(encoded, tokenizer).num_rows == {"train": 1, "validation": 1, "test": 2}


@given(st.data())
def test_all_words_get_their_tag_back_and_those_never_seen_are_outside(tokenizers, data):
    """The lesson's own steps, there and back, against words tokenized one by one."""
    tokenizer = tokenizers[data.draw(st.sampled_from(KINDS))]
    sentences = data.draw(st.lists(st.lists(WORD, min_size=1, max_size=12), min_size=1, max_size=4))
    tags = [data.draw(st.lists(st.integers(1, 4), min_size=len(s), max_size=len(s))) for s in sentences]
    room = data.draw(st.integers(2, 30))
    tokenizer.model_max_length = room + tokenizer.num_special_tokens_to_add()

    encoded = tokenizer(sentences, is_split_into_words=True, truncation=True)
    labels = [align_labels(encoded.word_ids(row), tags[row]) for row in range(len(sentences))]
    row_tags = [[NAMES[label] for label in row if label != -100] for row in labels]
    found = tags_for_all_words(row_tags, sentences, tokenizer)

    for words, numbers, got in zip(sentences, tags, found, strict=True):
        alone = tokenizer([[word] for word in words], is_split_into_words=True, add_special_tokens=False)
        pieces = [*map(len, alone["input_ids"])]
        backwards = tokenizer.truncation_side == "left"
        behind = [sum(pieces[word + 1 :]) if backwards else sum(pieces[:word]) for word in range(len(words))]
        expected = [count and before < room for count, before in zip(pieces, behind, strict=True)]
        assert got == [NAMES[number] if seen else "O" for number, seen in zip(numbers, expected, strict=True)]


def test_as_many_tags_as_words_were_seen_or_it_is_an_error(tokenizer):
    with pytest.raises(ValueError, match="zip"):
        tags_for_all_words([["O"]], [["two", "words"]], tokenizer)


def test_many_unknown_words_are_told(tokenizer, capsys):
    words = [["☃☃", "in", "☃", "Oslo"]] * 2
    ids = tokenizer(words, is_split_into_words=True)["input_ids"]
    known = Dataset.from_dict({"tokens": words, "input_ids": [row[2:3] for row in ids], "labels": [[0]] * 2})
    rows = Dataset.from_dict({"tokens": words, "input_ids": ids, "labels": [[0]] * 2})
    complete(DatasetDict(train=rows, test=known), tokenizer)
    told = capsys.readouterr().out
    assert told.startswith("50% of the words in the split 'train' are [UNK] to this encoder") and told.count("\n") == 1
