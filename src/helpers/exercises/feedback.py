"""Read answers of any kind, and say how they went."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from html import escape
from inspect import signature
from numbers import Real
from typing import Any, ParamSpec

import numpy as np

from helpers.notebook.language import translate

RIGHT, NOT_YET, OPEN, SURPRISE = "right", "not yet", "open", "surprise"
COLOURS = {RIGHT: "#2e9e5b", NOT_YET: "#d08700", OPEN: "#7a8699", SURPRISE: "#3f7fd0"}
# The background is translucent: the page's own text colour stays readable on it, dark or light.
BOX = "border-left:.3em solid {colour};background:{colour}22;padding:.5em .8em;border-radius:.2em"
LONGEST_VALUE = 120

RECORD: dict[str, dict[str, Any]] = {}  # of each question, in the order of the first try, what `hand_in` saves

Arguments = ParamSpec("Arguments")


@dataclass(frozen=True, repr=False)
class Feedback:
    """What a check says to an answer; a notebook shows it as a box."""

    status: str  # of COLOURS
    text: str  # what stands between backticks is code

    def __repr__(self) -> str:
        return f"{self._heading()} {self.text}"

    def _repr_html_(self) -> str:
        text = re.sub("`([^`]+)`", r"<code>\1</code>", escape(self.text))
        style = BOX.format(colour=COLOURS[self.status])
        return f'<div class="feedback {self.status}" style="{style}"><b>{escape(self._heading())}</b> {text}</div>'

    def _heading(self) -> str:
        headings = translate("Right."), translate("Not yet."), translate("Your turn."), translate("A surprise.")
        return dict(zip(COLOURS, headings, strict=True))[self.status]


class Gap(Exception):
    """Nothing is filled in."""


class Hint(Exception):
    """The answer is not right, and this may help."""


class Surprise(Exception):
    """A training went otherwise than guessed."""


def gives_feedback(check: Callable[Arguments, str]) -> Callable[Arguments, Feedback]:
    """Let a check, which returns what it says to a right answer, give feedback to gaps, hints and any error, too.

    What was answered is kept in `RECORD`. Of the check's parameters, answers are those that begin with ``my_``; where
    it serves several questions, its last argument, a text, says which.
    """
    count = sum(name.startswith("my_") for name in signature(check).parameters)

    @wraps(check)
    def answer(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Feedback:
        feedback = judge(*args, **kwargs)
        about = [value for value in args[count:][-1:] if isinstance(value, str)]
        _record(" ".join([check.__name__.removeprefix("check_"), *about]), args[:count], feedback.status)
        return feedback

    def judge(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Feedback:
        try:
            if any(map(_is_gap, args)):
                raise Gap
            return Feedback(RIGHT, check(*args, **kwargs))
        except Gap:
            text = translate("Put your answer in place of `...` and run the cell again. In a function, `return` it.")
            return Feedback(OPEN, text)
        except Hint as hint:
            return Feedback(NOT_YET, str(hint))
        except Surprise as outcome:
            return Feedback(SURPRISE, str(outcome))
        except Exception as error:
            text = translate(
                "This cannot be read as an answer: `{error}`. Does it have the form that is asked for?",
                error=shown(error),
            )
            return Feedback(NOT_YET, text)

    return answer


def _record(question: str, answers: Sequence[Any], status: str) -> None:
    # Of anything but plain values the type is enough: their text may be long, or name folders of this machine.
    plain = (shown(x) if isinstance(x, (str, Real, list, tuple)) else type(x).__name__ for x in answers)
    tries = RECORD.get(question, {"tries": 0})["tries"] + (status != OPEN)
    RECORD[question] = {"answer": "" if status == OPEN else ", ".join(plain), "status": status, "tries": tries}


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


def expect(condition: Any, hint: str, /, **values: Any) -> None:
    """Raise `Hint`, with values in it, unless a condition holds."""
    if not condition:
        raise Hint(hint.format(**values))


def expect_equal(value: Any, expected: Any, hint: str, tolerance: float = 0) -> None:
    """Raise `Hint` unless a number or array is as expected."""
    expect(np.shape(value) == np.shape(expected) and np.allclose(value, expected, rtol=0, atol=tolerance), hint)


def number(name: str, value: Any) -> float:
    """Read an answer as a number; raise `Hint` where it is none."""
    try:
        if isinstance(value, (str, bytes, bool)):
            raise TypeError
        return float(value)
    except Exception:
        raise Hint(translate("`{name}` should be a number, and is `{value}`.", name=name, value=shown(value))) from None


def as_list(name: str, value: Any) -> list:
    """Read an answer as a list, whatever kind of sequence, array or column it is; raise `Hint` where it is none."""
    if hasattr(value, "__array__"):  # arrays, tensors, columns of a data frame
        value = np.asarray(value).tolist()
    is_list = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    text = translate("`{name}` should be a list, and is of type `{type}`.")
    expect(is_list, text, name=name, type=type(value).__name__)
    return list(value)


def call(text: str, function: Any, *arguments: Any) -> Any:
    """Call a reader's function; raise `Hint`, with the call as `text`, if it fails, and `Gap` if it returns None."""
    expect(callable(function), translate("`{name}` should be a function."), name=text.partition("(")[0])
    try:
        result = function(*arguments)
    except (Exception, SystemExit) as error:
        raise Hint(translate("`{call}` raises `{error}`.", call=text, error=shown(error))) from None
    if _is_gap(result):
        raise Gap
    return result
