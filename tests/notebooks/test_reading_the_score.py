"""What the chapter on reading the score computes in its cells, against libraries and by hand."""

import ast
from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities
from sklearn.calibration import calibration_curve
from support.editions import NOTEBOOKS, code_cells, read_notebook

NAMES = ["O", "B-x", "I-x", "B-y", "I-y"]


def functions(**names):
    """Define the chapter's functions without running the rest of its cells."""
    names |= {"np": np, "pd": pd, "Counter": Counter, "defaultdict": defaultdict, "get_entities": get_entities}
    cells = code_cells(read_notebook(NOTEBOOKS["en"] / "going_further" / "reading_the_score.ipynb"))
    trees = [ast.parse(cell.source) for cell in cells if "%pip" not in cell.source]
    defined = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    exec(compile(ast.Module(defined, []), "chapter", "exec"), names)
    return names


def random_tags(rng, sentences=40, length=8):
    return [[NAMES[label] for label in rng.integers(0, 5, length)] for _ in range(sentences)]


@pytest.mark.parametrize(
    ("sentence", "tags"),
    [
        ("we left Lake Como", "O O B-loc I-loc"),  # not Lake alone
        ("Como FC at lake como fc", "B-group I-group O B-loc I-loc O"),  # from left to right
        ("lake Lake of", "B-loc B-loc O"),  # the longest name is not there in full
        ("nothing here", "O O"),
    ],
)
def test_the_dictionary_takes_the_longest_name(sentence, tags):
    dictionary = {("lake",): "loc", ("lake", "como"): "loc", ("como", "fc"): "group", ("lake", "of", "gold"): "work"}
    assert functions()["look_up"](sentence.split(), dictionary) == tags.split()
    assert functions()["look_up"](sentence.split(), {}) == ["O"] * len(tags.split())


def test_the_other_baselines():
    chapter = functions()
    assert chapter["most_frequent"]([("a", 1), ("a", 2), ("b", 1), ("a", 2)]) == {"a": 2, "b": 1}
    assert chapter["capitals"]("Did Ann Lee see Rome ?".split()) == ["O", "B-name", "I-name", "O", "B-name", "O"]
    assert chapter["without_types"]([["B-x", "I-x", "O"]]) == [["B-name", "I-name", "O"]]


def test_swapped_names_are_of_the_same_type_and_all_else_stays():
    words = {"test": ["Ann met Bo in Old Rome".split(), "no name".split()], "other": ["Li Wu Oslo".split()]}
    true = {
        "test": ["B-x O B-x O B-y I-y".split(), ["O", "O"]],
        "other": ["B-x I-x B-y".split()],
    }
    swapped = functions(words=words, true=true, test=true["test"])["swap_names"]
    assert list(zip(*swapped("other"), strict=True)) == [
        ("Li Wu met Li Wu in Oslo".split(), "B-x I-x O B-x I-x O B-y".split()),
        (["no", "name"], ["O", "O"]),
    ]
    true["other"] = [["B-x", "O", "O"]]  # no name of the type y
    assert next(swapped("other"))[0] == "Li met Li in Old Rome".split()


def test_the_bootstrap_is_what_a_loop_computes():
    rng = np.random.default_rng(0)
    true, predicted = random_tags(rng), random_tags(rng)
    predicted[:20] = true[:20]
    true[5] = predicted[6] = ["O"] * 8
    times_drawn = rng.multinomial(40, np.full(40, 1 / 40), size=30)
    chapter = functions()
    fast = chapter["f1_of"](times_drawn @ chapter["entity_counts"](true, predicted))
    drawn = [np.repeat(range(40), times) for times in times_drawn]
    slow = [f1_score([true[i] for i in rows], [predicted[i] for i in rows]) for rows in drawn]
    assert fast == pytest.approx(slow)
    assert chapter["f1_of"](np.zeros(3, int)) == 0


def test_found_entities_have_the_mean_probability_of_their_words():
    probabilities = [[0.1, 0.6, 0.1, 0.1, 0.1], [0.05, 0.05, 0.8, 0.05, 0.05], [0.4, 0.1, 0.1, 0.3, 0.1]]
    logits = {"test": [np.log(probabilities)]}
    find = functions(logits=logits, true={"test": [["B-x", "I-x", "B-y"]]}, names=NAMES)["found_entities"]
    assert find("test").to_dict("list") == {"score": [pytest.approx(0.7)], "right": [True]}
    cooled = softmax(logits["test"][0] / 2, axis=-1).max(axis=-1)[:2].mean()
    assert find("test", temperature=2.0).to_dict("list") == {"score": [pytest.approx(cooled)], "right": [True]}
    biased = find("test", outside_bias=0.5)  # 0.4 falls below 0.3
    assert biased["right"].tolist() == [True, True]
    assert find("test", outside_bias=-9).empty


def test_bins_and_calibration_error():
    chapter = functions()
    by_hand = pd.DataFrame({"score": [0.55, 0.59, 0.95, 1.0], "right": [True, False, False, True]})
    table, error = chapter["reliability"](by_hand)
    assert table.index.tolist() == [5, 9]
    assert table["entities"].tolist() == [2, 2]
    assert error == pytest.approx(0.5 * 0.07 + 0.5 * 0.475)
    scores = np.random.default_rng(1).uniform(size=500)
    right = np.random.default_rng(2).uniform(size=500) < scores**2
    table, error = chapter["reliability"](pd.DataFrame({"score": scores, "right": right}))
    shares, means = calibration_curve(right, scores, n_bins=10)
    np.testing.assert_allclose(table[["right", "score"]], np.column_stack([shares, means]))
    assert error == pytest.approx(np.average(abs(shares - means), weights=np.histogram(scores, 10, (0, 1))[0]))
    assert chapter["log_loss"](by_hand) == pytest.approx(-np.log([0.55, 0.41, 0.05, 1.0]).sum())


def test_the_balance_is_seqevals():
    rng = np.random.default_rng(3)
    true = random_tags(rng)
    logits = rng.normal(size=(40, 8, 5))
    chapter = functions(logits={"test": logits}, true={"test": true}, names=NAMES)
    predicted = chapter["to_tags"](logits)
    scores = chapter["balance"](chapter["found_entities"]("test"), len(get_entities(true)))
    kinds = {"precision": precision_score, "recall": recall_score, "f1": f1_score}
    assert scores == pytest.approx({name: score(true, predicted) for name, score in kinds.items()})
    assert scores["f1"] > 0
