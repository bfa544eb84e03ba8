import pytest
from datasets import ClassLabel, Dataset, DatasetDict

from helpers.data.splits import common_form
from helpers.going_further.words import warn_of_marked_characters


@pytest.mark.parametrize(("marked", "printed"), [(True, "Your data mark characters;"), (False, "")])
def test_a_chapter_says_that_it_reads_words_where_the_data_mark_characters(capsys, marked, printed):
    features = common_form(ClassLabel(names=["O"]), marks_characters=marked)
    warn_of_marked_characters(DatasetDict(train=Dataset.from_dict({name: [] for name in features}, features)))
    assert capsys.readouterr().out[: len("Your data mark characters;")] == printed
