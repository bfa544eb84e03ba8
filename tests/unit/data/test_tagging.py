import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOB1, IOBES, Entities

from helpers.data.tagging import iob2_label_names, to_iob2
from helpers.errors import UnknownTagError


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("O O", "O O"),
        ("B-x I-x O B-x", "B-x I-x O B-x"),
        ("I-x I-x B-x I-y", "B-x I-x B-x B-y"),  # IOB1
        ("S-x B-x E-x B-x I-x E-x", "B-x B-x I-x B-x I-x I-x"),  # BIOES
        ("U-x B-x L-x", "B-x B-x I-x"),  # BILOU
        ("E-x I-x", "B-x B-x"),  # an end with no start is an entity of its own
        ("B-creative-work I-creative-work", "B-creative-work I-creative-work"),
    ],
)
def test_hand_worked_examples(tags, expected):
    assert to_iob2(tags.split()) == expected.split()


@st.composite
def entities(draw):
    """Draw a sentence as a list of (type, length), None being the type of words outside of entities."""
    return draw(st.lists(st.tuples(st.sampled_from([None, "x", "y-z"]), st.integers(1, 4)), max_size=8))


def spelled(pieces, begin, inside, end, single):
    tags = []
    for kind, length in pieces:
        if kind is None:
            tags += ["O"] * length
        elif length == 1:
            tags.append(f"{single}-{kind}")
        else:
            tags += [f"{begin}-{kind}"] + [f"{inside}-{kind}"] * (length - 2) + [f"{end}-{kind}"]
    return tags


@given(entities())
def test_bioes_and_bilou_mean_what_seqeval_reads_in_them(pieces):
    for prefixes, scheme in (("BIES", IOBES), ("BILU", BILOU)):
        tags = spelled(pieces, *prefixes)
        read = [(e.tag, e.start, e.end - 1) for e in Entities([tags], scheme).entities[0]]
        assert get_entities(to_iob2(tags)) == read


@given(st.lists(st.sampled_from(["O", "B-x", "I-x", "B-y", "I-y"]), max_size=10))
def test_iob1_means_what_seqeval_reads_in_it(tags):
    # In IOB1 a B- stands only right behind an entity of the same type.
    valid = all(
        tag[0] != "B" or (i > 0 and tags[i - 1] != "O" and tags[i - 1][2:] == tag[2:]) for i, tag in enumerate(tags)
    )
    if valid:
        read = [(e.tag, e.start, e.end - 1) for e in Entities([tags], IOB1).entities[0]]
        assert get_entities(to_iob2(tags)) == read


@given(st.lists(st.sampled_from(["O", "B-x", "I-x", "E-x", "S-x", "L-y", "U-y"])))
def test_result_is_valid_iob2_and_stays_as_it_is(tags):
    converted = to_iob2(tags)
    for before, tag in zip(["O", *converted], converted, strict=False):
        assert tag[0] != "I" or (before != "O" and before[2:] == tag[2:])
    assert to_iob2(converted) == converted
    assert [tag == "O" for tag in converted] == [tag == "O" for tag in tags]


@pytest.mark.parametrize("tag", ["", "X-person", "B", "B-", "b-person", "person", "o"])
def test_other_tags_are_refused_by_name(tag):
    with pytest.raises(UnknownTagError, match=f"tag {tag!r}"):
        to_iob2(["O", tag])


def test_label_names_are_sorted_by_type():
    assert iob2_label_names({"person", "location"}) == ["O", "B-location", "I-location", "B-person", "I-person"]
