"""Hypothesis drives what atheris drives in `make fuzz`, for a few seconds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.targets import TARGETS

MARKS = ["\n", "\n\n", "\r\n", "\r", "\t", " ", "\ufeff", "-DOCSTART-", "O", "B-x", "I-x", "E-y", "U-y"]
WORDS = ["Oslo", "\ufe0f", "\u200b", "\u2028", "\x85", "e\u0301", "👩‍👩‍👧", "שלום", "東京", "-" * 8]
PIECES = [text.encode() for text in MARKS + WORDS]
BYTES = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=3))).map(b"".join)
TAGS = st.lists(st.from_regex(r"O|[BIESLU]-[xyz-]{1,2}", fullmatch=True)).map("\n".join).map(str.encode)

TEXTS = st.lists(st.sampled_from([*WORDS, "\n", " ", "don't", "e", "\U0001f600", "\ud83d"]), max_size=5).map("".join)
OFFSETS, LABELS = st.integers(-1, 9), st.sampled_from(["x", "y", "", 3])
VALUES = st.fixed_dictionaries(
    {"start": OFFSETS, "end": OFFSETS, "labels": st.lists(LABELS, min_size=1, max_size=2)}, optional={"text": TEXTS}
)
RESULTS = st.fixed_dictionaries({"type": st.sampled_from(["labels", "choices", "relation"]), "value": VALUES})
ANNOTATIONS = st.fixed_dictionaries({"was_cancelled": st.booleans(), "result": st.lists(RESULTS, max_size=2)})
RECORDS = st.one_of(
    st.fixed_dictionaries(
        {"tokens": st.lists(TEXTS, max_size=2), "tags": st.lists(TAGS.map(bytes.decode), max_size=2)}
    ),
    st.fixed_dictionaries({"text": TEXTS, "label": st.lists(st.tuples(OFFSETS, OFFSETS, LABELS), max_size=2)}),
    st.fixed_dictionaries({"data": st.fixed_dictionaries({"text": TEXTS}), "annotations": st.lists(ANNOTATIONS)}),
    st.fixed_dictionaries(
        {"text": TEXTS, "label": st.lists(VALUES), "annotation_id": st.sampled_from([None, 1]), "id": st.integers(0, 1)}
    ),
)
LINES = st.lists(RECORDS.map(json.dumps)).map("\n".join).map(str.encode)
ARRAYS = st.lists(RECORDS).map(json.dumps).map(str.encode)


@pytest.mark.parametrize("name", TARGETS)
@given(content=st.one_of(BYTES, TAGS, LINES, ARRAYS))
def test_whatever_the_bytes(name, content):
    TARGETS[name](content)
