import re

import pytest

from helpers.errors import ParameterError
from helpers.notebook.parameters import RULES, check_parameters

DEFAULTS = {
    "dataset": "wnut_17",
    "model": "bundled",
    "output_dir": "output",
    "epochs": 2,
    "learning_rate": 2e-5,
    "batch_size": 16,
    "weight_decay": 0.01,
    "seed": 42,
    "max_train_examples": 0,
    "speedups": True,
    "push_to_hub": False,
    "hub_model_id": "",
}
SOURCE = "".join(f"{name} = {value!r}\n" for name, value in DEFAULTS.items())


def test_parameters_are_picked_out_of_a_notebooks_variables():
    assert check_parameters(DEFAULTS | {"other": 1, "_": None}) == DEFAULTS
    assert list(RULES) == list(DEFAULTS)
    others = {"weight_decay": 0, "push_to_hub": True, "hub_model_id": "ada/names"}
    assert check_parameters(DEFAULTS | others) == DEFAULTS | others


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("epochs", 0, "epochs=0: expected a whole number of at least 1"),
        ("epochs", 1.5, "epochs=1.5: expected a whole number"),
        ("batch_size", "16", "batch_size='16': expected a whole number"),
        ("learning_rate", "2e-5", "learning_rate='2e-5': expected a number; in YAML write 2.0e-5"),
        ("learning_rate", float("nan"), "learning_rate=nan: expected a number of at least 0"),
        ("learning_rate", float("inf"), "learning_rate=inf: expected a number, and none as large as that"),
        ("seed", 2**32, "seed=4294967296: expected a whole number, and none as large as that"),
        ("weight_decay", -0.1, "weight_decay=-0.1: expected a number of at least 0"),
        ("dataset", 17, "dataset=17: expected a text"),
        ("speedups", 1, "speedups=1: expected True or False"),
        ("push_to_hub", True, "needs hub_model_id with an owner"),
    ],
)
def test_bad_values_are_refused_by_name(name, value, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        check_parameters(DEFAULTS | {"hub_model_id": "names", name: value})


def test_parameters_that_are_not_there_are_named():
    others = {name: value for name, value in DEFAULTS.items() if name != "weight_decay"}
    with pytest.raises(ParameterError, match="weight_decay has no value yet; run the cell with the parameters first"):
        check_parameters(others)


@pytest.mark.parametrize(
    "history",
    [
        ["", SOURCE],
        ["", SOURCE, "# Parameters\nepochs = 1\nspeedups = False\nPAPERMILL_OUTPUT_PATH = 'out.ipynb'\n"],
        ["", SOURCE, "# Parameters\nepoch = 1\n", "no python", "# Parameters\nepochs = 1\n"],  # mended, and run again
        ["", SOURCE, "# Parameters\nepoch = 1\n", SOURCE.replace("speedups = True\n", "")],  # the cell was removed
        ["", SOURCE, "# My notes\nepoch = 1\n"],
        ["", SOURCE.replace("speedups = True\n", ""), "# Parameters\nspeedups = False\n"],  # which TensorFlow lacks
    ],
)
def test_names_that_papermill_may_set_and_a_readers_own(history):
    assert check_parameters(DEFAULTS | {"In": history}) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "message"), [("epoch", "parameter 'epoch', but 'epochs'; they"), ("xyz", "parameter 'xyz'; they have: ")]
)
def test_a_name_that_papermill_has_set_in_vain_is_named(name, message):
    history = ["", SOURCE, f"# Parameters\n{name} = 1\nseed = 7\n", "get_ipython().run_line_magic('pip', '')", "!"]
    with pytest.raises(ParameterError, match=message):
        check_parameters(DEFAULTS | {"In": history, name: 1})
