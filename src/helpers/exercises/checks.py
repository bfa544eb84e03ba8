"""Check the reader's answers to the exercises.

Each check takes the answers first, which may be anything at all, then what they are judged by. It gives `Feedback`
and never raises; its hints lead on without giving the answer away.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence, Set
from itertools import combinations
from numbers import Integral
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities

from helpers.alignment import IGNORED, align_labels
from helpers.exercises.feedback import Gap, Surprise, as_list, call, expect, expect_equal, gives_feedback, number, shown
from helpers.notebook.language import translate

if TYPE_CHECKING:
    import pandas as pd
    from datasets import DatasetDict
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TAG = re.compile(r"O|[BI]-\S+")
ALIKE = 0.03  # scores that another seed may put in another order

# Word ids and tags; each differs in something that a rule for subwords can get wrong.
SUBWORD_CASES = (
    ([None, 0, 1, None], [2, 0]),  # one subword each
    ([None, 0, 0, 0, 1, None], [1, 0]),
    ([None, 0, 1, 1, 2, 2, None], [0, 1, 1]),  # neighbours with one tag
    ([None, 0, 2, 2, None], [0, 1, 2]),  # word 1 has no subword
    ([0, 1, 1], [1, 2]),  # no special tokens
)
# Words and tags; each differs in something that joining them can get wrong.
ENTITY_CASES = (
    ("She met Ann Lee today", "O O B-person I-person O"),
    ("Nobody was there", "O O O"),
    ("Zoe left San Francisco", "B-person O B-location I-location"),  # one ends with the sentence
    ("Bergen Oslo by train", "B-location B-location O O"),  # two of one type in a row
    ("Acme Lab Oslo closed", "B-group I-group B-location O"),
)


# Section 1: subwords and labels


@gives_feedback
def check_encoding(my_encoding: Any, words: Sequence[str], tokenizer: PreTrainedTokenizerBase, max_length: int) -> str:
    """Check what a tokenizer makes of a sentence's words, cut off at `max_length` subwords."""
    ids = as_list("my_encoding", my_encoding["input_ids"])
    nested = translate("`input_ids` has {count} parts, as if each were a text. Which argument says: these are words?")
    expect(not ids or isinstance(ids[0], Integral), nested, count=len(ids))
    too_long = translate("These are {count} subwords, and at most {limit} fit. Which argument cuts off the rest?")
    expect(len(ids) <= max_length, too_long, count=len(ids), limit=max_length)
    expected = tokenizer(words, is_split_into_words=True, truncation=True, max_length=max_length)
    same = ids == expected["input_ids"] and my_encoding.word_ids() == expected.word_ids()
    expect(same, translate("These are other subwords. Give the tokenizer the list of words just as it is."))
    return translate(
        "`word_ids` is `{word_ids}`: it says which word each subword comes from.", word_ids=shown(expected.word_ids())
    )


@gives_feedback
def check_labels(my_labels: Any, subwords: Sequence[str], word_ids: Sequence[int | None], tags: Sequence[int]) -> str:
    """Check the labels of a sentence's subwords."""
    _expect_labels("my_labels", my_labels, subwords, word_ids, tags)
    return translate("Each word counts once, and the loss leaves out everything else.")


def _labels(name: str, answer: Any, count: int) -> list:
    labels = as_list(name, answer)
    text = translate("`{name}` contains {found} labels for {count} subwords. Each subword needs one.")
    expect(len(labels) == count, text, name=name, found=len(labels), count=count)
    return labels


def _expect_labels(name: str, answer: Any, subwords: Sequence, word_ids: Sequence, tags: Sequence[int]) -> None:
    expected = align_labels(word_ids, tags)
    first = translate("Position {position} (`{subword}`) is the first subword of word {word}. What is its tag?")
    other = translate("Position {position} (`{subword}`) begins no word. What does the rule say about those?")
    for position, label in enumerate(_labels(name, answer, len(expected))):
        hint = other if expected[position] == IGNORED else first
        is_right = label == expected[position]
        expect(is_right, hint, position=position, subword=subwords[position], word=word_ids[position])


@gives_feedback
def check_map(my_encoded: Any, dataset: DatasetDict, tokenizer: PreTrainedTokenizerBase) -> str:
    """Check a data set whose sentences were tokenized and labelled by the first subword of each word."""
    others = translate("These are not the subwords of the words in `tokens`. Which arguments did Exercise 1.1 need?")
    for split, rows in dataset.items():
        answer = my_encoded[split]
        has_labels = "labels" in answer.column_names
        expect(has_labels, translate("There is no column `labels`. `map` adds what your function returns."))
        text = translate("`{split}` has {found} rows, and should have one for each of its {count} sentences.")
        expect(len(answer) == len(rows), text, split=split, found=len(answer), count=len(rows))
        for place in range(min(len(rows), 20)):
            encoding = tokenizer(rows[place]["tokens"], is_split_into_words=True, truncation=True)
            expect(answer[place]["input_ids"] == encoding["input_ids"], others)
            name, labels = f'my_encoded["{split}"][{place}]["labels"]', answer[place]["labels"]
            _expect_labels(name, labels, encoding.tokens(), encoding.word_ids(), rows[place]["ner_tags"])
    return translate(
        "`map` has called your function for a thousand sentences at a time, which is much faster than one."
    )


@gives_feedback
def check_last_subwords(my_align: Any) -> str:
    """Check a function that labels the last subword of each word; it takes what `align_labels` takes."""
    last = translate("`{call}`: position {position} ends its word, and gets the label {label}.")
    other = translate("`{call}`: position {position} ends no word, yet it gets the label {label}.")
    for word_ids, tags in SUBWORD_CASES:
        text = f"my_align({word_ids}, {tags})"
        labels = _labels(text, call(text, my_align, [*word_ids], [*tags]), len(word_ids))
        for position, (label, word) in enumerate(zip(labels, word_ids, strict=True)):
            ends = word is not None and word not in word_ids[position + 1 :]
            is_right = label == (tags[word] if ends else IGNORED)
            expect(is_right, last if ends else other, call=text, position=position, label=shown(label))
    return translate("Again each word counts once, now by its end: `##vitz` would speak for `Horvitz`.")


@gives_feedback
def check_label_counts(my_first: Any, my_every: Any, word_ids: Sequence[int | None]) -> str:
    """Check how many labels other than -100 a sentence has if first subwords are labelled, and if all are."""
    first, every = len(set(word_ids) - {None}), sum(word is not None for word in word_ids)
    hint = translate("`my_first`: a word counts once, however many subwords it has; special tokens never count.")
    expect_equal(number("my_first", my_first), first, hint)
    hint = translate("`my_every`: which subwords still have -100 when every subword of a word is labelled?")
    expect_equal(number("my_every", my_every), every, hint)
    return translate(
        "{first} words have one label each. With every subword labelled, there are {every} labels.",
        first=first,
        every=every,
    )


# Section 2: scores


@gives_feedback
def check_scores(my_precision: Any, my_recall: Any, my_f1: Any, true: Sequence[str], predicted: Sequence[str]) -> str:
    """Check a sentence's scores over entities, each within 0.005 of seqeval's."""
    precision, recall, f1 = (score([true], [predicted]) for score in (precision_score, recall_score, f1_score))
    entities = translate("`{name}`: count entities, not words, and only those with the right type and boundaries.")
    harmonic = translate("`{name}`: the harmonic mean is twice the product, divided by the sum.")
    expected = {"my_precision": (precision, entities), "my_recall": (recall, entities), "my_f1": (f1, harmonic)}
    for answer, (name, (score, hint)) in zip((my_precision, my_recall, my_f1), expected.items(), strict=True):
        expect_equal(number(name, answer), score, hint.format(name=name), tolerance=0.005)
    return translate(
        "seqeval says the same: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}.",
        precision=precision,
        recall=recall,
        f1=f1,
    )


@gives_feedback
def check_useless_prediction(my_prediction: Any, true: Sequence[str]) -> str:
    """Check a prediction with an accuracy of 0.8 or more and an F1 of 0 that is not all ``O``."""
    predicted = as_list("my_prediction", my_prediction)
    text = translate("`my_prediction` contains {found} tags for {count} words.")
    expect(len(predicted) == len(true), text, found=len(predicted), count=len(true))
    for position, tag in enumerate(predicted):
        text = translate("Word {position} has `{tag}`, which is no tag: it should be `O`, `B-` or `I-` and a type.")
        expect(isinstance(tag, str) and TAG.fullmatch(tag), text, position=position, tag=shown(tag))
    text = translate("All `O` is the easy way. Predict at least one entity, and let it be wrong.")
    expect(get_entities(predicted), text)
    accuracy, f1 = accuracy_score([true], [predicted]), f1_score([true], [predicted])
    expect(not f1, translate("F1 is {f1:.2f}: one of your entities is right. Which one?"), f1=f1)
    text = translate("F1 is 0, but the accuracy is only {accuracy:.2f}. Keep more of the true tags.")
    expect(accuracy >= 0.8, text, accuracy=accuracy)
    return translate(
        "Accuracy {accuracy:.2f}, F1 {f1:.2f}: nearly every word is right, and no entity.", accuracy=accuracy, f1=f1
    )


@gives_feedback
def check_compute_metrics(compute_metrics: Any, label_names: Sequence[str]) -> str:
    """Check a function that scores an ``EvalPrediction`` and returns a dict with ``f1``."""
    from transformers import EvalPrediction

    begin, outside = next(i for i, name in enumerate(label_names) if name[:2] == "B-"), label_names.index("O")
    # Two padded sentences: of three true entities two are found, and nothing else, except where the label is -100.
    labels = np.array([[IGNORED, begin, outside, begin, IGNORED], [IGNORED, outside, begin, IGNORED, IGNORED]])
    best = np.array([[begin, begin, outside, outside, begin], [outside, outside, begin, begin, outside]])
    logits = np.eye(len(label_names))[best]
    scores = call("compute_metrics(prediction)", compute_metrics, EvalPrediction(logits, labels))
    text = translate('It should return a `dict` with the key `"f1"`, which `metric_for_best_model` names.')
    expect(isinstance(scores, Mapping) and "f1" in scores, text)
    hint = translate("Two of three entities are found, and none is invented. Which axis has the labels?")
    if scores.get("recall", 0) > 0.6:
        hint = translate("Two of three entities are found, and your precision is too low. What becomes of the -100s?")
    expect_equal(number("f1", scores["f1"]), 0.8, hint, tolerance=1e-6)
    return translate("Padding and later subwords never reach seqeval. `Trainer` could use it as it is.")


# Section 3: training


@gives_feedback
def check_training_arguments(my_args: Any, learning_rate: float, batch_size: int, epochs: float) -> str:
    """Check ``TrainingArguments`` that score each epoch and keep the one with the best F1."""
    in_text = translate("The settings are in the text.")
    each_epoch = translate("By default nothing happens between epochs; which value asks for it?")
    for name, expected, hint in (
        ("learning_rate", learning_rate, in_text),
        ("per_device_train_batch_size", batch_size, in_text),
        ("num_train_epochs", epochs, in_text),
        ("eval_strategy", "epoch", each_epoch),
        ("save_strategy", "epoch", each_epoch),
        ("load_best_model_at_end", True, translate("Otherwise you get the last epoch, not the best one.")),
        ("metric_for_best_model", "f1", translate("Otherwise the loss decides. See Exercise 3.4.")),
    ):
        value = getattr(my_args, name)
        is_right = value in (expected, f"eval_{expected}")
        expect(is_right, translate("`{name}` is `{value}`. {hint}"), name=name, value=shown(value), hint=hint)
    return translate("`Trainer` will score and save after each epoch, and keep the one with the best F1.")


@gives_feedback
def check_rate(my_rate: Any, learning_rate: float) -> str:
    """Check the learning rate after three quarters of the steps, within one percent of `learning_rate`."""
    hint = translate(
        "The rate falls in a straight line, from `learning_rate` to 0. Which share of the steps is to come?"
    )
    expect_equal(number("my_rate", my_rate), learning_rate / 4, hint, tolerance=learning_rate / 100)
    return translate(
        "One quarter of the steps is to come, so one quarter of the rate is left: {rate:.2g}.", rate=learning_rate / 4
    )


@gives_feedback
def check_doubled_batch(my_steps: Any, examples: int, batch_size: int, epochs: int) -> str:
    """Check the number of training steps of all epochs with batches twice as large."""
    now, steps = (math.ceil(examples / size) * epochs for size in (batch_size, 2 * batch_size))
    hint = translate(
        "How many batches are in one epoch, the last and smaller one included, and how many epochs are there?"
    )
    expect_equal(number("my_steps", my_steps), steps, hint)
    return translate("{now} steps become {steps}. Larger batches mean fewer updates.", now=now, steps=steps)


@gives_feedback
def check_best_epochs(my_best_by_loss: Any, my_best_by_f1: Any, history: pd.DataFrame) -> str:
    """Check which epoch is best by ``validation_loss``, and which by ``f1``; the first of equals."""
    scores = history.set_index("epoch")
    by_loss, by_f1 = int(scores["validation_loss"].idxmin()), int(scores["f1"].idxmax())
    missing = translate("`{name}`: there is no epoch {epoch:g}. The column `epoch` counts from 1, the rows from 0.")
    worse = translate("`{name}`: in epoch {epoch:g}, `{column}` was {score:.4f}. Is there a better or earlier one?")
    by_loss_first = ("my_best_by_loss", my_best_by_loss, by_loss, "validation_loss")
    for name, answer, best, column in (by_loss_first, ("my_best_by_f1", my_best_by_f1, by_f1, "f1")):
        epoch = number(name, answer)
        expect(epoch in scores.index, missing, name=name, epoch=epoch)
        expect(epoch == best, worse, name=name, epoch=epoch, column=column, score=scores[column][epoch])
    return translate(
        "The loss would keep epoch {by_loss}; F1, the score that we are after, keeps epoch {by_f1}.",
        by_loss=by_loss,
        by_f1=by_f1,
    )


# Section 4: predict, run, compare


@gives_feedback
def check_guess(my_guess: Any, scores: Mapping[Any, Any], experiment: str) -> str:
    """Compare a guessed order of the keys of `scores`, from the lowest F1 to the highest, with these scores.

    Scores less than `ALIKE` apart may stand in either order; one is ``...`` where the training is still to be done.
    """
    guess, names = [*map(str, as_list("my_guess", my_guess))], [*map(str, scores)]
    text = translate("`my_guess` should list `{names}`, from the lowest F1 to the highest.")
    expect(sorted(guess) == sorted(names), text, names=shown([*scores]))
    if any(score is None or score is ... for score in scores.values()):
        raise Gap
    f1 = {name: number(name, score) for name, score in zip(names, scores.values(), strict=True)}
    wrong = [(low, high) for low, high in combinations(guess, 2) if f1[low] - f1[high] >= ALIKE]
    if wrong:
        outcome = translate(
            "You put `{high}` above `{low}`, and it came out the other way.", low=wrong[0][0], high=wrong[0][1]
        )
    elif max(f1.values()) - min(f1.values()) < ALIKE:
        outcome = translate("These scores are too alike to be put in order; another seed could swap them.")
    else:
        outcome = translate("It went as you guessed.")
    listed = ", ".join(f"`{name}` {f1[name]:.3f}" for name in sorted(f1, key=f1.get))
    text = f"{outcome} F1: {listed}. {_lesson(experiment)}"
    if wrong:
        raise Surprise(text)
    return text


def _lesson(experiment: str) -> str:
    return {
        "learning_rate": translate(
            "If the rate is too low, so few steps hardly move the weights; if it is too high, they destroy what"
            " pretraining has learnt. Search for it in powers of ten."
        ),
        "sentences": translate(
            "All took as many steps, but with few sentences those are the same ones again and again, and the model"
            " learns them by heart. More sentences are worth more than more epochs."
        ),
        "label_all_subwords": translate(
            "With more labels, each step has more to learn from, and long words weigh more. One seed and two epochs"
            " prove little: try other seeds before you believe a small difference."
        ),
        "head_only": translate(
            "The head can only combine what the encoder offers, and that was not made for names. Training all layers"
            " takes twice as long, and usually pays."
        ),
    }[experiment]


# Section 5: the trained model


@gives_feedback
def check_pipeline(my_found: Any, sentence: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> str:
    """Check the entities that a pipeline finds in a sentence if each word goes by its first subword."""
    from transformers import pipeline

    found = as_list("my_found", my_found)
    text = translate("These are subwords. With an `aggregation_strategy` the pipeline joins them to entities.")
    expect(not any("entity" in item for item in found), text)
    expected = pipeline("ner", model=model, tokenizer=tokenizer, aggregation_strategy="first")(sentence)
    place = itemgetter("entity_group", "start", "end")
    entities, right = [*map(place, found)], [*map(place, expected)]
    text = translate("These entities are joined by another rule. Which subword speaks for a word here?")
    expect(entities == right, text)
    return translate("Found: `{texts}`.", texts=shown([sentence[start:end] for _, start, end in entities]))


@gives_feedback
def check_wrong_sentences(my_wrong: Any, true: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> str:
    """Check the indices of the sentences that have at least one wrong tag, in any order."""
    answer = as_list("my_wrong", list(my_wrong) if isinstance(my_wrong, Set) else my_wrong)
    wrong = {index for index, (t, p) in enumerate(zip(true, predicted, strict=True)) if t != p}
    for index in answer:
        text = translate("`{index}` is in your list, but there is no such sentence, or its tags are all right.")
        is_index = isinstance(index, Integral) and not isinstance(index, bool)
        expect(is_index and index in wrong, text, index=shown(index))
    text = translate("Your list has {found} indices, and {count} sentences have a wrong tag. Each counts once.")
    expect(len(answer) == len(set(answer)) == len(wrong), text, found=len(answer), count=len(wrong))
    return translate("{wrong} of {count} sentences have a wrong tag.", wrong=len(wrong), count=len(true))


@gives_feedback
def check_probabilities(my_scores: Any, logits: Any, piped: Sequence[dict[str, Any]]) -> str:
    """Check the probability of each subword's best label against the ``score`` in what the ``ner`` pipeline gives."""
    logits, scores = np.asarray(logits)[0].astype(float), np.asarray(my_scores, dtype=float).squeeze()
    text = translate("Your array has the shape {shape}. There are {count} subwords, each with one score.")
    expect(scores.shape == (len(logits),), text, shape=scores.shape, count=len(logits))
    exponentials = np.exp(logits)
    hint = translate("The exponential of each logit, divided by the sum of them, is softmax. Then take the largest.")
    expect_equal(scores, exponentials.max(axis=-1) / exponentials.sum(axis=-1), hint, tolerance=1e-5)
    if not piped:
        return translate("The pipeline lists nothing to compare: to the model, all of this is `O`.")
    difference = max(abs(scores[item["index"]] - item["score"]) for item in piped)
    return translate(
        "The pipeline lists {count} subwords; its scores differ from yours by at most {difference:.1g}.",
        count=len(piped),
        difference=difference,
    )


@gives_feedback
def check_entities(my_entities: Any) -> str:
    """Check a function that joins words and their IOB2 tags to a list of (text, type)."""
    for sentence, tagged in ENTITY_CASES:
        words, tags = sentence.split(), tagged.split()
        text = f"my_entities({words}, {tags})"
        found = as_list(text, call(text, my_entities, [*words], [*tags]))
        expected = [(" ".join(words[first : last + 1]), name) for name, first, last in get_entities(tags)]
        hint = translate("`{call}` gives `{found}`: {count} entities. Where does each begin, and where does it end?")
        expect(len(found) == len(expected), hint, call=text, found=shown(found), count=len(found))
        hint = translate("`{call}` gives `{found}`. Each should be a pair: all words of the entity, and its type.")
        pairs = [tuple(pair) if isinstance(pair, list) else pair for pair in found]
        expect(pairs == expected, hint, call=text, found=shown(found))
    return translate("It also finds two neighbours of one type, and an entity that ends the sentence.")
