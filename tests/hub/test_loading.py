"""The tutorial's data set and encoder come from a Hub, whatever form they have there."""

import json
import re
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


@pytest.mark.parametrize("code", [LOAD_DATA, FIND_ENCODER], ids=["data", "encoder"])
def test_the_second_time_no_file_is_fetched(hub, client, code):
    content.add_dataset(hub)
    content.add_encoder(hub)
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


def test_an_encoder_comes_with_what_is_needed_of_it_and_anew_where_that_has_changed(hub, client):
    content.add_encoder(hub)
    here = {path.name: path.read_bytes() for path in content.TINY_ENCODER.iterdir()}
    for card in (content.ENCODER_CARD, b"# Changed\n"):
        hub.add("models", content.ENCODER).commit({"README.md": card})
        folder = Path(client.run(FIND_ENCODER).value)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == here | {"README.md": card}


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


LOAD = """
import json
dataset = load.load_ner_dataset({name!r})
print(json.dumps({{split: rows[0] | {{"rows": len(rows)}} for split, rows in dataset.items()}}))
"""


UNREACHABLE = """
from helpers.hub import fetch
def look_up(*_, **__):
    raise ConnectionError("no network")
fetch.look_up = look_up
"""


def test_a_configuration_of_characters_without_a_test_split(hub, client):
    content.add_klue(hub)
    done = client.run(LOAD.format(name="klue/klue:ner"))
    loaded = done.value
    assert {split: row.pop("rows") for split, row in loaded.items()} == {"train": 18, "validation": 2, "test": 20}
    assert loaded["test"] == {
        "id": "0",
        "tokens": ["안녕", "서울에서"],
        "ner_tags": [3, 1],
        "text": "안녕 서울에서",
        "spans": [{"start": 0, "end": 2, "label": "PS"}, {"start": 3, "end": 5, "label": "LC"}],
    }
    assert "'klue/klue:ner' has no test split: its validation split is the test, and 2 sentences" in done.output
    assert "klue/klue:ner: The words are pieces of texts" in done.output
    hub.requests.clear()
    for before in ("", UNREACHABLE):
        again = client.run(before + LOAD.format(name="klue/klue:ner"))
        assert again.value["test"] == loaded["test"] | {"rows": 20}
    assert hub.asked("/resolve/|/large/", "GET") == []


@pytest.mark.parametrize("add", [content.add_wikiann, content.add_script_of_languages])
def test_a_configuration_is_loaded_alone(hub, client, add):
    add(hub)
    name = content.WIKIANN if add is content.add_wikiann else "somebody/languages"
    loaded = client.run(LOAD.format(name=f"{name}:ko")).value
    row = {"id": "0", "tokens": ["ko", "Mo"], "ner_tags": [0, 1], "rows": 1}
    assert loaded == {"train": row, "validation": row, "test": row}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "unimelb-nlp/wikiann",
            r"has 12 configurations\. Name one after a colon, as in '{name}:ko': ko, x00, (x\d\d, ){8}and 2 more",
        ),
        ("unimelb-nlp/wikiann:xx", r"has 12 configurations\. Name one after a colon, as in '{name}:ko': ko, x00"),
        ("somebody/languages", r"has 2 configurations\. Name one after a colon, as in '{name}:de': de, ko"),
        ("somebody/languages:xx", r"has 2 configurations\. Name one after a colon, as in '{name}:de': de, ko"),
        ("klue/klue:sts", r"has the columns \['score', 'sentence1'\]; needed are words and their tags"),
    ],
)
def test_a_configuration_that_is_missing_is_told_with_those_that_are_there(hub, client, name, message):
    content.add_wikiann(hub)
    content.add_script_of_languages(hub)
    content.add_klue(hub)
    message = message.replace("{name}", name.partition(":")[0])
    assert re.search(message, client.run(LOAD.format(name=name)).message)


WRITABLE = "from helpers.notebook.startup import use_writable_caches; use_writable_caches()\n"


@pytest.mark.parametrize("code", [LOAD_DATA, FIND_ENCODER], ids=["data", "encoder"])
def test_without_a_cache_that_can_be_written_to_a_temporary_one_is_used(hub, client, code):
    """Although the clients have been imported before, as they may be in a notebook."""
    content.add_dataset(hub)
    content.add_encoder(hub)
    client.home.touch()  # a file in place of the folder
    done = client.run(WRITABLE + code)
    client.home.unlink()
    assert done.value
    assert f"The cache {client.home} cannot be written to or is full: " in done.output


def test_what_was_fetched_is_still_read_from_a_disk_that_is_full(hub, client, small_disk):
    content.add_encoder(hub)
    disk = small_disk(client.home, "30m")
    first = client.run(FIND_ENCODER).value
    disk.fill()
    assert client.run(WRITABLE + FIND_ENCODER).value == first
