"""Check the answers to the quiz."""

from importlib.resources import files
from typing import Any

import yaml

from helpers.exercises.feedback import as_list, expect, gives_feedback, number
from helpers.notebook import language
from helpers.notebook.language import translate

QUESTIONS = yaml.safe_load(files("helpers.exercises").joinpath("quiz.yaml").read_text(encoding="utf-8"))


@gives_feedback
def check_question(my_answer: Any, question: str) -> str:
    """Check the answer to a question of the quiz: a number, the letter of a choice, or a short list."""
    right, why, hints = QUESTIONS[question].values()
    if isinstance(right, str):
        answer = my_answer.strip(" ().").lower() if isinstance(my_answer, str) else my_answer
        expect(answer in list("abcd"), translate("Answer with one of the letters, such as `a`, between quotes."))
    else:
        answer = (as_list if isinstance(right, list) else number)("my_answer", my_answer)
    hint = hints["else"] if isinstance(right, list) else hints.get(answer, hints["else"])
    expect(answer == right, language.translate(hint))  # which build.py finds in the table
    return language.translate(why)
