"""Tagged sentences at random, and types with odd names."""

from hypothesis import strategies as st

# Names of entity types that are also the names of something else: of a tag, of a total, or of a score
ODD_TYPES = (
    *("O", "B", "_", "B-O", "none", "(none)", "all", "(all)"),
    *("micro avg", "macro avg", "weighted avg", "x avg", "per_type", "number"),
    *("accuracy", "f1", "overall_f1", "overall_accuracy", "nan", "null", "items"),
)


@st.composite
def tagged_pairs(draw, names=("O", "B-x", "I-x", "B-y", "I-y")):
    lengths = draw(st.lists(st.integers(1, 8), min_size=1, max_size=5))
    tags = st.sampled_from(names)
    return tuple([draw(st.lists(tags, min_size=n, max_size=n)) for n in lengths] for _ in range(2))
