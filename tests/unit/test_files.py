"""Files that are written whole or not at all, and a full disk that is called one."""

import pytest

from helpers.errors import DatasetUnavailableError, DiskFullError, RunError
from helpers.files import folder_written_whole, remove_folder, room_needed

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


def test_a_folder_takes_the_place_of_an_earlier_one_and_of_what_a_killed_process_left(tmp_path):
    folder, left = tmp_path / "new" / "a", tmp_path / "new" / "a.part"
    for place in (folder, left):
        place.mkdir(parents=True)
        (place / "old").touch()
    with folder_written_whole(folder) as unfinished:
        assert not folder.exists()
        assert list(unfinished.iterdir()) == []
        (unfinished / "file").write_text("new")
        assert not folder.exists()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["new", "new/a", "new/a/file"]
    remove_folder(folder)
    remove_folder(folder)
    assert list(folder.parent.iterdir()) == []


def test_a_folder_that_cannot_be_finished_is_not_there(tmp_path):
    with pytest.raises(KeyboardInterrupt), folder_written_whole(tmp_path / "a") as unfinished:
        (unfinished / "file").touch()
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
