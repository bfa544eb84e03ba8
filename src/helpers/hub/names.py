"""Take names of data sets on the Hub apart."""

from typing import NamedTuple


class DatasetName(NamedTuple):
    """A data set on the Hub: the id of its repository, and which of its configurations, if one is named.

    As one text, a colon is between the two: ``owner/data:configuration``.
    """

    repository: str
    configuration: str | None

    @classmethod
    def of(cls, name: str) -> "DatasetName":
        """Take a name apart."""
        repository, _, configuration = name.partition(":")
        return cls(repository, configuration or None)
