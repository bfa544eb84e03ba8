"""The exercises' checks: each looks at a reader's answer, never raises, and helps without telling the answer."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence, Set
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities

from helpers.alignment import IGNORED, align_labels
from helpers.exercises.feedback import RIGHT, Feedback, Hint, as_list, calls, compare, never_raises, number, shown
from helpers.metrics import match_entities, outcome_counts
from helpers.notebook.language import translate

TAG = re.compile(r"O|[BI]-\S+")

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


# Section 5: labels and subwords


@never_raises
def check_labels(
    my_labels: Any, subwords: Sequence[str], word_ids: Sequence[int | None], tags: Sequence[int]
) -> Feedback:
    """Check the labels of a sentence's subwords.

    Parameters
    ----------
    my_labels : any
        Right is a list of int, one for each subword.
    subwords : sequence of str
    word_ids : sequence of int or None
        For each subword the index of its word; None for special tokens.
    tags : sequence of int
        The class id of each word.

    Returns
    -------
    Feedback
    """
    labels = _labels("my_labels", my_labels, len(word_ids))
    for position, (label, expected) in enumerate(zip(labels, align_labels(word_ids, tags), strict=True)):
        if label == expected:
            continue
        if word_ids[position] is None:
            text = translate(
                "Position {position} (`{subword}`) is a special token. What does the rule say about those?"
            )
        elif expected == IGNORED:
            text = translate(
                "Position {position} (`{subword}`) is a later subword of its word. What does the rule say about those?"
            )
        else:
            text = translate(
                "Position {position} (`{subword}`) is the first subword of word {word}. Which tag has that word?"
            )
        raise Hint(text.format(position=position, subword=subwords[position], word=word_ids[position]))
    return Feedback(RIGHT, translate("Each word counts once, and the loss leaves out all the rest."))


def _labels(name: str, answer: Any, count: int) -> list:
    labels = as_list(name, answer)
    if len(labels) != count:
        text = translate("`{name}` holds {found} labels for {count} subwords. Each subword needs one.")
        raise Hint(text.format(name=name, found=len(labels), count=count))
    for position, label in enumerate(labels):
        if not isinstance(label, Real):
            text = translate("Position {position} of `{name}` is `{label}`. A label is a number here.")
            raise Hint(text.format(position=position, name=name, label=shown(label)))
    return labels


@never_raises
def check_last_subwords(my_align: Any) -> Feedback:
    """Check a function that labels the last subword of each word.

    Parameters
    ----------
    my_align : any
        Right is a function of ``word_ids`` and ``tags``, as `align_labels` has them, that returns a list of int.

    Returns
    -------
    Feedback
    """
    for call, word_ids, tags, result in calls("my_align", my_align, SUBWORD_CASES):
        labels = _labels(call, result, len(word_ids))
        for position, (label, word) in enumerate(zip(labels, word_ids, strict=True)):
            follows = word in word_ids[position + 1 :]
            if label == (IGNORED if word is None or follows else tags[word]):
                continue
            if labels == align_labels(word_ids, tags):
                text = translate("`{call}` labels the first subword of each word. Here it is the last one's turn.")
            elif word is None:
                text = translate("`{call}`: position {position} is a special token, and gets the label {label}.")
            elif follows:
                text = translate(
                    "`{call}`: more of its word follows position {position}, yet it gets the label {label}."
                )
            else:
                text = translate("`{call}`: position {position} ends its word, and gets the label {label}.")
            raise Hint(text.format(call=call, position=position, label=shown(label)))
    return Feedback(
        RIGHT, translate("Each word again counts once, now by its end: `##vitz` would speak for `Horvitz`.")
    )


@never_raises
def check_label_counts(my_first: Any, my_every: Any, word_ids: Sequence[int | None]) -> Feedback:
    """Check how many labels of a sentence take part in the loss.

    Parameters
    ----------
    my_first, my_every : any
        Right is the number of labels other than -100 if first subwords are labelled, and if all are.
    word_ids : sequence of int or None
        For each subword the index of its word; None for special tokens.

    Returns
    -------
    Feedback
    """
    tags = [0] * len(word_ids)
    first = len(word_ids) - align_labels(word_ids, tags).count(IGNORED)
    every = len(word_ids) - align_labels(word_ids, tags, inside=[0]).count(IGNORED)
    compare(
        number("my_first", my_first),
        first,
        [
            (len(word_ids), translate("`my_first` counts all subwords. Some of them have the label -100.")),
            (every, translate("`my_first` counts later subwords too. How often does the rule count a word?")),
        ],
        translate("`my_first`: a word counts once, however many subwords it has."),
    )
    compare(
        number("my_every", my_every),
        every,
        [
            (len(word_ids), translate("`my_every` counts special tokens too. Do they belong to a word?")),
            (first, translate("`my_every` is as large as `my_first`. What becomes of the later subwords?")),
        ],
        translate("`my_every`: which subwords still have -100 when every subword of a word is labelled?"),
    )
    text = translate(
        "{first} words count once each; `label_all_subwords` adds their {more} later subwords, which makes {every}."
    )
    return Feedback(RIGHT, text.format(first=first, more=every - first, every=every))


# Section 7: scores


@never_raises
def check_scores(
    my_precision: Any, my_recall: Any, my_f1: Any, true: Sequence[str], predicted: Sequence[str]
) -> Feedback:
    """Check a sentence's scores over entities.

    Parameters
    ----------
    my_precision, my_recall, my_f1 : any
        Right are numbers within 0.005 of seqeval's.
    true, predicted : sequence of str
        IOB2 tags of the same words.

    Returns
    -------
    Feedback
    """
    precision, recall, f1 = (score([true], [predicted]) for score in (precision_score, recall_score, f1_score))
    _compare_share(
        "my_precision",
        my_precision,
        precision,
        [
            (recall, translate("`my_precision` is the recall. Precision is a share of what is predicted.")),
            *_generous_counts("my_precision", true, predicted, len(get_entities(list(predicted)))),
        ],
        translate("`my_precision`: how many entities are predicted, and how many of those are right?"),
    )
    _compare_share(
        "my_recall",
        my_recall,
        recall,
        [
            (precision, translate("`my_recall` is the precision. Recall is a share of what there is to find.")),
            *_generous_counts("my_recall", true, predicted, len(get_entities(list(true)))),
        ],
        translate("`my_recall`: how many entities are there in truth, and how many of those are found?"),
    )
    mean = translate("`my_f1` is the arithmetic mean. The harmonic mean lies closer to the smaller number.")
    _compare_share(
        "my_f1",
        my_f1,
        f1,
        [((precision + recall) / 2, mean)],
        translate("`my_f1`: the harmonic mean is twice the product, divided by the sum."),
    )
    text = translate("seqeval says the same: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}.")
    return Feedback(RIGHT, text.format(precision=precision, recall=recall, f1=f1))


def _compare_share(name: str, answer: Any, expected: float, mistakes: list[tuple[float, str]], otherwise: str) -> None:
    value = number(name, answer)
    if not 0 <= value <= 1:
        raise Hint(translate("`{name}` should lie between 0 and 1.").format(name=name))
    compare(value, expected, mistakes, otherwise, tolerance=0.005)


def _generous_counts(name: str, true: Sequence[str], predicted: Sequence[str], total: int) -> list[tuple[float, str]]:
    """List the shares that come out where entities that are nearly right are counted, or words."""
    counts = outcome_counts(match_entities([true], [predicted]))
    nearly = counts["wrong boundary"] + counts["wrong type"]
    near = translate("`{name}` counts an entity that is only nearly right: its type and both boundaries must fit.")
    words = translate("`{name}` is a share of words. Here entities are counted.")
    return [
        *(((counts["correct"] + extra) / total, near.format(name=name)) for extra in range(1, nearly + 1)),
        (accuracy_score([true], [predicted]), words.format(name=name)),
    ]


@never_raises
def check_useless_prediction(my_prediction: Any, true: Sequence[str]) -> Feedback:
    """Check a prediction with an accuracy of 0.8 or more and an F1 of 0 that is not all ``O``.

    Parameters
    ----------
    my_prediction : any
        Right is a list of str, a tag for each word.
    true : sequence of str
        IOB2 tags.

    Returns
    -------
    Feedback
    """
    predicted = as_list("my_prediction", my_prediction)
    if len(predicted) != len(true):
        text = translate("`my_prediction` holds {found} tags for {count} words.")
        raise Hint(text.format(found=len(predicted), count=len(true)))
    for position, tag in enumerate(predicted):
        if not (isinstance(tag, str) and TAG.fullmatch(tag)):
            text = translate("Word {position} has `{tag}`, which is no tag: it should be `O`, `B-` or `I-` and a type.")
            raise Hint(text.format(position=position, tag=shown(tag)))
    entities = get_entities(predicted)
    if not entities:
        raise Hint(translate("All `O` is the easy way. Predict at least one entity, and let it be wrong."))
    for entity_type, first, last in sorted(set(entities) & set(get_entities(list(true)))):
        text = translate("The `{type}` from word {first} to word {last} is right, so F1 is more than 0.")
        raise Hint(text.format(type=entity_type, first=first, last=last))
    accuracy = accuracy_score([true], [predicted])
    if accuracy < 0.8:
        text = translate("F1 is 0, but the accuracy is only {accuracy:.2f}. Keep more of the true tags.")
        raise Hint(text.format(accuracy=accuracy))
    text = translate("Accuracy {accuracy:.2f}, F1 {f1:.2f}: nearly every word is right, and no entity.")
    return Feedback(RIGHT, text.format(accuracy=accuracy, f1=f1_score([true], [predicted])))


# Section 9: training


@never_raises
def check_rate(my_rate: Any, learning_rate: float) -> Feedback:
    """Check the learning rate after three quarters of the steps.

    Parameters
    ----------
    my_rate : any
        Right is a number, up to one percent of `learning_rate`.
    learning_rate : float
        That of the first step.

    Returns
    -------
    Feedback
    """
    compare(
        number("my_rate", my_rate),
        learning_rate / 4,
        [
            (learning_rate, translate("That is the rate of the first step. It falls from there.")),
            (learning_rate / 2, translate("That is the rate halfway, and training has gone on since.")),
            (learning_rate * 3 / 4, translate("That is the part of the rate that is gone by then. How much is left?")),
            (0, translate("The rate is 0 only after the last step.")),
        ],
        translate("The rate falls in a straight line, from `learning_rate` to 0. Which share of the steps is to come?"),
        tolerance=learning_rate / 100,
    )
    text = translate("One quarter of the steps is to come, so one quarter of the rate is left: {rate:.2g}.")
    return Feedback(RIGHT, text.format(rate=learning_rate / 4))


@never_raises
def check_doubled_batch(my_steps: Any, examples: int, batch_size: int, epochs: int) -> Feedback:
    """Check the number of training steps with batches twice as large.

    Parameters
    ----------
    my_steps : any
        Right is the number of steps of all epochs.
    examples : int
        Sentences of the training split.
    batch_size : int
        Before it is doubled.
    epochs : int

    Returns
    -------
    Feedback
    """
    now = math.ceil(examples / batch_size) * epochs
    doubled = 2 * batch_size
    steps = math.ceil(examples / doubled) * epochs
    each_epoch = translate("Each epoch ends with a batch of its own, so epochs cannot share one.")
    compare(
        number("my_steps", my_steps),
        steps,
        [
            (now, translate("That is the number of steps with the `train_batch_size` as it is.")),
            (math.ceil(examples / doubled), translate("That is the number of steps in one epoch.")),
            (
                examples // doubled * epochs,
                translate("The last batch of an epoch is a step too, also if it is smaller."),
            ),
            (math.ceil(examples * epochs / doubled), each_epoch),
            (now / 2, translate("A batch that is not full is a step too, so it need not be just half.")),
            (examples * epochs / doubled, translate("A step cannot be split: a smaller batch counts in full.")),
        ],
        translate("How many batches are in one epoch, and how many epochs are there?"),
    )
    text = translate(
        "Steps with a batch size of {batch_size}: {now}; of {doubled}: {steps}. Larger batches mean fewer updates."
    )
    return Feedback(RIGHT, text.format(now=now, batch_size=batch_size, steps=steps, doubled=doubled))


@never_raises
def check_best_epochs(my_best_by_loss: Any, my_best_by_f1: Any, history: pd.DataFrame) -> Feedback:
    """Check which epoch is best by validation loss, and which by validation F1.

    Parameters
    ----------
    my_best_by_loss, my_best_by_f1 : any
        Right are epochs; the first of equals.
    history : DataFrame
        With the columns ``epoch``, ``validation_loss`` and ``f1``.

    Returns
    -------
    Feedback
    """
    scores = history.set_index("epoch")
    by_loss, by_f1 = int(scores["validation_loss"].idxmin()), int(scores["f1"].idxmax())
    lower = translate("In epoch {epoch} `validation_loss` was {score:.4f}. Another epoch has a lower one.")
    _compare_epoch("my_best_by_loss", my_best_by_loss, by_loss, scores["validation_loss"], lower)
    higher = translate("In epoch {epoch} `f1` was {score:.4f}. Another epoch has a higher one.")
    _compare_epoch("my_best_by_f1", my_best_by_f1, by_f1, scores["f1"], higher)
    if by_loss == by_f1:
        return Feedback(RIGHT, translate("In this run both choose epoch {epoch}.").format(epoch=by_f1))
    text = translate("The loss would keep epoch {by_loss}; F1, the score that we are after, keeps epoch {by_f1}.")
    return Feedback(RIGHT, text.format(by_loss=by_loss, by_f1=by_f1))


def _compare_epoch(name: str, answer: Any, best: int, scores: pd.Series, otherwise: str) -> None:
    epoch = number(name, answer)
    if epoch not in scores.index:
        text = translate("`{name}`: there is no epoch {epoch:g}. The column `epoch` counts from 1, the rows from 0.")
        raise Hint(text.format(name=name, epoch=epoch))
    if epoch != best and scores[epoch] == scores[best]:
        text = translate("`{name}`: an earlier epoch is as good as epoch {epoch:g}, and the first one is kept.")
        raise Hint(text.format(name=name, epoch=epoch))
    if epoch != best:
        raise Hint(otherwise.format(epoch=int(epoch), score=scores[epoch]))


# Section 11: the trained model


@never_raises
def check_wrong_sentences(my_wrong: Any, true: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Feedback:
    """Check which sentences have at least one wrong tag.

    Parameters
    ----------
    my_wrong : any
        Right is a list or set of the sentences' indices, in any order.
    true, predicted : sequence of sequence of str
        Tags of the same sentences.

    Returns
    -------
    Feedback
    """
    answer = as_list("my_wrong", list(my_wrong) if isinstance(my_wrong, Set) else my_wrong)
    for index in answer:
        if not isinstance(index, Integral) or isinstance(index, bool):
            text = translate("`my_wrong` holds `{value}`, and should hold the indices of sentences.")
            raise Hint(text.format(value=shown(index)))
        if not 0 <= index < len(true):
            text = translate("There is no sentence `{index}`: they are counted from 0, and there are {count}.")
            raise Hint(text.format(index=shown(index), count=len(true)))
        if true[index] == predicted[index]:
            raise Hint(translate("Sentence {index} is in your list, but its tags are all right.").format(index=index))
    if len(set(answer)) < len(answer):
        raise Hint(translate("An index stands in your list more than once. One wrong tag in a sentence is enough."))
    wrong = sum(t != p for t, p in zip(true, predicted, strict=True))
    if len(answer) < wrong:
        text = translate("{found} found, {missing} still missing.")
        raise Hint(text.format(found=len(answer), missing=wrong - len(answer)))
    text = translate("{wrong} of {count} sentences have a wrong tag.")
    return Feedback(RIGHT, text.format(wrong=wrong, count=len(true)))


@never_raises
def check_probabilities(my_scores: Any, logits: Any, piped: Sequence[dict[str, Any]]) -> Feedback:
    """Check the probability of each subword's best label.

    Parameters
    ----------
    my_scores : any
        Right are as many numbers as there are subwords.
    logits : ndarray or tensor of float, shape (1, subwords, labels)
    piped : sequence of dict
        What the ``ner`` pipeline gives for the same text; each has the subword's ``index`` and the ``score``.

    Returns
    -------
    Feedback
    """
    logits = np.asarray(logits)[0]
    probabilities = _softmax(logits, axis=-1)
    scores = np.asarray(my_scores, dtype=float)
    if scores.shape == (1, len(logits)):
        scores = scores[0]
    row_sums = translate("Softmax divides by a sum over the labels of one subword. Which axis are they?")
    compare(
        scores,
        probabilities.max(axis=-1),
        [
            (logits.max(axis=-1), translate("Those are logits. Softmax makes probabilities of them.")),
            (np.exp(logits).max(axis=-1), translate("Almost there: divide each by the sum over its subword's labels.")),
            (_softmax(logits, axis=0).max(axis=-1), row_sums),
            (_softmax(logits, axis=None).max(axis=-1), row_sums),
            (logits.argmax(axis=-1), translate("Those are the best labels. Asked is how probable they are.")),
            (probabilities, translate("Those are the probabilities of all labels. Keep the best one of each subword.")),
            (probabilities.max(axis=0), translate("There is one for each label. One for each subword is asked for.")),
            (
                [item["score"] for item in piped],
                translate("The pipeline leaves out what it predicts as `O`. Here each subword has a score."),
            ),
        ],
        _softmax_hint(scores.shape, len(logits)),
        tolerance=1e-5,
    )
    if not piped:
        return Feedback(RIGHT, translate("The pipeline lists nothing to compare: to the model, all of this is `O`."))
    difference = max(abs(scores[item["index"]] - item["score"]) for item in piped)
    text = translate("The pipeline lists {count} subwords; its scores differ from yours by at most {difference:.1g}.")
    return Feedback(RIGHT, text.format(count=len(piped), difference=difference))


def _softmax(logits: np.ndarray, axis: int | None) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def _softmax_hint(shape: tuple[int, ...], subwords: int) -> str:
    if shape != (subwords,):
        text = translate("Your array has the shape {shape}. There are {count} subwords, each with one score.")
        return text.format(shape=shape, count=subwords)
    return translate("The exponential of each logit, divided by the sum of them, is softmax. Then take the largest.")


@never_raises
def check_entities(my_entities: Any) -> Feedback:
    """Check a function that joins tagged words to entities.

    Parameters
    ----------
    my_entities : any
        Right is a function of words and IOB2 tags that returns a list of (text, type).

    Returns
    -------
    Feedback
    """
    cases = [(text.split(), tags.split()) for text, tags in ENTITY_CASES]
    for call, words, tags, result in calls("my_entities", my_entities, cases):
        found = as_list(call, result)
        expected = [(" ".join(words[first : last + 1]), name) for name, first, last in get_entities(tags)]
        for entity in found:
            if not isinstance(entity, (tuple, list)) or len(entity) != 2:
                text = translate("`{call}` has `{entity}` in its list, and should have pairs of text and type.")
                raise Hint(text.format(call=call, entity=shown(entity)))
        if list(map(tuple, found)) != expected:
            raise Hint(_entities_hint(found, expected).format(call=call, found=shown(found)))
    return Feedback(RIGHT, translate("It also finds two neighbours of one type, and an entity that ends the sentence."))


def _entities_hint(found: list, expected: list[tuple[str, str]]) -> str:
    if len(found) < len(expected):
        return translate("`{call}` gives `{found}`, which is too few. Where does an entity end: only at an `O`?")
    if len(found) > len(expected):
        return translate("`{call}` gives `{found}`, which is too many. What begins an entity, and what continues it?")
    if [text for text, _ in found] == [text for text, _ in expected]:
        return translate("`{call}` gives `{found}`. The texts are right. The type is what stands after the hyphen.")
    return translate("`{call}` gives `{found}`. The text should be all words of the entity, with spaces between them.")
