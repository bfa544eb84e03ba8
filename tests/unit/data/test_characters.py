import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers.data.characters import are_pieces, join_pieces
from helpers.errors import MalformedDataError


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["김", " ", "씨"], True),
        (["김", "씨"], False),  # Chinese data have no spaces
        (["In", " ", "Oslo"], False),
        (["a", " ", "b", *"c" * 40, "http"], True),
        ([" "], False),
        ([], False),
    ],
)
def test_pieces_are_told_from_words(words, expected):
    assert are_pieces(iter(words)) is expected


def test_an_entity_of_spaces_is_refused_with_its_place():
    with pytest.raises(MalformedDataError, match=r"here: the span 'x' from 1 to 2, ' ', covers no word"):
        join_pieces(["a", " ", "b"], ["O", "B-x", "O"], "here")


@given(st.lists(st.tuples(st.sampled_from(["가", "나다", "b.", "x y z"]), st.sampled_from([None, "x"]), st.booleans())))
@example([("오에 겐자", "x", False), ("는", None, True), ("가", "y", False), (".", "y", False)])
def test_every_entity_covers_its_characters(drawn):
    pieces, tags = [], []
    for word, label, ends_with_space in drawn:
        inside = [f"I-{label}" if label else "O"] * len(word)
        pieces += [*word, " "] if ends_with_space else word
        tags += [f"B-{label}" if label else "O", *inside[1:]] + ["O"] * ends_with_space
    found = [(each.text[start:end], label) for each in join_pieces(pieces, tags) for start, end, label in each.spans]
    assert found == [(word, label) for word, label, _ in drawn if label]
