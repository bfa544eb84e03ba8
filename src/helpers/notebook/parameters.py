"""Check the notebooks' parameters: their names, and what values they can take."""

import ast
import sys
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from numbers import Real
from reprlib import Repr
from typing import Any

from helpers.errors import ParameterError
from helpers.notebook.language import translate
from helpers.notebook.secrets import redact_tokens

TEXT, NUMBER, COUNT, SWITCH = "a text", "a number", "a whole number", "True or False"
KINDS = {TEXT: str, NUMBER: Real, COUNT: int, SWITCH: bool}
INJECTED = "# Parameters\n"  # begins the cell that papermill adds
PATHS = ("PAPERMILL_INPUT_PATH", "PAPERMILL_OUTPUT_PATH")  # which papermill sets there if told to
LARGEST_NUMBER = sys.float_info.max
LARGEST_COUNT = 2**31 - 1  # of the integers that native code counts with
LARGEST_SEED = 2**32 - 1  # NumPy's limit
LONGEST_TEXT = 4096  # characters; no system takes a longer path
LONGEST_INT = 64  # bits; Python refuses to print an integer of more than 4,300 digits
# name: (kind, smallest value, largest value)
RULES = {
    "dataset": (TEXT, None, None),
    "model": (TEXT, None, None),
    "output_dir": (TEXT, None, None),
    "epochs": (COUNT, 1, LARGEST_COUNT),
    "learning_rate": (NUMBER, 0, LARGEST_NUMBER),
    "batch_size": (COUNT, 1, LARGEST_COUNT),
    "weight_decay": (NUMBER, 0, LARGEST_NUMBER),
    "seed": (COUNT, 0, LARGEST_SEED),
    "max_train_examples": (COUNT, 0, LARGEST_COUNT),
    "speedups": (SWITCH, None, None),
    "push_to_hub": (SWITCH, None, None),
    "hub_model_id": (TEXT, None, None),
}


class _Short(Repr):
    """Prints a value in a line, whatever it is."""

    def repr_int(self, number: int, level: int) -> str:
        bits = number.bit_length()
        return super().repr_int(number, level) if bits <= LONGEST_INT else translate("<an integer of {n} bits>", n=bits)


short = _Short()
short.maxlevel = 2  # a few lines of YAML can make a value that is endless to print


def check_parameters(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Pick the parameters in `RULES` out of a notebook's ``globals()``; raises `ParameterError` if one is wrong."""
    check_names(namespace, RULES)
    missing = [name for name in RULES if name not in namespace]
    if missing:
        text = translate("{name} has no value yet; run the cell with the parameters first")
        raise ParameterError(text, name=missing[0])
    parameters = {name: namespace[name] for name in RULES}
    for name, value in parameters.items():
        check_value(name, value)
    if parameters["push_to_hub"] and "/" not in parameters["hub_model_id"]:
        text = translate("push_to_hub=True needs hub_model_id with an owner, such as 'your-name/your-model'")
        raise ParameterError(text)
    return parameters


def check_value(name: str, value: Any) -> None:
    """Raise `ParameterError` if the notebooks have no such parameter, or it cannot take the value."""
    _require_known(name, RULES)
    kind, smallest, largest = RULES[name]
    # bool is a kind of int in Python, but epochs=True is a mistake.
    if not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind != SWITCH):
        text = translate("{name}={value}: expected {kind}")
        if kind == NUMBER:
            text = translate("{name}={value}: expected {kind}; in YAML write 2.0e-5, since 2e-5 is a text there")
    elif kind == TEXT and value != redact_tokens(value):
        text = translate("{name} holds an access token, which would be in all that the run leaves; log in instead")
    elif kind == TEXT and (
        len(value) > LONGEST_TEXT or "\0" in value or value != value.encode(errors="ignore").decode()
    ):
        text = translate("{name}={value}: expected {kind} that can be a name or a path")
    elif smallest is not None and not value >= smallest:  # which NaN is not, either
        text = translate("{name}={value}: expected {kind} of at least {smallest}")
    elif largest is not None and value > largest:
        text = translate("{name}={value}: expected {kind}, and none as large as that")
    else:
        return
    kinds = {TEXT: translate("a text"), NUMBER: translate("a number"), COUNT: translate("a whole number")}
    expected = kinds.get(kind) or translate("True or False")
    raise ParameterError(text, name=name, value=short.repr(value), kind=expected, smallest=smallest)


def check_names(namespace: Mapping[str, Any], others: Collection[str] = ()) -> None:
    """Raise `ParameterError` if papermill has set a name that a notebook's ``globals()`` lack, which it only logs.

    ``others`` may be set too, such as parameters that only other editions have.
    """
    history = list(namespace.get("In", ()))
    injected = max((place for place, source in enumerate(history) if source.startswith(INJECTED)), default=None)
    if injected is None:
        return
    own = list(dict.fromkeys(name for source in history[:injected] for name in _assigned_names(source)))
    later = [set(_assigned_names(source)) for source in history[injected + 1 :]]
    if any(len(names.intersection(own)) > len(own) / 2 for names in later):
        return  # the cell with the notebook's own parameters was run again since, and counts
    for name in _assigned_names(history[injected]):
        _require_known(name, dict.fromkeys([*own, *others, *PATHS]))


def _require_known(name: str, known: Collection[str]) -> None:
    if name not in known:
        nearest = [translate(", but {name}", name=repr(other)) for other in get_close_matches(name, known, n=1)]
        listed = ", ".join(other for other in known if other not in PATHS)
        text = translate("the notebooks have no parameter {name}{nearest}; they have: {names}")
        raise ParameterError(text, name=short.repr(name), nearest="".join(nearest), names=listed)


def _assigned_names(source: str) -> list[str]:
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError):  # a cell that failed
        return []
    targets = [target for statement in statements if isinstance(statement, ast.Assign) for target in statement.targets]
    return [target.id for target in targets if isinstance(target, ast.Name)]
