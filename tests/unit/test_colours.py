"""Colours that stand for something, as colour-blind people see them."""

from itertools import combinations

import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from matplotlib.colors import to_rgb

from helpers.highlight import PALETTE
from helpers.plots import BLUE, GREEN, GREY, ORANGE

# Machado, Oliveira and Fernandes's model of colour vision (2009), at full severity
VISION = [None, "protanomaly", "deuteranomaly", "tritanomaly"]
SETS = {
    "highlights": PALETTE,
    "labels": (GREY, BLUE, ORANGE),
    "scores": (BLUE, ORANGE, GREEN),
}
EASILY_TOLD_APART = 10  # in CAM02-UCS, where 1 is about what can just be seen side by side


def seen(colour, vision):
    if vision is None:
        return np.array(to_rgb(colour))
    space = {"name": "sRGB1+CVD", "cvd_type": vision, "severity": 100}
    return np.clip(cspace_convert(to_rgb(colour), space, "sRGB1"), 0, 1)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", SETS)
def test_colours_are_told_apart(name, vision):
    for one, other in combinations(SETS[name], 2):
        distance = deltaE(seen(one, vision), seen(other, vision), input_space="sRGB1")
        assert distance > EASILY_TOLD_APART, (one, other)


@pytest.mark.parametrize("colour", PALETTE)
def test_black_text_stands_out_on_a_highlight(colour):
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in to_rgb(colour)]
    luminance = np.dot([0.2126, 0.7152, 0.0722], linear)
    assert (luminance + 0.05) / 0.05 >= 7  # WCAG 2.2, level AAA
