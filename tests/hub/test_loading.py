"""The tutorial's data set and encoder come from a Hub, whatever form they have there."""

import json
from pathlib import Path

import pytest

from hub import content
from hub.content import FIND_ENCODER, LOAD_DATA


@pytest.fixture(scope="module")
def expected():
    from helpers.data.load import dataset_digest

    return {"digest": dataset_digest(content.sentences()), "sizes": content.SENTENCES}


def test_parquet_files_on_the_main_branch(hub, client, expected):
    content.add_dataset(hub)
    assert client.run(LOAD_DATA).value == expected


def test_the_copy_is_taken_where_there_is_a_script(hub, client, expected):
    content.add_script(hub, with_copy=True)
    assert client.run(LOAD_DATA).value == expected
    again = client.run(LOAD_DATA)
    assert again.value == expected
    assert len(again.output.splitlines()) == 1  # no warning
    assert hub.asked(r"\.py$", "GET") == []  # nor was the script fetched


def test_a_script_and_nothing_else_is_one_clear_message(hub, client):
    content.add_script(hub, with_copy=False)
    message = client.run(LOAD_DATA).message
    assert message.startswith("DatasetUnavailableError: the data set 'wnut_17' is a loading script, wnut_17.py, and no")
    assert "put its sentences into a folder of CoNLL files" in message


def test_a_data_set_that_has_moved_is_found(hub, client, expected):
    content.add_dataset(hub, "somebody/names")
    assert client.run(LOAD_DATA).value == expected


def test_an_encoder_comes_with_what_is_needed_of_it(hub, client):
    content.add_encoder(hub)
    folder = Path(client.run(FIND_ENCODER).value)
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    here = {path.name: path.read_bytes() for path in content.TINY_ENCODER.iterdir()}
    assert found == here | {"README.md": content.ENCODER_CARD}


def test_the_second_time_no_file_is_fetched(hub, client):
    content.add_dataset(hub)
    content.add_encoder(hub)
    for code in (LOAD_DATA, FIND_ENCODER):
        first = client.run(code).value
        hub.requests.clear()
        assert client.run(code).value == first
        assert hub.requests != []
        assert hub.asked("/resolve/|/large/", "GET") == []


@pytest.mark.parametrize("code", [LOAD_DATA, FIND_ENCODER], ids=["data", "encoder"])
def test_a_name_that_the_hub_does_not_have(hub, client, code):
    message = client.run(code).message
    assert "is no folder here" in message
    assert "the Hub has none of that name that you may read. Check the name" in message
    content.add_dataset(hub)
    content.add_encoder(hub)
    assert client.run(code).status == 0


def test_a_changed_repository_is_fetched_anew(hub, client):
    content.add_encoder(hub)
    before = client.run(FIND_ENCODER).value
    hub.add("models", content.ENCODER).commit({"README.md": b"# Changed\n"})
    after = client.run(FIND_ENCODER).value
    assert after != before
    assert Path(after, "README.md").read_bytes() == b"# Changed\n"


def test_an_encoder_with_code_of_its_own_is_refused(hub, client):
    content.add_encoder(hub)
    repository = hub.repositories["models", content.ENCODER]
    config = json.loads(repository.contents["config.json"]) | {"auto_map": {"AutoModel": "modeling.Model"}}
    repository.commit({"config.json": json.dumps(config).encode(), "modeling.py": content.SCRIPT})
    message = client.run(FIND_ENCODER).message
    assert message.startswith(f"UnsafeCheckpointError: the checkpoint '{content.ENCODER}' is not loaded: 'auto_map'")
    assert hub.asked(r"\.py$", "GET") == []


@pytest.mark.parametrize(
    "where", ["{folder}/*", "file://{folder}/*", "hf://datasets/{other}/data/*", "../../../{folder}/*"]
)
def test_a_card_that_leads_out_of_its_repository_is_refused(hub, client, tmp_path, where):
    """datasets does that itself, from 5.0.1 on."""
    for path, content_ in content.parquet_files("{split}.parquet").items():
        (tmp_path / path).write_bytes(content_)
    content.add_dataset(hub, "somebody/private")
    path = where.format(folder=tmp_path, other="somebody/private")
    files = "".join(f"  - split: {split}\n    path: {path.replace('*', f'{split}*')}\n" for split in content.SENTENCES)
    card = f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n"
    hub.add("datasets", content.DATASET).commit({"README.md": card.encode()})
    hub.moved["datasets", content.SHORT_NAME] = content.DATASET
    message = client.run(LOAD_DATA).message
    assert message.startswith(f"DatasetUnavailableError: the data set '{content.SHORT_NAME}'")
