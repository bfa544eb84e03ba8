import re
from html import unescape
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from transformers import AutoModelForTokenClassification, AutoTokenizer, TrainingArguments

from helpers.exercises import checks
from helpers.exercises.feedback import Feedback

SUBWORDS = "[CLS] swim in hor ##vitz lake ! [SEP]".split()
WORD_IDS = [None, 0, 1, 2, 2, 3, 4, None]
TAGS = [0, 0, 1, 2, 0]
TRUE = "B-person O B-person O B-location I-location O B-group O B-location".split()
PREDICTED = "B-person O O O B-location O O B-product O O".split()
QUIET = "O O B-location I-location O O O O O O".split()
LOSSES, F1S = [1.5, 1.0, 1.0, 1.25], [0.0, 0.25, 0.5, 0.5]
HISTORY = pd.DataFrame({"epoch": [1, 2, 3, 4], "validation_loss": LOSSES, "f1": F1S})
TEST_TRUE = [["O"], ["B-x", "O"], ["O", "O"], ["B-x"]]
TEST_PREDICTED = [["O"], ["B-x", "I-x"], ["O", "O"], ["O"]]
LOGITS = np.log([[[1.0, 1.0, 2.0], [6.0, 2.0, 2.0], [1.0, 18.0, 1.0], [3.0, 1.0, 1.0]]])  # rows sum to 4, 10, 20, 5
PIPED = [{"index": 1, "score": 0.6, "word": "a"}, {"index": 2, "score": 0.9, "word": "b"}]


NAMES = ["O", "B-person", "I-person", "B-location"]
TINY = str(Path(__file__).parents[2] / "support" / "tiny_distilbert")
TOKENIZER = AutoTokenizer.from_pretrained(TINY)
WORDS = "Horvitz 's ferry to Varenna".split()
ROWS = {"tokens": [WORDS, ["Varenna"], ["!"]], "ner_tags": [[1, 0, 0, 0, 3], [3], [0]]}
DATA = DatasetDict(train=Dataset.from_dict(ROWS), test=Dataset.from_dict({"tokens": [["Oslo"]], "ner_tags": [[3]]}))
F1 = {"low": 0.0, "lesson": 0.31, "high": 0.01}
SENTENCE = "Ann met Bob"


def model_that_answers(label):
    """A model that gives every subword the same label."""
    model = AutoModelForTokenClassification.from_pretrained(TINY, id2label=dict(enumerate(NAMES)))
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias[label] = 9
    return model


MODEL = model_that_answers(NAMES.index("B-person"))
EACH_WORD = [{"entity_group": "person", "start": start, "end": start + 3} for start in (0, 4, 8)]


def arguments(**changed):
    usual = {"learning_rate": 3e-4, "num_train_epochs": 2, "per_device_train_batch_size": 8}
    usual |= dict.fromkeys(("eval_strategy", "save_strategy"), "epoch")
    usual |= {"load_best_model_at_end": True, "metric_for_best_model": "f1"}
    return TrainingArguments("nowhere", **usual | changed)


def mapped(label=lambda word_ids, tags: first_subwords(word_ids, tags), columns=("input_ids", "labels"), **settings):
    def tokenize_and_align_labels(examples):
        encoding = TOKENIZER(examples["tokens"], **{"is_split_into_words": True, "truncation": True} | settings)
        labels = [label(encoding.word_ids(row), tags) for row, tags in enumerate(examples["ner_tags"])]
        return {name: column for name, column in {**encoding, "labels": labels}.items() if name in columns}

    return DATA.map(tokenize_and_align_labels, batched=True, remove_columns=["tokens", "ner_tags"])


def scores_of(prediction, keep=lambda labels: labels != -100, axis=-1):
    logits, labels = prediction
    best, kept = logits.argmax(axis=axis), keep(labels)
    named = [[[NAMES[i] for i in row[k]] for row, k in zip(ids, kept, strict=True)] for ids in (labels, best)]
    return {"f1": f1_score(*named), "recall": recall_score(*named), "precision": precision_score(*named)}


def padding_taken_for_o(prediction):
    return scores_of((prediction.predictions, np.maximum(prediction.label_ids, 0)))


def last_subwords(word_ids, tags):
    pairs = zip(word_ids, [*word_ids[1:], None], strict=True)
    return [-100 if word is None or word == after else tags[word] for word, after in pairs]


def first_subwords(word_ids, tags):
    return [-100 if word is None or word in word_ids[:n] else tags[word] for n, word in enumerate(word_ids)]


def joined(words, tags):
    entities = []
    for word, tag in zip(words, tags, strict=True):
        if tag.startswith("B-"):
            entities.append((word, tag[2:]))
        elif tag.startswith("I-"):
            entities[-1] = (f"{entities[-1][0]} {word}", tag[2:])
    return entities


def split_where_the_type_changes(words, tags):
    """Runs two neighbours of one type into one."""
    types = [tag[2:] for tag in tags]
    runs = [list(run) for _, run in groupby(range(len(words)), types.__getitem__)]
    return [(" ".join(words[i] for i in run), types[run[0]]) for run in runs if types[run[0]]]


# Each check with what it is given besides the answer, and right answers, worked by hand
CHECKS = {
    "encoding": lambda answer: checks.check_encoding(answer, WORDS, TOKENIZER, 12),
    "map": lambda answer: checks.check_map(answer, DATA, TOKENIZER),
    "metrics": lambda answer: checks.check_compute_metrics(answer, NAMES),
    "arguments": lambda answer: checks.check_training_arguments(answer, 3e-4, 8, 2),
    "guess": lambda answer: checks.check_guess(answer, F1, "learning_rate"),
    "pipeline": lambda answer: checks.check_pipeline(answer, SENTENCE, MODEL, TOKENIZER),
    "labels": lambda answer: checks.check_labels(answer, SUBWORDS, WORD_IDS, TAGS),
    "last": checks.check_last_subwords,
    "counts": lambda answer: checks.check_label_counts(*answer, WORD_IDS),
    "scores": lambda answer: checks.check_scores(*answer, TRUE, PREDICTED),
    "useless": lambda answer: checks.check_useless_prediction(answer, QUIET),
    "rate": lambda answer: checks.check_rate(answer, 2e-4),
    "steps": lambda answer: checks.check_doubled_batch(answer, 50, 8, 3),  # 7 steps an epoch; then 16, 16, 16, 2
    "epochs": lambda answer: checks.check_best_epochs(*answer, HISTORY),
    "wrong": lambda answer: checks.check_wrong_sentences(answer, TEST_TRUE, TEST_PREDICTED),
    "probabilities": lambda answer: checks.check_probabilities(answer, LOGITS, PIPED),
    "entities": checks.check_entities,
}
SEVERAL = {"counts": 2, "scores": 3, "epochs": 2}  # how many answers these take
FUNCTIONS = ("last", "entities", "metrics")

RIGHT = [
    ("encoding", TOKENIZER(WORDS, is_split_into_words=True, truncation=True, max_length=12)),
    ("map", mapped()),
    ("metrics", scores_of),
    ("arguments", arguments()),
    ("guess", ["low", "high", "lesson"]),
    ("guess", ("high", "low", "lesson")),  # their scores are too close to tell
    ("pipeline", EACH_WORD),
    ("labels", [-100, 0, 0, 1, -100, 2, 0, -100]),
    ("last", last_subwords),
    ("last", lambda word_ids, tags: [last_subwords(word_ids, tags), word_ids.clear(), tags.clear()][0]),
    ("counts", (np.int64(5), 6.0)),
    ("scores", (1 / 3, 1 / 5, 1 / 4)),
    ("useless", "O O B-location O O O O O O O".split()),
    ("rate", np.float32(5e-5)),
    ("steps", np.ceil(50 / 16) * 3),
    ("epochs", (HISTORY["epoch"][HISTORY["validation_loss"].idxmin()], 3.0)),
    ("wrong", [1, 3]),
    ("probabilities", np.array([0.5, 0.6, 0.9, 0.6])),
    ("entities", joined),
]

# A typical mistake, and words of its hint
MISTAKES = [
    ("encoding", TOKENIZER(WORDS), "`input_ids` has 5 parts"),
    ("encoding", TOKENIZER(WORDS, is_split_into_words=True), r"These are \d\d subwords, and at most 12 fit"),
    ("encoding", TOKENIZER(["Ho", "rvitz"], is_split_into_words=True), "other subwords"),
    ("map", mapped(label=lambda ids, tags: [-100] * len(ids)), r"Position 1 \(`\w+`\) is the first subword of word 0"),
    ("map", mapped(label=lambda ids, tags: tags), r'`my_encoded\["train"\]\[0\]\["labels"\]` contains 5 labels for'),
    ("map", DatasetDict({split: rows.select([0]) for split, rows in mapped().items()}), "`train` has 1 rows"),
    ("metrics", lambda prediction: {"eval_f1": 0.8}, "should return a `dict`"),
    ("metrics", padding_taken_for_o, "What becomes of the -100s"),
    ("metrics", lambda prediction: {"f1": 0.5}, "Which axis has the labels"),
    ("arguments", arguments(learning_rate=5e-5), "`learning_rate` is `5e-05`"),
    ("arguments", arguments(eval_strategy="steps", save_strategy="steps"), "`eval_strategy` is .*which value asks"),
    ("arguments", arguments(load_best_model_at_end=False), "the last epoch, not the best"),
    ("arguments", arguments(metric_for_best_model="loss"), "Otherwise the loss decides"),
    ("guess", ["low", "low", "lesson"], r"should list `\['low', 'lesson', 'high'\]`"),
    ("pipeline", [{"entity": "B-person", "start": 0, "end": 3}], "These are subwords"),
    ("pipeline", [{"entity_group": "person", "start": 0, "end": 11}], "another rule"),
    ("labels", [-100, 0, 0, 1, 2, 2, 0, -100], r"Position 4 \(`##vitz`\) begins no word"),
    ("labels", [-100, 0, 0, -100, 1, 2, 0, -100], r"Position 3 \(`hor`\) is the first subword of word 2"),
    ("labels", TAGS, "contains 5 labels for 8 subwords"),
    ("last", first_subwords, "position 1 ends no word"),
    ("last", lambda word_ids, tags: [-100] * len(word_ids), r"\[2, 0\]\)`: position 1 ends its word"),
    ("counts", (8, 6), "special tokens never count"),
    ("counts", (5, 5), "which subwords still have -100"),
    ("scores", (2 / 3, 1 / 5, 1 / 4), "`my_precision`: count entities, not words, and only those"),
    ("scores", (1 / 3, 2 / 5, 1 / 4), "`my_recall`: count entities"),
    ("scores", (1 / 3, 1 / 5, 4 / 15), "`my_f1`: the harmonic mean is twice the product"),
    ("useless", ["O"] * 10, "All `O` is the easy way"),
    ("useless", QUIET, r"F1 is 1\.00: one of your entities is right"),
    ("useless", "O O location O O O O O O O".split(), "Word 2 has `'location'`"),
    ("rate", 1e-4, "Which share of the steps"),
    ("steps", 10.5, "How many batches are in one epoch"),
    ("epochs", (1, 3), r"`my_best_by_loss`: in epoch 1, `validation_loss` was 1\.5000"),
    ("epochs", (3, 3), "better or earlier"),
    ("epochs", (0, 3), "`my_best_by_loss`: there is no epoch 0"),
    ("wrong", [1], "has 1 indices, and 2 sentences"),
    ("wrong", [0, 1, 3], "`0` is in your list"),
    ("wrong", [-1], "there is no such sentence"),
    ("probabilities", np.exp(LOGITS[0]).max(axis=-1), "divided by the sum"),
    ("entities", split_where_the_type_changes, r"\[\('Bergen Oslo', 'location'\)\]`: 1 entities"),
    ("entities", lambda words, tags: [text for text, _ in joined(words, tags)], "Each should be a pair"),
    ("entities", lambda words, tags: exit(), "raises `SystemExit"),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_right_answers(name, answer):
    feedback = CHECKS[name](answer)
    assert feedback.status == "right", feedback


@pytest.mark.parametrize(("name", "answer", "words"), MISTAKES)
def test_mistakes_get_a_hint_that_does_not_tell_the_answer(name, answer, words):
    feedback = CHECKS[name](answer)
    assert feedback.status == "not yet"
    assert re.search(words, feedback.text), feedback
    told = {
        "encoding": ["is_split_into_words", "truncation"],
        "map": ["label 1", "tag 1", "label 3", "tag 3"],
        "metrics": ["argmax", "axis=-1"],
        "arguments": ["epoch`", "'epoch'"],
        "guess": ["high', 'lesson'"],
        "pipeline": ["first`", "'first'"],
        "labels": ["-100, 0, 0, 1, -100, 2, 0, -100", "label 1", "tag 1"],
        "last": ["label 2"],
        "counts": ["5", "6"],
        "scores": [" 0.2", "0.33", "0.25", "1/3", "1/5", "1/4"],
        "rate": ["5e-05", "/ 4", "quarter"],
        "steps": ["12"],
        "epochs": [] if str(answer) == "(3, 3)" else ["epoch 2"],
        "wrong": ["[1, 3]", "`1`", "`3`"],
        "probabilities": ["0.5", "0.6", "0.9"],
        "entities": ["[('Ann Lee', 'person')]", "('San Francisco', 'location')]", "Bergen', 'location')"],
    }.get(name, [])
    given = re.sub(r"and is `.*`", "", feedback.text)  # what was put in may be shown
    assert not [piece for piece in told if piece in given]


@pytest.mark.parametrize("gap", [..., None])
@pytest.mark.parametrize("name", CHECKS)
def test_gaps_are_open(name, gap):
    feedback = CHECKS[name]((gap,) * SEVERAL[name] if name in SEVERAL else gap)
    assert feedback.status == "open"
    assert "in place of `...`" in feedback.text
    if name in FUNCTIONS:
        assert CHECKS[name](lambda *arguments: ...).status == "open"
    assert CHECKS["scores"]((1 / 3, 1 / 5, gap)).status == "open"  # one of several


class Evil:
    """Fails at whatever is done with it."""

    def _fail(self, *arguments):
        raise RuntimeError("evil")

    __repr__ = __str__ = __eq__ = __len__ = __iter__ = __float__ = __bool__ = __call__ = __getattr__ = _fail
    __hash__ = None


def recursive():
    return recursive()


ITSELF = []
ITSELF.append(ITSELF)
NUMBERS = (st.integers() | st.floats()).filter(lambda number: not 0 <= number <= 100)  # where right answers lie
ARRAYS = [np.float16(101), np.array(101), np.zeros((2, 3, 4)), np.array(["a", None]), pd.Series([1, 2]), HISTORY]
ODDITIES = st.sampled_from([*ARRAYS, -(10**400), np.nan, ITSELF, [..., ...], [[1], [1, 2]], range(3), Evil, print])
SCALARS = st.none() | st.booleans() | st.complex_numbers() | st.text(max_size=5) | st.binary(max_size=3) | NUMBERS
RUBBISH = ODDITIES | st.recursive(
    SCALARS | st.sampled_from([...]),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=12,
)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
@given(data=st.data())
def test_rubbish_never_raises_and_is_never_right(name, data):
    rubbish = st.tuples(*[RUBBISH] * SEVERAL[name]) if name in SEVERAL else RUBBISH
    feedback = CHECKS[name](data.draw(rubbish))
    assert feedback.status in {"not yet", "open"}
    assert feedback.text
    assert feedback._repr_html_()
    if name in FUNCTIONS:
        result = data.draw(RUBBISH)
        assert CHECKS[name](lambda *arguments: result).status in {"not yet", "open"}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("function", [recursive, lambda: 1, lambda *arguments: (1 / 0 for _ in "ab"), dict, Evil])
def test_functions_that_fail(name, function):
    assert CHECKS[name](function).status == "not yet"


def raise_evil(*arguments):
    raise type("EvilError", (Evil, Exception), {})


# Not among hypothesis's, which shows what it draws: these cannot be shown.
UNSHOWABLE = [10**5000, Evil(), [Evil()], {Evil: 10**5000}]


@pytest.mark.parametrize("thing", [*UNSHOWABLE, b"\xff", "a", 1j, None, ...], ids=lambda thing: type(thing).__name__)
@pytest.mark.parametrize("name", ["labels", "useless", "wrong", "probabilities"])
def test_rubbish_in_a_right_list(name, thing):
    right = list(dict(reversed(RIGHT))[name])
    for position in range(len(right)):
        answer = [*right[:position], thing, *right[position + 1 :]]
        assert CHECKS[name](answer).status == "not yet"


@pytest.mark.parametrize("thing", UNSHOWABLE, ids=lambda thing: type(thing).__name__)
@pytest.mark.parametrize("name", CHECKS)
def test_what_cannot_even_be_shown(name, thing):
    assert CHECKS[name]((thing,) * SEVERAL[name] if name in SEVERAL else thing).status == "not yet"
    if name in FUNCTIONS:
        assert CHECKS[name](lambda *arguments: thing).status == "not yet"


def test_feedback_then_shows_what_was_asked():
    shown = {"counts": "5 words have one label each", "scores": "precision 0.333, recall 0.200, F1 0.250"}
    shown |= {"useless": "Accuracy 0.90, F1 0.00", "rate": "5e-05", "steps": "21 steps become 12"}
    shown |= {
        "epochs": "F1, the score that we are after, keeps epoch 3",
        "wrong": "2 of 4",
        "probabilities": "2 subwords",
    }
    for name, words in shown.items():
        assert words in CHECKS[name](dict(RIGHT)[name]).text


def test_a_guess_that_fails_is_a_surprise_and_no_mistake():
    feedback = CHECKS["guess"](["lesson", "low", "high"])
    assert feedback.status == "surprise"
    assert "You put `low` above `lesson`" in feedback.text
    assert "F1: `low` 0.000, `high` 0.010, `lesson` 0.310." in feedback.text
    assert "powers of ten" in feedback.text
    assert checks.check_guess(["low", "lesson", "high"], F1, "learning_rate").status == "surprise"


@pytest.mark.parametrize("experiment", ["learning_rate", "sentences", "label_all_subwords", "head_only"])
def test_guesses_are_compared_in_words(experiment):
    went = checks.check_guess(["a", "b"], {"a": 0.2, "b": np.float32(0.3)}, experiment)
    alike = checks.check_guess(["a", "b"], {"a": 0.22, "b": 0.2}, experiment)
    assert (went.status, alike.status) == ("right", "right")
    assert "as you guessed" in went.text
    assert "too alike" in alike.text


def test_runs_at_the_edge():
    assert checks.check_pipeline([], SENTENCE, model_that_answers(0), TOKENIZER).status == "right"
    assert checks.check_compute_metrics(lambda prediction: {"f1": 0.8}, ["B-x", "O"]).status == "right"
    assert checks.check_best_epochs(1, 1, HISTORY.head(1).assign(f1=0.0)).status == "right"
    assert checks.check_doubled_batch(1, 3, 16, 1).status == "right"
    assert checks.check_rate(0.0, 0).status == "right"
    assert checks.check_wrong_sentences([], TEST_TRUE, TEST_TRUE).text.startswith("0 of 4")
    assert checks.check_wrong_sentences([0], TEST_TRUE, TEST_TRUE).status == "not yet"
    assert "nothing to compare" in checks.check_probabilities([0.5, 0.6, 0.9, 0.6], LOGITS, []).text


@pytest.mark.parametrize("framework", ["torch", pytest.param("tensorflow", marks=pytest.mark.slow)])
def test_tensors_of_both_frameworks(framework):
    make = getattr(pytest.importorskip(framework), "as_tensor" if framework == "torch" else "constant")
    assert checks.check_probabilities(make([0.5, 0.6, 0.9, 0.6]), make(LOGITS), PIPED).status == "right"
    assert checks.check_labels(make([-100, 0, 0, 1, -100, 2, 0, -100]), SUBWORDS, WORD_IDS, TAGS).status == "right"
    assert checks.check_rate(make(5e-5), 2e-4).status == "right"


def test_feedback_as_text_and_as_a_box():
    feedback = Feedback("not yet", "`<b>` & `x < 1`: <script>")
    assert repr(feedback) == "Not yet. `<b>` & `x < 1`: <script>"
    page = feedback._repr_html_()
    assert "<code>&lt;b&gt;</code> &amp; <code>x &lt; 1</code>: &lt;script&gt;" in page
    assert unescape(re.sub(r"<[^>]*>", "", page)) == "Not yet. <b> & x < 1: <script>"
    headings = {"right": "Right.", "not yet": "Not yet.", "open": "Your turn.", "surprise": "A surprise."}
    pages = [Feedback(status, "same")._repr_html_() for status in headings]
    assert len(set(re.findall(r"border-left:[^;]*", "".join(pages)))) == 4
    assert [repr(Feedback(status, "")).strip() for status in headings] == [*headings.values()]
    page = checks.check_rate("`<i>`", 1.0)._repr_html_()  # backticks of the reader do not end the code
    assert "<code>&#x27;&#x27;&lt;i&gt;&#x27;&#x27;</code>" in page
