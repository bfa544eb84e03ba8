"""From logits to scores: tags, tables of scores, and kinds of mistakes. F1 itself is computed in `seqeval_metric`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from seqeval.metrics.sequence_labeling import get_entities

from helpers.data.tagging import IGNORED, Span
from helpers.notebook.language import translate

ENTITY_SCORES = ("precision", "recall", "f1")  # of each type; of all, seqeval calls them overall_precision and so on
SCORES = (*ENTITY_SCORES, "accuracy")
OUTCOMES = ("correct", "wrong boundary", "wrong type", "missed", "spurious")
SEQEVAL = str(Path(__file__).with_name("seqeval_metric.py"))  # the metric script, for `evaluate.load`


class Match(NamedTuple):
    """A true entity, a predicted one or a pair of both, in one sentence, and how it went (one of `OUTCOMES`)."""

    sentence: int
    outcome: str
    true: Span | None
    predicted: Span | None


def tags_from_logits(
    logits: np.ndarray, labels: np.ndarray, label_names: Sequence[str]
) -> tuple[list[list[str]], list[list[str]]]:
    """Turn a padded batch into the predicted and the true tags of each sentence, positions with -100 left out.

    Logits have the shape (sentences, subwords, classes), labels, which are class ids, (sentences, subwords).
    """
    names, predicted, true = np.array(label_names), [], []
    for best, of_row in zip(logits.argmax(axis=-1), labels, strict=True):
        predicted.append(names[best[of_row != IGNORED]].tolist())
        true.append(names[of_row[of_row != IGNORED]].tolist())
    return predicted, true


def valid_tags_from_logits(logits: np.ndarray, labels: np.ndarray, label_names: Sequence[str]) -> list[list[str]]:
    """Turn a padded batch into each sentence's best tags of those without an ``I-`` that continues nothing."""
    from helpers.decoding import valid_transitions, viterbi  # here, as opening the lesson needs none of it

    of_words = [of_row[row != IGNORED] for of_row, row in zip(logits, labels, strict=True)]
    names = np.array(label_names)
    return [names[sequence].tolist() for sequence in viterbi(of_words, valid_transitions(label_names))]


def per_type_table(scores: dict) -> pd.DataFrame:
    """Lay out the seqeval metric's scores: a row a type, then ``all``, in brackets if a type is called so."""
    table = pd.DataFrame.from_dict(types_of(scores), orient="index", columns=[*ENTITY_SCORES, "number"])
    total = [*(scores[f"overall_{score}"] for score in ENTITY_SCORES), table["number"].sum()]
    table.loc[_unlike("all", table.index)] = total
    return table.astype({"number": int})


def types_of(scores: dict) -> dict[str, dict]:
    """Pick the scores of each type out of the seqeval metric's."""
    return {name: of_type for name, of_type in scores.items() if isinstance(of_type, dict)}


def _unlike(name: str, entity_types: Collection[str]) -> str:
    # A type may have any name, so that none is sure to be free.
    while name in entity_types:
        name = f"({name})"
    return name


def comment_on(history: pd.DataFrame) -> str:
    """Say which epoch (a row each) was the best, or why there is none; raises as `require_finite` does."""
    from helpers.training.divergence import require_finite  # here, as the lesson needs it only after training

    for epoch, loss in zip(history["epoch"], history["validation_loss"], strict=True):
        require_finite(loss, epoch)
    best = history.loc[history["f1"].idxmax()]
    if best["f1"] > 0:
        return translate("Best validation F1: {f1:.3f}, after epoch {epoch:.0f}.", **best)
    return translate(
        "F1 is still 0: answering O everywhere is the easiest way to lower the loss, and the model has not got beyond"
        " it yet. Give it more steps or larger ones: raise epochs or learning_rate (to 2e-4, say), lower batch_size, or"
        " train on more sentences."
    )


def match_entities(true: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> list[Match]:
    """Pair each true entity of tagged sentences with at most one predicted entity, and say how each of them went.

    In three rounds, a true entity takes the first predicted one that is left and fits: same type and words (correct);
    same type and a common word (wrong boundary); any common word (wrong type, whatever the boundary).
    """
    rounds = (
        ("correct", lambda t, p: t == p),
        ("wrong boundary", lambda t, p: t.label == p.label and t.overlaps(p)),
        ("wrong type", lambda t, p: t.overlaps(p)),
    )
    matches = []
    for sentence, (true_tags, predicted_tags) in enumerate(zip(true, predicted, strict=True)):
        open_true, open_predicted = (
            [Span(first, last + 1, entity_type) for entity_type, first, last in get_entities(list(tags))]
            for tags in (true_tags, predicted_tags)
        )
        for outcome, fits in rounds:
            for t in list(open_true):
                partner = next((p for p in open_predicted if fits(t, p)), None)
                if partner is not None:
                    matches.append(Match(sentence, outcome, t, partner))
                    open_true.remove(t)
                    open_predicted.remove(partner)
        matches += [Match(sentence, "missed", t, None) for t in open_true]
        matches += [Match(sentence, "spurious", None, p) for p in open_predicted]
    return matches


def outcome_counts(matches: Sequence[Match]) -> dict[str, int]:
    """Count the matches of each outcome, in the order of `OUTCOMES`."""
    counts = Counter(match.outcome for match in matches)
    return {outcome: counts[outcome] for outcome in OUTCOMES}


def confusion_matrix(matches: Sequence[Match], entity_types: Sequence[str]) -> pd.DataFrame:
    """Count the pairs of true type (rows) and predicted type (columns), whatever their boundaries.

    The last row, ``none``, or in brackets if a type is called so, has the spurious entities, that column the missed.
    """
    nothing = _unlike("none", entity_types)
    labels = [*entity_types, nothing]
    spans = ((match.true, match.predicted) for match in matches)
    counts = Counter(tuple(span.label if span else nothing for span in pair) for pair in spans)
    rows = [[counts[true, predicted] for predicted in labels] for true in labels]
    return pd.DataFrame(rows, pd.Index(labels, name="true"), pd.Index(labels, name="predicted"))
