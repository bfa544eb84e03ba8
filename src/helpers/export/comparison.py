"""A model beside its exports: how fast each answers, and how much their answers differ."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import Dataset
from seqeval.metrics import f1_score
from seqeval.metrics.sequence_labeling import get_entities

from helpers.alignment import tags_per_word
from helpers.metrics import tags_from_logits

WARM_UP = 5  # rows answered before the clock runs: at first, libraries choose and prepare their routines

Runner = Callable[[dict[str, np.ndarray]], np.ndarray]


def compare(
    runners: Mapping[str, Runner], rows: Dataset, true_tags: Sequence[Sequence[str]], label_names: Sequence[str]
) -> pd.DataFrame:
    """Give several models the same rows, one at a time, and compare their answers with those of the first.

    Parameters
    ----------
    runners : mapping of str to callable
        A function for each model, that takes its inputs as int64 arrays of shape (1, subwords), by name, and gives the
        logits, an array of shape (1, subwords, labels).
    rows : Dataset
        A split mapped by `helpers.alignment.tokenize_and_align`.
    true_tags : sequence of sequence of str
        IOB2 tags of all words of the split's sentences.
    label_names : sequence of str

    Returns
    -------
    DataFrame
        A row for each model:

        ``milliseconds``
            For a row of the split, the median.
        ``f1``
            Over the entities of all sentences.
        ``entities``, ``same_entities``
            How many were found, and how many of these the first model found too, with the same type and boundaries.
        ``same_tags``
            Share of words with the same tag as by the first model.
        ``largest_difference``
            Between any two logits of the same subword and label.
    """
    logits, milliseconds = {}, {}
    for name, runner in runners.items():
        logits[name], milliseconds[name] = _answers(runner, rows)
    tags = {name: _tags(answers, rows, true_tags, label_names) for name, answers in logits.items()}
    entities = {name: set(get_entities(sentences)) for name, sentences in tags.items()}
    words = {name: np.concatenate(sentences) for name, sentences in tags.items()}
    first = next(iter(runners))
    return pd.DataFrame(
        {
            name: {
                "milliseconds": milliseconds[name],
                "f1": f1_score(true_tags, tags[name], zero_division=0),
                "entities": len(entities[name]),
                "same_entities": len(entities[name] & entities[first]),
                "same_tags": np.mean(words[name] == words[first]),
                "largest_difference": max(
                    np.abs(one - other).max() for one, other in zip(logits[name], logits[first], strict=True)
                ),
            }
            for name in runners
        }
    ).T.astype({"entities": int, "same_entities": int})


def onnx_runner(path: Path, threads: int) -> Runner:
    """Load a model with onnxruntime, to be run on the CPU with a number of threads."""
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = threads
    session = InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [item.name for item in session.get_inputs()]
    return lambda inputs: session.run(["logits"], {name: inputs[name] for name in names})[0]


def _answers(runner: Runner, rows: Dataset) -> tuple[list[np.ndarray], float]:
    """Collect the logits of each row, and the median of the milliseconds that they took."""
    names = [name for name in ("input_ids", "token_type_ids") if name in rows.column_names]
    inputs = [{name: np.array([row[name]]) for name in names} for row in rows.select_columns(names)]
    for arrays in inputs:
        arrays["attention_mask"] = np.ones_like(arrays["input_ids"])
    for arrays in inputs[:WARM_UP]:
        runner(arrays)
    logits, seconds = [], []
    for arrays in inputs:
        start = time.perf_counter()
        logits.append(runner(arrays))
        seconds.append(time.perf_counter() - start)
    return logits, 1000 * float(np.median(seconds))


def _tags(
    logits: list[np.ndarray], rows: Dataset, words: Sequence[Sequence[str]], label_names: Sequence[str]
) -> list[list[str]]:
    row_tags = [
        tags_from_logits(answer, np.array([labels]), label_names)[0][0]
        for answer, labels in zip(logits, rows["labels"], strict=True)
    ]
    return tags_per_word(row_tags, rows, words)
