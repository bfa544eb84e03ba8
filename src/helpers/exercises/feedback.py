"""What an exercise's check says to an answer, and how it reads answers of any kind without ever raising."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from html import escape
from typing import Any, ParamSpec

import numpy as np

from helpers.notebook.language import translate

RIGHT, NOT_YET, OPEN = "right", "not yet", "open"
COLOURS = {RIGHT: "#2e9e5b", NOT_YET: "#d08700", OPEN: "#7a8699"}
# The background is translucent: the page's own text colour stays readable on it, dark or light.
BOX = "border-left:.3em solid {colour};background:{colour}22;padding:.5em .8em;border-radius:.2em"
LONGEST_VALUE = 120

Arguments = ParamSpec("Arguments")


@dataclass(frozen=True, repr=False)
class Feedback:
    """What a check says to an answer; a notebook shows it as a box.

    Parameters
    ----------
    status : {"right", "not yet", "open"}
        "open" where nothing is filled in.
    text : str
        For the reader; what stands between backticks is code.
    """

    status: str
    text: str

    def __repr__(self) -> str:
        return f"{self._heading()} {self.text}"

    def _repr_html_(self) -> str:
        text = re.sub("`([^`]+)`", r"<code>\1</code>", escape(self.text))
        style = BOX.format(colour=COLOURS[self.status])
        return f'<div class="feedback {self.status}" style="{style}"><b>{escape(self._heading())}</b> {text}</div>'

    def _heading(self) -> str:
        headings = {RIGHT: translate("Right."), NOT_YET: translate("Not yet."), OPEN: translate("Your turn.")}
        return headings[self.status]


class Gap(Exception):
    """Nothing is filled in."""


class Hint(Exception):
    """The answer is not right, and this may help."""


def never_raises(check: Callable[Arguments, Feedback]) -> Callable[Arguments, Feedback]:
    """Let a check answer a gap, a hint and whatever else is raised with feedback too."""

    @wraps(check)
    def answering(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Feedback:
        try:
            if any(map(_is_gap, args)):
                raise Gap
            return check(*args, **kwargs)
        except Gap:
            text = translate("Put your answer in place of `...` and run the cell again. In a function, `return` it.")
            return Feedback(OPEN, text)
        except Hint as hint:
            return Feedback(NOT_YET, str(hint))
        except Exception as error:
            text = translate("This cannot be read as an answer: `{error}`. Does it have the form that is asked for?")
            return Feedback(NOT_YET, text.format(error=shown(error)))

    return answering


def _is_gap(value: Any) -> bool:
    return value is None or value is ...


def shown(value: Any) -> str:
    """Write any value as code for a hint: short, and without backticks."""
    try:
        text = repr(value)
    except Exception:  # a reader's own class, or an int with too many digits
        text = f"<{type(value).__name__}>"
    text = text.replace("`", "'")  # a backtick would end the code in which it is shown
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def number(name: str, value: Any) -> float:
    """Read an answer as a number; raises `Hint` where it is none."""
    try:
        if isinstance(value, (str, bytes, bool)):
            raise TypeError
        return float(value)
    except Exception:
        text = translate("`{name}` should be a number, and is `{value}`.")
        raise Hint(text.format(name=name, value=shown(value))) from None


def as_list(name: str, value: Any) -> list:
    """Read an answer as a list, whatever kind of sequence, array or column it is; raises `Hint` where it is none."""
    if hasattr(value, "__array__"):  # arrays, tensors, columns of a data frame
        value = np.asarray(value).tolist()
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        text = translate("`{name}` should be a list, and is of type `{type}`.")
        raise Hint(text.format(name=name, type=type(value).__name__))
    return list(value)


def compare(
    value: float | np.ndarray,
    expected: float | np.ndarray,
    mistakes: Sequence[tuple[float | np.ndarray, str]],
    otherwise: str,
    tolerance: float = 0.0,
) -> None:
    """Raise `Hint` unless a value is as expected.

    Parameters
    ----------
    value, expected : float or ndarray
    mistakes : sequence of (float or ndarray, str)
        What typical mistakes lead to, each with its hint; the first that fits the value is given.
    otherwise : str
        The hint where none fits.
    tolerance : float
        By how much a value may differ from another and still count as equal.
    """

    def equals(other: float | np.ndarray) -> bool:
        return np.shape(value) == np.shape(other) and np.allclose(value, other, rtol=0, atol=tolerance)

    if not equals(expected):
        raise Hint(next((hint for mistake, hint in mistakes if equals(mistake)), otherwise))


def calls(name: str, function: Any, cases: Sequence[tuple[list, list]]) -> Iterator[tuple[str, list, list, Any]]:
    """Call a reader's function for each case; yield the call as text, its two arguments and its result.

    Raises
    ------
    Hint
        If it is no function, or raises.
    Gap
        If its first result is None or Ellipsis.
    """
    if not callable(function):
        raise Hint(translate("`{name}` should be a function.").format(name=name))
    for first, second in cases:
        call = f"{name}({first}, {second})"
        try:
            result = function(list(first), list(second))  # copies, which it may change
        except (Exception, SystemExit) as error:
            text = translate("`{call}` raises `{error}`.")
            raise Hint(text.format(call=call, error=shown(error))) from None
        if (first, second) == cases[0] and _is_gap(result):
            raise Gap
        yield call, first, second, result
