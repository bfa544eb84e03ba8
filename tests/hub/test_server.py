"""The test Hub itself, asked by the Hub's own client."""

import pytest
from huggingface_hub import HfApi, HfFileSystem
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

from helpers.hub.failures import httpx
from hub import content

COPY = "refs/convert/parquet"


@pytest.fixture
def api(hub):
    content.add_script(hub, with_copy=True)
    return HfApi(endpoint=hub.url, token=False)


def test_branches_and_folders_are_listed_page_by_page(hub, api):
    repository = hub.repositories["datasets", content.DATASET]
    refs = api.list_repo_refs(content.DATASET, repo_type="dataset")
    assert {ref.ref: ref.target_commit for ref in [*refs.branches, *refs.converts]} == repository.branches
    assert [ref.ref for ref in refs.converts] == [COPY]
    entries = list(api.list_repo_tree(content.DATASET, recursive=True, repo_type="dataset", revision=COPY))
    files = repository.at(COPY)[1]
    folders = {"wnut_17", *(f"wnut_17/{split}" for split in content.SENTENCES)}
    assert {entry.path for entry in entries} == folders | {*files}
    found = {entry.path: entry.lfs.sha256 for entry in entries if getattr(entry, "lfs", None)}
    assert found == {path: file.sha256 for path, file in files.items() if file.is_large}
    assert len(hub.asked("/tree/")) == 3  # of 3, 3 and 1 entries
    top = list(api.list_repo_tree(content.DATASET, repo_type="dataset", revision=COPY))
    assert [entry.path for entry in top] == ["wnut_17"]
    asked = ["README.md", "wnut_17/train", "missing"]
    found = api.get_paths_info(content.DATASET, asked, repo_type="dataset", revision=COPY)
    assert [(type(entry).__name__, entry.path) for entry in found] == [("RepoFolder", "wnut_17/train")]


def test_what_is_missing_is_named_as_the_clients_expect(api):
    with pytest.raises(RepositoryNotFoundError):
        api.dataset_info("nothing/here")
    with pytest.raises(RevisionNotFoundError):
        api.dataset_info(content.DATASET, revision="nowhere")
    with pytest.raises(EntryNotFoundError):
        list(api.list_repo_tree(content.DATASET, "nowhere", repo_type="dataset"))


@pytest.mark.parametrize("branch", ["main", COPY])
def test_any_part_of_a_file_can_be_read(hub, api, branch):
    files = hub.repositories["datasets", content.DATASET].at(branch)[1]
    system = HfFileSystem(endpoint=hub.url, token=False)
    for path, file in files.items():
        read = system.read_block(f"datasets/{content.DATASET}@{branch.replace('/', '%2F')}/{path}", 3, 10)
        assert read == file.content[3:13]
    assert all(request.headers["range"].startswith("bytes=3-") for request in hub.asked("/resolve/", "GET"))
    answer = httpx.get(f"{hub.url}/datasets/{content.DATASET}/resolve/main/README.md", headers={"Range": "bytes=999-"})
    size = len(hub.repositories["datasets", content.DATASET].contents["README.md"])
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{size}")
