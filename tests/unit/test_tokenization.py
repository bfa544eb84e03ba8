import string

import pytest
from datasets import Dataset, DatasetDict
from fuzz.targets import LABEL_NAMES as NAMES
from fuzz.targets import check_alignment
from hypothesis import example, given
from hypothesis import strategies as st
from support.small_tokenizers import KINDS, train_tokenizers
from transformers import ByT5Tokenizer

from helpers.alignment import drop_unlabelled
from helpers.errors import NoLabelError, SlowTokenizerError
from helpers.tokenization import alignment_report, join_windows, tokenize_and_align

FIRST_SUBWORDS = (
    "[CLS] @ paul ##walk it ' s the view from where i ' m living for two weeks . "
    "empire state building = es ##b . pretty bad storm here last evening . [SEP]"
)


def encode(tokenizer, sentences, tags=None, max_length=512, **settings):
    tags = tags or [[0] * len(words) for words in sentences]
    batch = {"tokens": sentences, "ner_tags": tags}
    return tokenize_and_align(batch, range(len(sentences)), tokenizer, NAMES, max_length, **settings)


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


def test_report_adds_up_the_splits(tokenizer):
    rows = Dataset.from_dict({"tokens": [["a", "\ufe0f", "ESB", "end"], ["b"]], "ner_tags": [[0, 0, 0, 0], [0]]})
    splits = DatasetDict(train=rows, test=rows.select([1]))
    encoded = splits.map(lambda batch: encode(tokenizer, batch["tokens"], max_length=4), batched=True)
    # [CLS] a es [SEP]: the invisible word has no subword, ESB is cut in its middle, "end" is cut away
    assert alignment_report(encoded, splits).loc["train"].to_dict() == {
        "words": 5, "labelled": 3, "truncated": 1, "without_subword": 1, "long_sentences": 1,
        "unknown_words": 0,
    }  # fmt: skip
    assert alignment_report(encoded, splits).loc["test"].tolist() == [1, 1, 0, 0, 0, 0]


def test_report_counts_what_the_tokenizer_does_not_know(tokenizer):
    encoded = Dataset.from_dict(dict(encode(tokenizer, [["☃☃", "in", "☃", "☃"], ["Oslo"]], max_length=5)))
    report = alignment_report({"test": encoded}, {"test": {"tokens": [["☃☃", "in", "☃", "☃"], ["Oslo"]]}})
    assert report[["unknown_words", "unknown_subwords"]].loc["test"].tolist() == [2, 2]  # the last word is cut off


def test_real_wnut17_has_seven_words_without_a_subword(tokenizer, wnut17):
    encoded = wnut17.map(
        tokenize_and_align,
        batched=True,
        with_indices=True,
        fn_kwargs={
            "tokenizer": tokenizer,
            "label_names": wnut17["train"].features["ner_tags"].feature.names,
            "max_length": 512,
        },
    )
    report = alignment_report(encoded, wnut17)
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
    with pytest.raises(SlowTokenizerError, match="ByT5Tokenizer is not a fast tokenizer"):
        encode(ByT5Tokenizer(), [["a"]])


def test_unseen_words_are_outside():
    rows = {"sentence": [0], "labelled_words": [[1, 3]]}
    assert join_windows([["B-x", "I-x"]], rows, [["a", "b", "c", "d", "e"]]) == [["O", "B-x", "O", "I-x", "O"]]


def test_windows_are_joined_whatever_the_order_of_rows():
    rows = {"sentence": [1, 0, 1], "labelled_words": [[2, 3], [0], [0]]}
    tags = [["I-x", "O"], ["B-y"], ["B-x"]]
    assert join_windows(tags, rows, [["a"], ["b", "c", "d", "e"]]) == [["B-y"], ["B-x", "O", "I-x", "O"]]


# Windows


@pytest.fixture(scope="session")
def tokenizers(sample):
    return train_tokenizers(" ".join(words) for words in sample["train"]["tokens"][:300])


TOKENIZERS = st.sampled_from(KINDS)


@st.composite
def limits(draw):
    """Draw how many subwords fit besides special tokens, and how many of them two windows share."""
    room = draw(st.integers(2, 20))
    return room, draw(st.integers(1, room - 1))


@given(TOKENIZERS, tagged_sentences(), limits())
@example("bytes", ([["a" * 40, "b"]], [[1, 0]]), (5, 1))  # windows that begin inside of a word
def test_each_word_counts_in_the_window_with_the_most_context_and_in_no_other(tokenizers, kind, drawn, limit):
    check_alignment(tokenizers[kind], *drawn, *limit)


@pytest.mark.parametrize("max_length", [8, 32, 512])
@pytest.mark.parametrize("kind", KINDS)
def test_the_account_of_real_data_balances(tokenizers, sample, wnut17, kind, max_length):
    special = tokenizers[kind].num_special_tokens_to_add()
    for rows in (sample["test"][:], wnut17["test"][:300]):
        tags = [[tag % len(NAMES) for tag in tags] for tags in rows["ner_tags"]]
        for overlap in (0, max_length // 4):
            check_alignment(tokenizers[kind], rows["tokens"], tags, max_length - special, overlap)


@given(TOKENIZERS, tagged_sentences(), limits(), st.booleans(), st.booleans())
def test_the_account_balances(tokenizers, kind, drawn, limit, windows, every_subword):
    tokenizer, (sentences, tags), (room, overlap) = tokenizers[kind], drawn, limit
    max_length = room + tokenizer.num_special_tokens_to_add()
    settings = {"overlap": overlap if windows else 0, "label_all_subwords": every_subword}
    encoded = encode(tokenizer, sentences, tags, max_length, **settings)
    words = Dataset.from_dict({"tokens": sentences})
    report = alignment_report({"test": Dataset.from_dict(dict(encoded))}, {"test": words}).loc["test"]
    plain = tokenizer(sentences, is_split_into_words=True)
    with_subword = sum(len(set(plain.word_ids(sentence)) - {None}) for sentence in range(len(sentences)))
    assert report["words"] == report["labelled"] + report["truncated"] + report["without_subword"]
    assert report["without_subword"] == report["words"] - with_subword
    assert not windows or report["truncated"] == 0
    unknown = sum(ids.count(tokenizer.unk_token_id) for ids in plain["input_ids"])
    assert report["unknown_words"] <= report["unknown_subwords"] <= unknown
    assert report["long_sentences"] or report["unknown_subwords"] == unknown


@given(TOKENIZERS, tagged_sentences(), st.integers(1, 5))
def test_where_nothing_is_long_windows_change_nothing(tokenizers, kind, drawn, overlap):
    sentences, tags = drawn
    plain = tokenizers[kind](sentences, is_split_into_words=True)
    max_length = max([overlap + 3, *map(len, plain["input_ids"])])
    assert dict(encode(tokenizers[kind], sentences, tags, max_length, overlap=overlap)) == dict(
        encode(tokenizers[kind], sentences, tags, max_length)
    )


@given(TOKENIZERS, tagged_sentences(), limits())
def test_true_tags_come_back_from_their_windows(tokenizers, kind, drawn, limit):
    tokenizer, (sentences, tags), (room, overlap) = tokenizers[kind], drawn, limit
    encoded = encode(tokenizer, sentences, tags, room + tokenizer.num_special_tokens_to_add(), overlap=overlap)
    row_tags = [[NAMES[label] for label in labels if label != -100] for labels in encoded["labels"]]
    joined = join_windows(row_tags, encoded, sentences)
    for sentence, words in enumerate(sentences):
        with_subword = set(tokenizer(words, is_split_into_words=True).word_ids()) - {None}
        assert joined[sentence] == [
            NAMES[tag] if word in with_subword else "O" for word, tag in enumerate(tags[sentence])
        ]


def test_windows_worked_by_hand(tokenizer):
    words = ["Empire", "State", "=", "ESB", "@paulwalk"]  # empire state = es ##b @ paul ##walk
    encoded = encode(tokenizer, [words], [[1, 2, 0, 3, 0]], max_length=7, overlap=2)
    assert [" ".join(tokenizer.convert_ids_to_tokens(ids)) for ids in encoded["input_ids"]] == [
        "[CLS] empire state = es ##b [SEP]",
        "[CLS] es ##b @ paul ##walk [SEP]",
    ]
    # es has three subwords before it in the first window, none in the second; ##b has none behind it in the first
    assert encoded["labels"] == [[-100, 1, 2, 0, 3, -100, -100], [-100, -100, -100, 0, -100, -100, -100]]
    assert encoded["labelled_words"] == [[0, 1, 2, 3], [4]]
    every = encode(tokenizer, [words], [[1, 2, 0, 3, 0]], max_length=7, overlap=2, label_all_subwords=True)
    assert every["labels"] == [[-100, 1, 2, 0, 3, -100, -100], [-100, -100, 4, 0, 0, 0, -100]]


def test_rows_in_which_nothing_is_labelled_are_left_out(tokenizer):
    sentences = [["a", "-" * 20], ["\ufe0f"]]  # a subword for each hyphen, and none at all
    encoded = encode(tokenizer, sentences, max_length=7, overlap=2)
    rows = Dataset.from_dict(dict(encoded))
    assert drop_unlabelled(rows)["labelled_words"] == [[0, 1]]
    with pytest.raises(NoLabelError, match="no word of the split 'train' has a subword"):
        drop_unlabelled(rows.select([len(rows) - 1]))
