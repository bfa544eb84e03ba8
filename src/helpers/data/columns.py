"""Choose columns by their names."""

from collections.abc import Sequence

from helpers.data.reading import listed
from helpers.errors import ParameterError
from helpers.notebook.language import translate

WORD_NAMES = (
    "tokens words word token text_tokens form text char chars character characters morph morpheme 단어 어절 형태소 음절"
    " 글자"
).split()
TAG_NAMES = (
    "ner_tags ner ner_tag nertag ner_label ner_labels ne ne_tag ne_tags netag named_entity named_entities entity"
    " entities entity_type tags labels label tag bio iob iob2 개체명 태그"
).split()  # the likeliest first
MOST_VALUES = 1000  # a column with more different ones has no tags


def columns_named(names: Sequence[str], known: Sequence[str]) -> list[int]:
    """List the columns whose names are known, however they are spelled; those first whose names are the likeliest."""
    plain = [name.strip().lower().rpartition(":")[2].replace(" ", "_").replace("-", "_") for name in names]
    return [place for each in known for place, name in enumerate(plain) if name == each]


def choose_by_name(names: Sequence[str], known: Sequence[str]) -> int | None:
    """Choose the likeliest of the columns whose names are known."""
    return next(iter(columns_named(names, known)), None)


def chosen_column(choice: str | int, names: Sequence[str], others: Sequence[int], path: object) -> int:
    """Find the column of tags that was chosen, by name or number, among some; raises `ParameterError`."""
    named = {name: place for place, name in enumerate(names)} | {str(place): place for place in others}
    if named.get(str(choice)) in others:
        return named[str(choice)]
    shown = [f"{place} ({names[place]})" if names else str(place) for place in others]
    message = translate("{path}: tag_column is {choice}; there are these columns besides that of the words: {columns}")
    raise ParameterError(message, path=path, choice=repr(choice), columns=listed(shown))
