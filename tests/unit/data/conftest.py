import pytest

from helpers.data.files import read_documents
from helpers.data.reading import Choices


@pytest.fixture
def read_sentences(tmp_path):
    """Write a file and read it."""

    def read(content: str | bytes, name: str, **choices):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [sentence for document in read_documents(path, Choices(**choices)) for sentence in document]

    return read


@pytest.fixture
def read_pairs(read_sentences):
    """The same, but only the words and tags of each sentence."""
    return lambda content, name, **choices: [sentence[:2] for sentence in read_sentences(content, name, **choices)]
