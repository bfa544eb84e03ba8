import ast
import re
from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import accuracy_score, f1_score
from seqeval.metrics.sequence_labeling import get_entities
from support.editions import ROOT, read_notebook
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import DataCollatorForTokenClassification, PreTrainedTokenizerFast

from helpers.data.load import load_ner_dataset
from helpers.exercises.quiz import QUESTIONS, check_question
from helpers.notebook.language import use_language

NOTEBOOK = "\n".join(cell.source for cell in read_notebook(ROOT / "notebooks" / "exercises" / "quiz.ipynb").cells)
SUBWORDS = ["[CLS]", "[SEP]", "[PAD]", "[UNK]", "o", "##yel", "##aran", "left", "var", "##enna"]


@pytest.fixture(scope="module")
def tokenizer():
    words = Tokenizer(models.WordPiece({word: number for number, word in enumerate(SUBWORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.BertProcessing(("[SEP]", 1), ("[CLS]", 0))
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="[PAD]")


def test_answers_are_what_the_libraries_say(tokenizer):
    labels = load_ner_dataset("sample")["train"].features["ner_tags"].feature.names
    assert len({name[2:] for name in labels if name != "O"}) == 6  # as question 1 says
    words = re.search("the words `(.*?)`", NOTEBOOK)[1].lower().split()
    encoding = tokenizer(words, is_split_into_words=True)
    assert f"subwords = {encoding.tokens()}".replace("'", '"') in NOTEBOOK
    rows = [{"input_ids": [4] * length, "labels": [0] * length} for length in (4, 9, 12)]
    batch = DataCollatorForTokenClassification(tokenizer)(rows)
    tags = re.search(r"^tags = (.*)$", NOTEBOOK, re.MULTILINE)[1]
    true = ["B-x", "I-x", "B-y", "I-y", "B-z", "I-z"] + ["O"] * 94
    silent = [["O"] * 100]
    scores = [accuracy_score([true], silent), f1_score([true], silent, zero_division=0)]
    expected = {"1": len(labels), "3": encoding.word_ids(), "6": int((batch["attention_mask"] == 0).sum())}
    logits = torch.nn.Linear(384, 13)(torch.zeros(5, 384))
    expected |= {"7": scores, "8": len(get_entities(ast.literal_eval(tags))), "9": logits.numel()}
    assert {number: QUESTIONS[number]["answer"] for number in expected} == expected
    choices = re.findall(r"^- \*\*(\w)\*\*: `(.*)`$", NOTEBOOK.partition("**Question 3**")[0], re.MULTILINE)
    assert len(choices) == 3  # and -100, which is no tag
    for first, (letter, tag) in product(["B-location", "I-location"], choices):
        apart = get_entities([first, tag]) == [("location", 0, 0), ("location", 1, 1)]
        assert apart == (letter == QUESTIONS["2"]["answer"])


@pytest.mark.parametrize("number", QUESTIONS)
def test_the_right_answer_is_accepted_in_the_forms_that_people_write(number):
    right = QUESTIONS[number]["answer"]
    forms = {str: lambda: [f" {right.upper()}) ", f"({right})"], list: lambda: [tuple(right)]}
    others = forms.get(type(right), lambda: [float(right), np.int64(right), torch.tensor(right)])()
    if number == "7":
        others.append(pd.Series(right))
    for answer in [right, *others]:
        feedback = check_question(answer, number)
        assert (feedback.status, feedback.text) == ("right", QUESTIONS[number]["why"])


# What each hint is for, every other letter, and another mistake
WRONG = [(number, answer) for number, question in QUESTIONS.items() for answer in question["hints"] if answer != "else"]
LETTERS = [(number, letter) for number in ("2", "4", "5", "10") for letter in "abcd"]
WRONG += [pair for pair in LETTERS if pair not in WRONG and QUESTIONS[pair[0]]["answer"] != pair[1]]
WRONG += [("2", ["B-location", "I-location"]), ("2", "I-location"), ("3", [0, 0, 0, 1, 2, 2]), ("3", [None] * 8)]
WRONG += [("1", 2), ("4", "c, b"), ("4", "-100"), ("6", 7), ("7", [0.94, 1]), ("7", [94, 0]), ("8", 5), ("9", 18)]
TOLD = {  # in either language, what would give the answer away
    "1": r"\b13\b|thirteen|열세",
    "2": "B-|`d`",
    "3": r"None|0, 0, 0|null",
    "4": "once|한 번|`c`",
    "5": "padding|패딩|`a`",
    "6": r"\b11\b|eleven|열한",
    "7": r"0\.94|\bzero\b",
    "8": r"\b2\b|\btwo\b|두 개",
    "9": r"\b65\b|\* 5|5 \*",
    "10": "validation|검증|F1|`b`",
}


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(("number", "answer"), WRONG)
def test_wrong_answers_get_a_hint_that_does_not_tell_the_answer(language, number, answer):
    use_language(language)
    feedback = check_question(answer, number)
    assert feedback.status == "not yet"
    assert len(feedback.text) > 10
    assert re.search("[가-힣]", feedback.text) or language == "en"
    assert not re.search(TOLD[number], re.sub("is `.*?`|값: `.*?`", "", feedback.text))


def test_each_hint_is_for_an_answer_of_the_questions_kind():
    for question in QUESTIONS.values():
        assert list(question) == ["answer", "why", "hints"]
        kinds = {type(answer) for answer in question["hints"] if answer != "else"}
        assert kinds <= {type(question["answer"])}
        assert question["answer"] not in [*question["hints"]]


@pytest.mark.parametrize("number", QUESTIONS)
def test_gaps_are_open(number):
    assert {check_question(gap, number).status for gap in (..., None)} == {"open"}


class Evil:
    """Fails at whatever is done with it."""

    def _fail(self, *arguments):
        raise RuntimeError("evil")

    __repr__ = __str__ = __eq__ = __len__ = __iter__ = __float__ = __bool__ = __getattr__ = _fail
    __hash__ = None


NO_ANSWERS = st.text(max_size=3).filter(lambda text: text.strip(" ().").lower() not in ("a", "b", "c", "d"))
SCALARS = st.none() | st.booleans() | st.floats(200) | st.integers(200) | NO_ANSWERS
SCALARS |= st.sampled_from([Evil, np.zeros(2), b"a", print, 1j])


@given(
    number=st.sampled_from([*QUESTIONS]),
    answer=st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=1), inner)),
)
def test_rubbish_never_raises_and_is_never_right(number, answer):
    assert_not_right(answer, number)


@pytest.mark.parametrize("number", QUESTIONS)
def test_what_cannot_even_be_shown_or_compared(number):
    for answer in (Evil(), [Evil()], 10**5000, [10**5000] * 2, [np.zeros(2)] * 8, {Evil: 1}):
        assert_not_right(answer, number)


def assert_not_right(answer, number):
    feedback = check_question(answer, number)
    assert feedback.status in {"not yet", "open"}
    assert feedback.text and feedback._repr_html_()
