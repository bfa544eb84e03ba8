"""Files that are written whole or not at all, and a full disk that is called one."""

import pytest

from helpers.exceptions import DatasetUnavailableError, DiskFullError, RunError
from helpers.files import room_needed

ELSEWHERE = "the data cannot be copied to the folder for temporary files: [Errno 28] No space left on device: '/tmp/x'"


@pytest.mark.parametrize(
    "error", [DatasetUnavailableError(ELSEWHERE), RunError(f"cell 9 failed\nDatasetUnavailableError: {ELSEWHERE}")]
)
def test_an_error_with_a_name_keeps_it_as_the_full_disk_may_be_another(tmp_path, error):
    with pytest.raises(type(error), match="folder for temporary files"), room_needed(tmp_path):
        raise error


def test_an_error_without_a_name_gets_one(tmp_path):
    with pytest.raises(DiskFullError, match=f"the disk of {tmp_path} is full"), room_needed(tmp_path):
        raise RuntimeError("somewhere inside: No space left on device (os error 28)")
