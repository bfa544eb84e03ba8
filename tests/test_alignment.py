import string

import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st
from transformers import BertTokenizer

from helpers.alignment import align_labels, alignment_report, inside_ids, tags_per_word, tokenize_and_align
from helpers.exceptions import SlowTokenizerError
from helpers.models import resolve_checkpoint

NAMES = ["O", "B-x", "I-x", "B-y", "I-y"]
FIRST_SUBWORDS = (
    "[CLS] @ paul ##walk it ' s the view from where i ' m living for two weeks . "
    "empire state building = es ##b . pretty bad storm here last evening . [SEP]"
)


def encode(tokenizer, sentences, tags=None, max_length=512, **settings):
    tags = tags or [[0] * len(words) for words in sentences]
    return tokenize_and_align({"tokens": sentences, "ner_tags": tags}, tokenizer, NAMES, max_length, **settings)


FIRST_SENTENCE = (
    "@paulwalk It 's the view from where I 'm living for two weeks . "
    "Empire State Building = ESB . Pretty bad storm here last evening ."
).split()


def test_subwords_of_the_first_training_sentence(tokenizer):
    encoded = encode(tokenizer, [FIRST_SENTENCE])
    assert " ".join(tokenizer.convert_ids_to_tokens(encoded["input_ids"][0])) == FIRST_SUBWORDS


def test_that_is_the_first_training_sentence(wnut17):
    assert wnut17["train"][0]["tokens"] == FIRST_SENTENCE


def test_labels_worked_by_hand(tokenizer):
    words = ["Empire", "State", "=", "ESB", "@paulwalk"]  # es ##b, and @ paul ##walk
    tags = [1, 2, 0, 3, 0]
    assert encode(tokenizer, [words], [tags])["labels"] == [[-100, 1, 2, 0, 3, -100, 0, -100, -100, -100]]
    every = encode(tokenizer, [words], [tags], label_all_subwords=True)["labels"]
    assert every == [[-100, 1, 2, 0, 3, 4, 0, 0, 0, -100]]


def test_inside_of_labels():
    assert inside_ids(NAMES) == [0, 2, 2, 4, 4]
    assert inside_ids(["O", "I-x", "B-x", "B-y"]) == [0, 1, 1, 3]  # any order; no I-y to continue with


def plain_loop(word_ids, tags):
    """The rule as every tutorial writes it out."""
    labels, previous = [], None
    for word_id in word_ids:
        labels.append(-100 if word_id is None or word_id == previous else tags[word_id])
        previous = word_id
    return labels


WORD = st.one_of(
    st.text(string.ascii_letters + string.digits + "#@'.-", min_size=1, max_size=24),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=4),
    st.sampled_from(["\ufe0f", "\u200b", "\u00ad", "👩‍👩‍👧", "e\u0301", "שלום", "東京", "a" * 300]),
)


@st.composite
def tagged_sentences(draw):
    sentences = draw(st.lists(st.lists(WORD, min_size=1, max_size=12), min_size=1, max_size=4))
    return sentences, [draw(st.lists(st.integers(0, 4), min_size=len(s), max_size=len(s))) for s in sentences]


@given(tagged_sentences(), st.integers(3, 20))
def test_alignment_is_the_plain_loop_and_the_account_balances(tokenizer, drawn, max_length):
    sentences, tags = drawn
    encoded = encode(tokenizer, sentences, tags, max_length)
    plain = tokenizer(sentences, is_split_into_words=True, truncation=True, max_length=max_length)
    assert encoded["input_ids"] == plain["input_ids"]
    for row, words in enumerate(sentences):
        assert encoded["labels"][row] == plain_loop(plain.word_ids(row), tags[row])
        # What a word has of subwords, asked of the tokenizer word by word, without truncation
        pieces = [
            len(tokenizer([word], is_split_into_words=True, add_special_tokens=False)["input_ids"]) for word in words
        ]
        labelled = [word for word in range(len(words)) if pieces[word] and sum(pieces[:word]) < max_length - 2]
        assert encoded["labelled_words"][row] == labelled
        assert encoded["without_subword"][row] == pieces.count(0)
        assert encoded["truncated"][row] == len(words) - pieces.count(0) - len(labelled)


@given(tagged_sentences())
def test_labelling_all_subwords_adds_nothing_but_insides(tokenizer, drawn):
    sentences, tags = drawn
    first = encode(tokenizer, sentences, tags)
    every = encode(tokenizer, sentences, tags, label_all_subwords=True)
    for row, tags_of_sentence in enumerate(tags):
        for word, one, other in zip(every.word_ids(row), first["labels"][row], every["labels"][row], strict=True):
            if one != -100:
                assert other == one
            elif word is None:
                assert other == -100
            else:
                assert NAMES[other] == NAMES[tags_of_sentence[word]].replace("B-", "I-")


def test_align_labels_takes_a_word_that_begins_right_after_its_equal():
    assert align_labels([None, 0, 1, 1, None], [1, 1]) == [-100, 1, 1, -100, -100]


def test_report_adds_up_the_splits(tokenizer):
    rows = Dataset.from_dict({"tokens": [["a", "\ufe0f", "ESB", "end"], ["b"]], "ner_tags": [[0, 0, 0, 0], [0]]})
    splits = DatasetDict(train=rows, test=rows.select([1]))
    encoded = splits.map(lambda batch: encode(tokenizer, batch["tokens"], max_length=4), batched=True)
    # [CLS] a es [SEP]: the invisible word has no subword, ESB is cut in its middle, "end" is cut away
    assert alignment_report(encoded).loc["train"].to_dict() == {
        "words": 5, "labelled": 3, "truncated": 1, "without_subword": 1,
    }  # fmt: skip
    assert alignment_report(encoded).loc["test"].tolist() == [1, 1, 0, 0]


def test_real_wnut17_has_seven_words_without_a_subword(tokenizer, wnut17):
    encoded = wnut17.map(
        tokenize_and_align,
        batched=True,
        fn_kwargs={
            "tokenizer": tokenizer,
            "label_names": wnut17["train"].features["ner_tags"].feature.names,
            "max_length": 512,
        },
    )
    report = alignment_report(encoded)
    assert report["words"].tolist() == [62730, 15733, 23394]
    assert report["truncated"].sum() == 0
    assert report["without_subword"].sum() == 7
    lost = [
        word
        for rows in encoded.values()
        for words, labelled in zip(rows["tokens"], rows["labelled_words"], strict=True)
        for word in (words[i] for i in set(range(len(words))) - set(labelled))
    ]
    assert lost == ["\ufe0f"] * 7


def test_slow_tokenizer_is_refused_by_its_class():
    slow = BertTokenizer(f"{resolve_checkpoint('bundled')}/vocab.txt")
    with pytest.raises(SlowTokenizerError, match="BertTokenizer is not a fast tokenizer"):
        encode(slow, [["a"]])


def test_unseen_words_are_outside():
    assert tags_per_word(["B-x", "I-x"], [1, 3], 5) == ["O", "B-x", "O", "I-x", "O"]
