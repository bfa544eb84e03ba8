"""Hypothesis drives what atheris drives in `make fuzz`, for a few seconds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.targets import TARGETS

MARKS = ["\n", "\n\n", "\r\n", "\r", "\t", " ", "\ufeff", "-DOCSTART-", "O", "B-x", "I-x", "E-y", "U-y"]
WORDS = ["Oslo", "\ufe0f", "\u200b", "\u2028", "\x85", "e\u0301", "👩‍👩‍👧", "שלום", "東京", "-" * 8]
PIECES = [text.encode() for text in MARKS + WORDS]
BYTES = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=3))).map(b"".join)
TAGS = st.lists(st.from_regex(r"O|[BIESLU]-[xyz-]{1,2}", fullmatch=True)).map("\n".join).map(str.encode)


@pytest.mark.parametrize("name", TARGETS)
@given(content=st.one_of(BYTES, TAGS))
def test_whatever_the_bytes(name, content):
    TARGETS[name](content)
