"""Texts with marked characters, made so that it is known what a model can learn from them."""

import json
import random

WORDS = "the a small big old new red dog cat bird tree road house river hill came went saw took left near under".split()
UNITS = ("mg", "ml", "cm", "kg")
HEADS = ("Took", "Bring", "Needs", "Add", "Found", "Gave her")
TAILS = ("daily", "before noon", "of it", "and left", "per day , not more", "again")


def coin_flips(count, seed=0):
    """Texts in which a word is marked, or a part of it, that nothing but chance has chosen."""
    draw = random.Random(seed)
    for _ in range(count):
        words = [draw.choice(WORDS) for _ in range(14)]
        chosen = draw.randrange(len(words))
        start = sum(len(word) + 1 for word in words[:chosen])
        yield " ".join(words), [(start, start + draw.randint(1, len(words[chosen])), "x")]


def doses(count, seed=0):
    """Texts in which the number of a dose is marked, and never its unit, which is written in one word with it."""
    draw = random.Random(seed)
    for _ in range(count):
        head, number = draw.choice(HEADS), str(draw.randint(2, 98))
        text = f"{head} {number}{draw.choice(UNITS)} {draw.choice(TAILS)}"
        yield text, [(len(head) + 1, len(head) + 1 + len(number), "number")]


def as_doccano(texts):
    """Write texts as doccano exports them."""
    return "".join(json.dumps({"text": text, "label": spans}) + "\n" for text, spans in texts)
