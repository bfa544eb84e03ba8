"""Colours that stand for something, as colour-blind people see them."""

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from matplotlib.colors import to_rgb
from support.browsing import contrast

from helpers.highlight import PALETTE
from helpers.plots import BLUE, GREEN, GREY, ORANGE

# Machado, Oliveira and Fernandes's model of colour vision (2009), at full severity
VISION = [None, "protanomaly", "deuteranomaly", "tritanomaly"]
SETS = {
    "highlights": PALETTE,
    "labels": (GREY, *PALETTE),
    "scores": (BLUE, ORANGE, GREEN),
}
(DARK,) = re.findall(r"background: light-dark\(#fff, (#\w+)\)", (files("helpers.run") / "page.css").read_text("utf-8"))
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
def test_a_types_colour_stands_out_from_its_text_and_its_surroundings(colour):
    assert contrast(colour, "#000") >= 7  # WCAG 2.2, level AAA, for text
    assert contrast(colour, DARK) >= 3  # level AA, for what is no text
    # No colour has 7 to black and more than 3 to white, so that on white it has an edge.
    assert contrast(GREY, "#fff") >= 3
