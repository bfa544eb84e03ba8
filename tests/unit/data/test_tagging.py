import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOB1, IOBES, Entities

from helpers.data.tagging import STANDARD, TagForm, as_sentence
from helpers.errors import UnknownTagError


@st.composite
def entities(draw):
    """Draw a sentence as a list of (type, length), None being the type of words outside of entities."""
    return draw(st.lists(st.tuples(st.sampled_from([None, "x", "y-z"]), st.integers(1, 4)), max_size=8))


def spelled(pieces, begin, inside, end, single):
    tags = []
    for kind, length in pieces:
        prefixes = [single] if length == 1 else [begin, *inside * (length - 2), end]
        tags += [f"{prefix}-{kind}" if kind else "O" for prefix in prefixes]
    return tags


def same_as_seqeval_reads(form, tags, scheme, scheme_tags=None):
    read = Entities([scheme_tags or tags], scheme).entities[0]
    return get_entities(form.to_iob2(tags)) == [(each.tag, each.start, each.end - 1) for each in read]


@given(entities())
def test_schemes_mean_what_seqeval_reads_in_them(pieces):
    assert same_as_seqeval_reads(STANDARD, spelled(pieces, *"BIES"), IOBES)
    assert same_as_seqeval_reads(STANDARD, spelled(pieces, *"BILU"), BILOU)
    # Types alone are the entities of IOB1
    types = ["x", "O", "place", *(kind or "O" for kind, length in pieces for _ in range(length))]
    iob1 = ["O" if kind == "O" else f"I-{kind}" for kind in types]
    assert same_as_seqeval_reads(TagForm.likely(types), types, IOB1, iob1)


@given(st.lists(st.sampled_from(["O", "B-x", "I-x", "E-x", "S-x", "L-y", "U-y"])))
def test_result_is_valid_iob2_and_stays_as_it_is(tags):
    converted = STANDARD.to_iob2(tags)
    for before, tag in zip(["O", *converted], converted, strict=False):
        assert tag[0] != "I" or (before != "O" and before[2:] == tag[2:])
    assert STANDARD.to_iob2(converted) == converted
    assert [tag == "O" for tag in converted] == [tag == "O" for tag in tags]


SPELLINGS = {
    "B_type": lambda prefix, kind: f"{prefix}_{kind}",
    "type-B": lambda prefix, kind: f"{kind}-{prefix}",
    "B-type, I": lambda prefix, kind: f"{prefix}-{kind}" if prefix == "B" else prefix,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(entities())
def test_other_spellings_mean_the_same_as_iob2(spelling, pieces):
    pieces = [("x", 2), *pieces]  # both prefixes of one type, as a file has them
    iob2 = spelled(pieces, "B", "I", "I", "B")
    written = [tag if tag == "O" else SPELLINGS[spelling](tag[0], tag[2:]) for tag in iob2]
    assert TagForm.likely(written).to_iob2(written) == iob2


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("I-x I-x B-x I-y", "B-x I-x B-x B-y"),  # IOB1
        ("S-x B-x E-x B-x I-x E-x", "B-x B-x I-x B-x I-x I-x"),  # BIOES
        ("U-x B-x L-x", "B-x B-x I-x"),  # BILOU
        ("B-x M-x E-x S-x O", "B-x I-x I-x B-x O"),  # BMES
        ("E-x I-x", "B-x B-x"),  # an end with no start is an entity of its own
        ("O PER PER LOC", "O B-PER I-PER B-LOC"),  # types alone
        ("O E-mail S-bahn place", "O B-E-mail B-S-bahn B-place"),
        ("O vitamin-B vitamin-B", "O B-vitamin-B I-vitamin-B"),
        ("B I O B B", "B-entity I-entity O B-entity B-entity"),
        ("B-OG I I O B-PS", "B-OG I-OG I-OG O B-PS"),
        ("PER_B PER_I - LOC_B", "B-PER I-PER O B-LOC"),
        ("A-b-B A-b-I O", "B-A-b I-A-b O"),
        ("_ PER _", "O B-PER O"),
        ("* B-x I-x", "O B-x I-x"),
        ("O B-PER I-PER\u00a0 I-PER O\u00a0", "O B-PER I-PER I-PER O"),
    ],
)
def test_the_form_of_all_tags_decides_how_one_is_read(tags, expected):
    tags = [tag.replace("\u00a0", " ") for tag in tags.split(" ")]
    rewritten = sum(before != after for before, after in zip(tags, expected.split(), strict=True))
    assert as_sentence(tags, tags, TagForm.likely(reversed(tags))) == (tags, expected.split(), rewritten, None, ())


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ("O PER B-PER", "'PER' is neither O nor of the form that the other tags have: B-type, I-type"),
        ("O B-x I_x", "'I_x' is neither"),
        ("O B-x Q-x", "'Q-x' is neither"),
        ("PER LOC", "'PER' is neither"),  # parts of speech look like that, too
        ("O _ B-x", "'_' is neither"),
        ("O PER_B PER_I LOC", "'LOC' is neither O nor of the form .*: type_B, type_I"),
        ("O E-mail", "'E-mail' may be an entity type"),
        ("O 1 2", "'1' is a number"),
        ("(PER* *) O", r"'\(PER\*' is neither"),
        ("O I B-x", "'I' at word 2 .* continues no entity"),
    ],
)
def test_what_fits_no_form_is_refused_by_name(tags, message):
    with pytest.raises(UnknownTagError, match=f"tag {message}"):
        TagForm.likely(tags.split()).to_iob2(tags.split())
