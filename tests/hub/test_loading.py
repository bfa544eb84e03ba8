"""The tutorial's data set and encoder come from a Hub, whatever form they have there."""

import json
import re
from pathlib import Path

import pytest

from helpers.data.load import dataset_digest
from hub import content
from hub.content import CODE, FIND_ENCODER, LOAD_DATA

UNREACHABLE = """
from helpers.hub import fetch
def look_up(*_, **__):
    raise ConnectionError("no network")
fetch.look_up = look_up
"""


def assert_loaded(done):
    assert done.value == {"digest": dataset_digest(content.sentences()), "sizes": content.SENTENCES}


def test_parquet_files_on_the_main_branch(hub, client):
    content.add_dataset(hub)
    assert_loaded(client.run(LOAD_DATA))


def test_the_copy_is_taken_where_there_is_a_script(hub, client):
    content.add_script(hub, with_copy=True)
    assert_loaded(client.run(LOAD_DATA))
    again = client.run(LOAD_DATA)
    assert_loaded(again)
    assert len(again.output.splitlines()) == 1  # no warning
    assert hub.asked(r"\.py$", "GET") == []  # nor was the script fetched


def test_a_script_and_nothing_else_is_one_clear_message(hub, client):
    content.add_script(hub, with_copy=False)
    message = client.run(LOAD_DATA).message
    assert message.startswith("DatasetUnavailableError: the data set 'wnut_17' is a loading script, wnut_17.py, and no")
    assert "put its sentences into a folder of CoNLL files" in message


def test_a_data_set_that_has_moved_is_found(hub, client):
    content.add_dataset(hub, "somebody/names")
    assert_loaded(client.run(LOAD_DATA))


def test_the_second_time_no_file_is_fetched(hub, client, what):
    first = client.run(CODE[what]).value
    hub.requests.clear()
    assert client.run(CODE[what]).value == first
    assert hub.requests != []
    assert hub.asked("/resolve/|/large/", "GET") == []


@pytest.mark.parametrize("code", CODE.values(), ids=CODE)
def test_a_name_that_the_hub_does_not_have(hub, client, code):
    message = client.run(code).message
    assert "is no folder here" in message
    assert "the Hub has none of that name that you may read. Check the name" in message
    content.add_dataset(hub)
    content.add_encoder(hub)
    assert client.run(code).status == 0


def test_an_encoder_comes_with_what_is_needed_of_it_and_anew_where_that_has_changed(hub, client):
    content.add_encoder(hub)
    for card in (content.ENCODER_CARD, b"# Changed\n"):
        hub.add("models", content.ENCODER).commit({"README.md": card})
        folder = Path(client.run(FIND_ENCODER).value)
        assert content.contents(folder) == content.contents(content.TINY_ENCODER) | {"README.md": card}


def test_an_encoder_whose_safetensors_are_only_proposed_is_loaded_by_the_number_of_the_pull_request(hub, client):
    """As KoELECTRA, which has a pickle on its main branch."""
    files = content.contents(content.TINY_ENCODER)
    weights = files.pop("model.safetensors")
    repository = hub.add("models", content.ENCODER)
    repository.commit(files | {"pytorch_model.bin": b"a pickle"})
    assert "name it behind the model, as in owner/model@refs/pr/1" in client.run(FIND_ENCODER).message
    repository.commit(files | {"model.safetensors": weights}, "refs/pr/1")
    proposed = FIND_ENCODER.replace(content.ENCODER, f"{content.ENCODER}@refs/pr/1")
    folder = Path(client.run(proposed).value)
    assert content.contents(folder) == files | {"model.safetensors": weights}
    assert client.run(UNREACHABLE + proposed).value == str(folder)


def test_an_encoder_with_code_of_its_own_is_refused(hub, client):
    content.add_encoder(hub)
    repository = hub.repositories["models", content.ENCODER]
    config = json.loads(repository.contents["config.json"]) | {"auto_map": {"AutoModel": "modeling.Model"}}
    repository.commit({"config.json": json.dumps(config).encode(), "modeling.py": content.SCRIPT})
    message = client.run(FIND_ENCODER).message
    assert message.startswith(f"UnsafeCheckpointError: the checkpoint '{content.ENCODER}' is not loaded: 'auto_map'")
    assert hub.asked(r"\.py$", "GET") == []


@pytest.mark.parametrize("where", ["{0}/*", "file://{0}/*", "hf://datasets/somebody/private/data/*", "../../../{0}/*"])
def test_a_card_that_leads_out_of_its_repository_is_refused(hub, client, tmp_path, where):
    """datasets does that itself, from 5.0.1 on."""
    for path, file in content.parquet_files("{split}.parquet").items():
        (tmp_path / path).write_bytes(file)
    content.add_dataset(hub, "somebody/private")
    places = {split: where.format(tmp_path).replace("*", f"{split}*") for split in content.SENTENCES}
    hub.add("datasets", content.DATASET).commit({"README.md": content.card({"default": places})})
    hub.moved["datasets", content.SHORT_NAME] = content.DATASET
    message = client.run(LOAD_DATA).message
    assert message.startswith(f"DatasetUnavailableError: the data set '{content.SHORT_NAME}'")


LOAD = """
import json
dataset = load.load_ner_dataset({name!r})
print(json.dumps({{split: rows[0] | {{"rows": len(rows)}} for split, rows in dataset.items()}}))
"""


def test_a_configuration_of_characters_without_a_test_split(hub, client):
    content.add_klue(hub)
    done = client.run(LOAD.format(name="klue/klue:ner"))
    loaded = done.value
    assert {split: row.pop("rows") for split, row in loaded.items()} == {"train": 18, "validation": 2, "test": 20}
    spans = [{"start": 0, "end": 2, "label": "PS"}, {"start": 3, "end": 5, "label": "LC"}]
    expected = {"id": "0", "tokens": ["안녕", "서울에서"], "ner_tags": [3, 1], "text": "안녕 서울에서", "spans": spans}
    assert loaded["test"] == expected
    assert "'klue/klue:ner' has no test split: its validation split is the test, and 2 sentences" in done.output
    assert "klue/klue:ner: The words are pieces of texts" in done.output
    hub.requests.clear()
    for before in ("", UNREACHABLE):
        again = client.run(before + LOAD.format(name="klue/klue:ner"))
        assert again.value["test"] == loaded["test"] | {"rows": 20}
    assert hub.asked("/resolve/|/large/", "GET") == []


OF_WIKIANN = r"has 12 configurations\. Name one after a colon, as in 'unimelb-nlp/wikiann:ko': ko, x00, "
OF_SCRIPT = r"has 2 configurations\. Name one after a colon, as in 'somebody/languages:de': de, ko"


@pytest.mark.parametrize(
    ("add", "name", "message"),
    [
        (content.add_wikiann, "unimelb-nlp/wikiann:ko", None),
        (content.add_script_of_languages, "somebody/languages:ko", None),
        (content.add_wikiann, "unimelb-nlp/wikiann", OF_WIKIANN + r"(x\d\d, ){8}and 2 more"),
        (content.add_wikiann, "unimelb-nlp/wikiann:xx", OF_WIKIANN),
        (content.add_script_of_languages, "somebody/languages", OF_SCRIPT),
        (content.add_script_of_languages, "somebody/languages:xx", OF_SCRIPT),
        (content.add_klue, "klue/klue:sts", r"has the columns \['score', 'sentence1'\]; needed are words and their"),
    ],
)
def test_a_configuration_is_loaded_alone_and_one_that_is_missing_told_with_those_there_are(
    hub, client, add, name, message
):
    add(hub)
    done = client.run(LOAD.format(name=name))
    if message:
        assert re.search(message, done.message)
    else:
        row = {"id": "0", "tokens": ["ko", "Mo"], "ner_tags": [0, 1], "rows": 1}
        assert done.value == dict.fromkeys(content.SENTENCES, row)


WRITABLE = "from helpers.notebook.startup import use_writable_caches; use_writable_caches()\n"


def test_without_a_cache_that_can_be_written_to_a_temporary_one_is_used(client, what):
    """Although the clients have been imported before, as they may be in a notebook."""
    client.home.touch()  # a file in place of the folder
    done = client.run(WRITABLE + CODE[what])
    client.home.unlink()
    assert done.value
    assert f"The cache {client.home} cannot be written to or is full: " in done.output


def test_what_was_fetched_is_still_read_from_a_disk_that_is_full(hub, client, small_disk):
    content.add_encoder(hub)
    disk = small_disk(client.home, "30m")
    first = client.run(FIND_ENCODER).value
    disk.fill()
    assert client.run(WRITABLE + FIND_ENCODER).value == first
