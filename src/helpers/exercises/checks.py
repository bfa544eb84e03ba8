"""Check the reader's answers to the exercises.

Each check takes the answers first, which may be anything at all, then what they are judged by. It returns `Feedback`
and never raises; its hints lead on without giving the answer away.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence, Set
from itertools import combinations
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities

from helpers.alignment import IGNORED, align_labels
from helpers.exercises.feedback import (
    RIGHT,
    SURPRISE,
    Feedback,
    Gap,
    Hint,
    as_list,
    call,
    compare,
    never_raises,
    number,
    shown,
)
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


@never_raises
def check_encoding(
    my_encoding: Any, words: Sequence[str], tokenizer: PreTrainedTokenizerBase, max_length: int
) -> Feedback:
    """Check what a tokenizer makes of a sentence's words, cut off at `max_length` subwords."""
    ids = as_list("my_encoding", my_encoding["input_ids"])
    if ids and not isinstance(ids[0], Integral):
        text = translate("`input_ids` has {count} parts, as if each were a text. Which argument says: these are words?")
        raise Hint(text.format(count=len(ids)))
    if len(ids) > max_length:
        text = translate("These are {count} subwords, and at most {limit} fit. Which argument cuts off the rest?")
        raise Hint(text.format(count=len(ids), limit=max_length))
    expected = tokenizer(words, is_split_into_words=True, truncation=True, max_length=max_length)
    if ids != expected["input_ids"] or my_encoding.word_ids() != expected.word_ids():
        raise Hint(translate("These are other subwords. Give the tokenizer the list of words just as it is."))
    text = translate("`word_ids` is `{word_ids}`: it says which word each subword comes from.")
    return Feedback(RIGHT, text.format(word_ids=shown(expected.word_ids())))


@never_raises
def check_labels(
    my_labels: Any, subwords: Sequence[str], word_ids: Sequence[int | None], tags: Sequence[int]
) -> Feedback:
    """Check the labels of a sentence's subwords."""
    _require_labels("my_labels", my_labels, subwords, word_ids, tags)
    return Feedback(RIGHT, translate("Each word counts once, and the loss leaves out everything else."))


def _labels(name: str, answer: Any, count: int) -> list:
    labels = as_list(name, answer)
    if len(labels) != count:
        text = translate("`{name}` contains {found} labels for {count} subwords. Each subword needs one.")
        raise Hint(text.format(name=name, found=len(labels), count=count))
    for position, label in enumerate(labels):
        if not isinstance(label, Real):
            text = translate("Position {position} of `{name}` is `{label}`. A label is a number here.")
            raise Hint(text.format(position=position, name=name, label=shown(label)))
    return labels


def _require_labels(name: str, answer: Any, subwords: Sequence, word_ids: Sequence, tags: Sequence[int]) -> None:
    expected = align_labels(word_ids, tags)
    for position, label in enumerate(_labels(name, answer, len(expected))):
        if label == expected[position]:
            continue
        if word_ids[position] is None:
            text = translate(
                "Position {position} (`{subword}`) is a special token. What does the rule say about those?"
            )
        elif expected[position] == IGNORED:
            text = translate(
                "Position {position} (`{subword}`) is a later subword of its word. What does the rule say about those?"
            )
        else:
            text = translate("Position {position} (`{subword}`) is the first subword of word {word}. What is its tag?")
        raise Hint(text.format(position=position, subword=subwords[position], word=word_ids[position]))


@never_raises
def check_map(my_encoded: Any, dataset: DatasetDict, tokenizer: PreTrainedTokenizerBase) -> Feedback:
    """Check a data set whose sentences were tokenized and labelled by the first subword of each word."""
    for split, rows in dataset.items():
        answer = my_encoded[split]
        if "labels" not in answer.column_names:
            raise Hint(translate("There is no column `labels`. `map` adds what your function returns."))
        if len(answer) != len(rows):
            text = translate("`{split}` has {found} rows, and should have one for each of its {count} sentences.")
            raise Hint(text.format(split=split, found=len(answer), count=len(rows)))
        for place in range(min(len(rows), 20)):
            encoding = tokenizer(rows[place]["tokens"], is_split_into_words=True, truncation=True)
            if answer[place]["input_ids"] != encoding["input_ids"]:
                raise Hint(
                    translate(
                        "These are not the subwords of the words in `tokens`. Which arguments did Exercise 1.1 need?"
                    )
                )
            name = f'my_encoded["{split}"][{place}]["labels"]'
            row = answer[place]["labels"]
            _require_labels(name, row, encoding.tokens(), encoding.word_ids(), rows[place]["ner_tags"])
    text = translate(
        "`map` has called your function for a thousand sentences at a time, which is much faster than one."
    )
    return Feedback(RIGHT, text)


@never_raises
def check_last_subwords(my_align: Any) -> Feedback:
    """Check a function that labels the last subword of each word; it takes what `align_labels` takes."""
    for word_ids, tags in SUBWORD_CASES:
        text = f"my_align({word_ids}, {tags})"
        labels = _labels(text, call(text, my_align, [*word_ids], [*tags]), len(word_ids))
        for position, (label, word) in enumerate(zip(labels, word_ids, strict=True)):
            ends = word is not None and word not in word_ids[position + 1 :]
            if label == (tags[word] if ends else IGNORED):
                continue
            if labels == align_labels(word_ids, tags):
                hint = translate("`{call}` labels the first subword of each word. Here it is the last one's turn.")
            elif ends:
                hint = translate("`{call}`: position {position} ends its word, and gets the label {label}.")
            else:
                hint = translate("`{call}`: position {position} ends no word, yet it gets the label {label}.")
            raise Hint(hint.format(call=text, position=position, label=shown(label)))
    return Feedback(
        RIGHT, translate("Again each word counts once, now by its end: `##vitz` would speak for `Horvitz`.")
    )


@never_raises
def check_label_counts(my_first: Any, my_every: Any, word_ids: Sequence[int | None]) -> Feedback:
    """Check how many labels other than -100 a sentence has if first subwords are labelled, and if all are."""
    first, every = len(set(word_ids) - {None}), sum(word is not None for word in word_ids)
    compare(
        number("my_first", my_first),
        first,
        [(every, translate("`my_first` counts later subwords too. How often does the rule count a word?"))],
        translate("`my_first`: a word counts once, however many subwords it has; special tokens never count."),
    )
    compare(
        number("my_every", my_every),
        every,
        [(len(word_ids), translate("`my_every` counts special tokens too. Do they belong to a word?"))],
        translate("`my_every`: which subwords still have -100 when every subword of a word is labelled?"),
    )
    text = translate("{first} words have one label each. With every subword labelled, there are {every} labels.")
    return Feedback(RIGHT, text.format(first=first, every=every))


# Section 2: scores


@never_raises
def check_scores(
    my_precision: Any, my_recall: Any, my_f1: Any, true: Sequence[str], predicted: Sequence[str]
) -> Feedback:
    """Check a sentence's scores over entities, each within 0.005 of seqeval's."""
    precision, recall, f1 = (score([true], [predicted]) for score in (precision_score, recall_score, f1_score))
    swapped = translate("`{name}` is the other one of the two: precision is about what was predicted.")
    entities = translate("`{name}`: count entities, not words, and only those with the right type and boundaries.")
    mean = translate("`{name}` is the arithmetic mean. The harmonic mean lies closer to the smaller number.")
    harmonic = translate("`{name}`: the harmonic mean is twice the product, divided by the sum.")
    for name, answer, expected, mistake, hint, otherwise in (
        ("my_precision", my_precision, precision, recall, swapped, entities),
        ("my_recall", my_recall, recall, precision, swapped, entities),
        ("my_f1", my_f1, f1, (precision + recall) / 2, mean, harmonic),
    ):
        mistakes = [(mistake, hint.format(name=name))]
        compare(number(name, answer), expected, mistakes, otherwise.format(name=name), tolerance=0.005)
    text = translate("seqeval says the same: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}.")
    return Feedback(RIGHT, text.format(precision=precision, recall=recall, f1=f1))


@never_raises
def check_useless_prediction(my_prediction: Any, true: Sequence[str]) -> Feedback:
    """Check a prediction with an accuracy of 0.8 or more and an F1 of 0 that is not all ``O``."""
    predicted = as_list("my_prediction", my_prediction)
    if len(predicted) != len(true):
        text = translate("`my_prediction` contains {found} tags for {count} words.")
        raise Hint(text.format(found=len(predicted), count=len(true)))
    for position, tag in enumerate(predicted):
        if not (isinstance(tag, str) and TAG.fullmatch(tag)):
            text = translate("Word {position} has `{tag}`, which is no tag: it should be `O`, `B-` or `I-` and a type.")
            raise Hint(text.format(position=position, tag=shown(tag)))
    if not get_entities(predicted):
        raise Hint(translate("All `O` is the easy way. Predict at least one entity, and let it be wrong."))
    accuracy, f1 = accuracy_score([true], [predicted]), f1_score([true], [predicted])
    if f1:
        raise Hint(translate("F1 is {f1:.2f}: one of your entities is right. Which one?").format(f1=f1))
    if accuracy < 0.8:
        text = translate("F1 is 0, but the accuracy is only {accuracy:.2f}. Keep more of the true tags.")
        raise Hint(text.format(accuracy=accuracy))
    text = translate("Accuracy {accuracy:.2f}, F1 {f1:.2f}: nearly every word is right, and no entity.")
    return Feedback(RIGHT, text.format(accuracy=accuracy, f1=f1))


@never_raises
def check_compute_metrics(compute_metrics: Any, label_names: Sequence[str]) -> Feedback:
    """Check a function that scores an ``EvalPrediction`` and returns a dict with ``f1``."""
    from transformers import EvalPrediction

    begin, outside = next(i for i, name in enumerate(label_names) if name[:2] == "B-"), label_names.index("O")
    # Two padded sentences: of three true entities two are found, and nothing else, except where the label is -100.
    labels = np.array([[IGNORED, begin, outside, begin, IGNORED], [IGNORED, outside, begin, IGNORED, IGNORED]])
    best = np.array([[begin, begin, outside, outside, begin], [outside, outside, begin, begin, outside]])
    logits = np.eye(len(label_names))[best]
    scores = call("compute_metrics(prediction)", compute_metrics, EvalPrediction(logits, labels))
    if not isinstance(scores, Mapping) or "f1" not in scores:
        raise Hint(translate('It should return a `dict` with the key `"f1"`, which `metric_for_best_model` names.'))
    invented = translate("Two of three entities are found, and your precision is too low. What becomes of the -100s?")
    otherwise = translate("Two of three entities are found, and none is invented. Which axis has the labels?")
    f1 = number("f1", scores["f1"])
    if f1 < 0.8 - 1e-6 and scores.get("recall", 0) > 0.6:
        raise Hint(invented)
    compare(f1, 0.8, [], otherwise, tolerance=1e-6)
    return Feedback(
        RIGHT, translate("Padding and later subwords never reach seqeval. `Trainer` could use it as it is.")
    )


# Section 3: training


@never_raises
def check_training_arguments(my_args: Any, learning_rate: float, batch_size: int, epochs: float) -> Feedback:
    """Check ``TrainingArguments`` that score each epoch and keep the one with the best F1."""
    each_epoch = translate("By default nothing happens between epochs; which value asks for it?")
    for name, expected, hint in (
        ("learning_rate", learning_rate, translate("The settings are in the text.")),
        ("per_device_train_batch_size", batch_size, translate("How many sentences should a step take?")),
        ("num_train_epochs", epochs, translate("The settings are in the text.")),
        ("eval_strategy", "epoch", each_epoch),
        ("save_strategy", "epoch", each_epoch),
        ("load_best_model_at_end", True, translate("Otherwise you get the last epoch, not the best one.")),
        ("metric_for_best_model", "f1", translate("Otherwise the loss decides. See Exercise 3.4.")),
    ):
        value = getattr(my_args, name)
        if value != expected and value != f"eval_{expected}":
            text = translate("`{name}` is `{value}`. {hint}")
            raise Hint(text.format(name=name, value=shown(value), hint=hint))
    return Feedback(
        RIGHT, translate("`Trainer` will score and save after each epoch, and keep the one with the best F1.")
    )


@never_raises
def check_rate(my_rate: Any, learning_rate: float) -> Feedback:
    """Check the learning rate after three quarters of the steps, within one percent of `learning_rate`."""
    compare(
        number("my_rate", my_rate),
        learning_rate / 4,
        [
            (learning_rate / 2, translate("That is the rate halfway, and training has gone on since.")),
            (learning_rate * 3 / 4, translate("That is the part of the rate that is gone by then. How much is left?")),
        ],
        translate("The rate falls in a straight line, from `learning_rate` to 0. Which share of the steps is to come?"),
        tolerance=learning_rate / 100,
    )
    text = translate("One quarter of the steps is to come, so one quarter of the rate is left: {rate:.2g}.")
    return Feedback(RIGHT, text.format(rate=learning_rate / 4))


@never_raises
def check_doubled_batch(my_steps: Any, examples: int, batch_size: int, epochs: int) -> Feedback:
    """Check the number of training steps of all epochs with batches twice as large."""
    now, steps = (math.ceil(examples / size) * epochs for size in (batch_size, 2 * batch_size))
    compare(
        number("my_steps", my_steps),
        steps,
        [
            (now / 2, translate("Nearly half as many. Look at the last batch of an epoch: how full is it?")),
            (
                examples * epochs / (2 * batch_size),
                translate("A step cannot be split: a smaller batch counts in full."),
            ),
        ],
        translate(
            "How many batches are in one epoch, the last and smaller one included, and how many epochs are there?"
        ),
    )
    text = translate("{now} steps become {steps}. Larger batches mean fewer updates.")
    return Feedback(RIGHT, text.format(now=now, steps=steps))


@never_raises
def check_best_epochs(my_best_by_loss: Any, my_best_by_f1: Any, history: pd.DataFrame) -> Feedback:
    """Check which epoch is best by ``validation_loss``, and which by ``f1``; the first of equals."""
    scores = history.set_index("epoch")
    by_loss, by_f1 = int(scores["validation_loss"].idxmin()), int(scores["f1"].idxmax())
    for name, answer, best, column in (
        ("my_best_by_loss", my_best_by_loss, by_loss, "validation_loss"),
        ("my_best_by_f1", my_best_by_f1, by_f1, "f1"),
    ):
        epoch = number(name, answer)
        if epoch not in scores.index:
            text = translate(
                "`{name}`: there is no epoch {epoch:g}. The column `epoch` counts from 1, the rows from 0."
            )
            raise Hint(text.format(name=name, epoch=epoch))
        if epoch != best:
            text = translate(
                "`{name}`: in epoch {epoch:g}, `{column}` was {score:.4f}. Is there a better or earlier one?"
            )
            raise Hint(text.format(name=name, epoch=epoch, column=column, score=scores[column][epoch]))
    text = translate("The loss would keep epoch {by_loss}; F1, the score that we are after, keeps epoch {by_f1}.")
    return Feedback(RIGHT, text.format(by_loss=by_loss, by_f1=by_f1))


# Section 4: predict, run, compare


@never_raises
def check_guess(my_guess: Any, scores: Mapping[Any, Any], experiment: str) -> Feedback:
    """Compare a guessed order of settings, from the lowest F1 to the highest, with their scores.

    Scores less than `ALIKE` apart may stand in either order.

    Parameters
    ----------
    my_guess : any
        Right is a list of the keys of `scores`.
    scores : mapping of any to any
        The F1 of each setting; ``...`` where the training is still to be done.
    experiment : {"learning_rate", "sentences", "label_all_subwords", "head_only"}
        What was changed.

    Returns
    -------
    Feedback
    """
    guess, names = [*map(str, as_list("my_guess", my_guess))], [*map(str, scores)]
    if sorted(guess) != sorted(names):
        text = translate("`my_guess` should list `{names}`, from the lowest F1 to the highest.")
        raise Hint(text.format(names=shown([*scores])))
    if any(score is None or score is ... for score in scores.values()):
        raise Gap
    f1 = {name: number(name, score) for name, score in zip(names, scores.values(), strict=True)}
    wrong = [(low, high) for low, high in combinations(guess, 2) if f1[low] - f1[high] >= ALIKE]
    if wrong:
        text = translate("You put `{high}` above `{low}`, and it came out the other way.")
        outcome = text.format(low=wrong[0][0], high=wrong[0][1])
    elif max(f1.values()) - min(f1.values()) < ALIKE:
        outcome = translate("These scores are too alike to be put in order; another seed could swap them.")
    else:
        outcome = translate("It went as you guessed.")
    listed = ", ".join(f"`{name}` {f1[name]:.3f}" for name in sorted(f1, key=f1.get))
    return Feedback(SURPRISE if wrong else RIGHT, f"{outcome} F1: {listed}. {_lesson(experiment)}")


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


@never_raises
def check_pipeline(
    my_found: Any, sentence: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> Feedback:
    """Check the entities that a pipeline finds in a sentence if each word goes by its first subword."""
    from transformers import pipeline

    found = as_list("my_found", my_found)
    if any("entity" in item for item in found):
        raise Hint(translate("These are subwords. With an `aggregation_strategy` the pipeline joins them to entities."))
    entities = [(item["entity_group"], item["start"], item["end"]) for item in found]
    expected = pipeline("ner", model=model, tokenizer=tokenizer, aggregation_strategy="first")(sentence)
    if entities != [(item["entity_group"], item["start"], item["end"]) for item in expected]:
        raise Hint(translate("These entities are joined by another rule. Which subword speaks for a word here?"))
    texts = [sentence[start:end] for _, start, end in entities]
    return Feedback(RIGHT, translate("Found: `{texts}`.").format(texts=shown(texts)))


@never_raises
def check_wrong_sentences(my_wrong: Any, true: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Feedback:
    """Check the indices of the sentences that have at least one wrong tag, in any order."""
    answer = as_list("my_wrong", list(my_wrong) if isinstance(my_wrong, Set) else my_wrong)
    wrong = {index for index, (t, p) in enumerate(zip(true, predicted, strict=True)) if t != p}
    for index in answer:
        if not isinstance(index, Integral) or isinstance(index, bool):
            text = translate("`my_wrong` contains `{value}`, and should contain the indices of sentences.")
            raise Hint(text.format(value=shown(index)))
        if index not in wrong:
            text = translate("`{index}` is in your list, but there is no such sentence, or its tags are all right.")
            raise Hint(text.format(index=shown(index)))
    if len(answer) != len(wrong) or len(set(answer)) < len(answer):
        text = translate("Your list has {found} indices, and {count} sentences have a wrong tag. Each counts once.")
        raise Hint(text.format(found=len(answer), count=len(wrong)))
    text = translate("{wrong} of {count} sentences have a wrong tag.")
    return Feedback(RIGHT, text.format(wrong=len(wrong), count=len(true)))


@never_raises
def check_probabilities(my_scores: Any, logits: Any, piped: Sequence[dict[str, Any]]) -> Feedback:
    """Check the probability of each subword's best label against the ``score`` in what the ``ner`` pipeline gives."""
    logits, scores = np.asarray(logits)[0].astype(float), np.asarray(my_scores, dtype=float).squeeze()
    if scores.shape != (len(logits),):
        text = translate("Your array has the shape {shape}. There are {count} subwords, each with one score.")
        raise Hint(text.format(shape=scores.shape, count=len(logits)))
    exponentials = np.exp(logits)
    compare(
        scores,
        exponentials.max(axis=-1) / exponentials.sum(axis=-1),
        [
            (logits.max(axis=-1), translate("Those are logits. Softmax makes probabilities of them.")),
            (
                (exponentials / exponentials.sum(axis=0)).max(axis=-1),
                translate("Softmax divides by a sum over the labels of one subword. Which axis are they?"),
            ),
        ],
        translate("The exponential of each logit, divided by the sum of them, is softmax. Then take the largest."),
        tolerance=1e-5,
    )
    if not piped:
        return Feedback(RIGHT, translate("The pipeline lists nothing to compare: to the model, all of this is `O`."))
    difference = max(abs(scores[item["index"]] - item["score"]) for item in piped)
    text = translate("The pipeline lists {count} subwords; its scores differ from yours by at most {difference:.1g}.")
    return Feedback(RIGHT, text.format(count=len(piped), difference=difference))


@never_raises
def check_entities(my_entities: Any) -> Feedback:
    """Check a function that joins words and their IOB2 tags to a list of (text, type)."""
    for sentence, tagged in ENTITY_CASES:
        words, tags = sentence.split(), tagged.split()
        text = f"my_entities({words}, {tags})"
        found = as_list(text, call(text, my_entities, [*words], [*tags]))
        expected = [(" ".join(words[first : last + 1]), name) for name, first, last in get_entities(tags)]
        if [tuple(pair) if isinstance(pair, list) else pair for pair in found] == expected:
            continue
        if len(found) != len(expected):
            hint = translate(
                "`{call}` gives `{found}`: {count} entities. Where does each begin, and where does it end?"
            )
        else:
            hint = translate("`{call}` gives `{found}`. Each should be a pair: all words of the entity, and its type.")
        raise Hint(hint.format(call=text, found=shown(found), count=len(found)))
    return Feedback(RIGHT, translate("It also finds two neighbours of one type, and an entity that ends the sentence."))
