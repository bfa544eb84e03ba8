import pytest
from bs4 import BeautifulSoup
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt
from support.hostile import BOMB
from support.tagged import ODD_TYPES

from helpers.checkpoints import find
from helpers.hub.card import public_name, write_card

RESULTS = {
    "edition": "pytorch",
    "dataset": {"name": "wnut_17", "digest": "d" * 64, "sentences": {"train": 3, "validation": 2, "test": 1}},
    "model": {"name": "bundled", "digest": "e" * 64},
    "parameters": {
        "epochs": 2,
        "learning_rate": 2e-4,
        "batch_size": 16,
        "weight_decay": 0.01,
        "seed": 42,
        "max_train_examples": 0,
        "speedups": True,
        "output_dir": "/home/ann/secret",
        "hub_model_id": "",
    },
    "test": {
        "precision": 0.5,
        "recall": 0.25,
        "f1": 1 / 3,
        "accuracy": 0.9,
        "per_type": {"person": {"precision": 0.5, "recall": 0.25, "f1": 1 / 3, "number": 4}},
    },
}


def card_of(folder, licence="apache-2.0", dataset="wnut_17", model="bundled", **test):
    changes = {
        "dataset": RESULTS["dataset"] | {"name": dataset},
        "model": RESULTS["model"] | {"name": model},
        "test": RESULTS["test"] | test,
    }
    write_card(str(folder), RESULTS | changes, licence)
    return ModelCard.load(folder / "README.md")


def test_the_head_names_data_encoder_metrics_and_licence_and_the_text_says_them(tmp_path):
    card = card_of(tmp_path)
    head = card.data
    assert (head.datasets, head.base_model, head.license) == (["wnut_17"], find.BUNDLED_NAME, "apache-2.0")
    scores = {name: RESULTS["test"][name] for name in ("precision", "recall", "f1", "accuracy")}
    assert {result.metric_type: result.metric_value for result in head.eval_results} == scores
    assert {(result.dataset_name, result.dataset_split) for result in head.eval_results} == {("wnut_17", "test")}
    for line in (
        "`wnut_17`: 3 train sentences, 2 validation sentences, 1 test sentences.",
        "| `person` | 0.500 | 0.250 | 0.333 | 4 |",
        "| all | 0.500 | 0.250 | 0.333 | 4 |",
        "- `learning_rate`: 0.0002",
        "As its encoder: `apache-2.0`",
    ):
        assert line in card.text
    assert "best valid sequence" not in card.text
    card = write_card(str(tmp_path), RESULTS | {"decoded": {"f1": 0.5}}, "mit")
    assert "that continues nothing), all entities\nhave the F1 0.500.\n\n## Training" in card.text


@pytest.mark.parametrize(
    ("name", "repository", "dataset_type"), [("klue/klue:ner", ["klue/klue"], "klue/klue"), ("sample", None, "sample")]
)
def test_the_card_names_only_repositories_as_such(tmp_path, name, repository, dataset_type):
    card = card_of(tmp_path, dataset=name)
    result = card.data.eval_results[0]
    assert (card.data.datasets, result.dataset_type, result.dataset_name) == (repository, dataset_type, name)
    assert f"`{name}`: 3 train sentences" in card.text


def test_the_language_is_named_where_it_is_known_and_a_proposal_is_no_part_of_the_encoders_name(tmp_path):
    known = RESULTS | {"dataset": RESULTS["dataset"] | {"language": "ko"}, "model": {"name": "ada/bert@refs/pr/1"}}
    card = write_card(str(tmp_path), known, "mit")
    assert (card.data.language, card.data.base_model) == ("ko", "ada/bert")
    assert "`ada/bert@refs/pr/1` with a classifier" in card.text
    assert "language" not in card_of(tmp_path).data.to_dict()


@pytest.mark.parametrize(
    ("licence", "said"),
    [
        ("unknown", "The encoder's card names no licence."),
        (["mit", "apache-2.0"], "As its encoder: `mit`, `apache-2.0`"),
    ],
)
def test_no_licence_and_several_are_said(tmp_path, licence, said):
    card = card_of(tmp_path, licence=licence)
    assert card.data.license == licence
    assert said in card.text


@pytest.mark.parametrize("where", ["/home/ann/data", "~/data", "./data", "some/where/data"])
def test_folders_are_called_by_their_own_names(tmp_path, where):
    card = card_of(tmp_path, dataset=where, model=where)
    assert card.data.datasets is None  # the Hub refuses what is no repository
    assert card.data.base_model is None
    assert card.data.eval_results[0].dataset_name == "data"
    assert "ann" not in (tmp_path / "README.md").read_text()


def test_this_folder_is_called_by_its_own_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert public_name(".") == tmp_path.name


def test_types_with_odd_names_are_told_from_the_total(tmp_path):
    types = [*ODD_TYPES, "a|b", "<script>alert(1)</script>", "---"]
    per_type = {name: {"precision": 0, "recall": 0, "f1": 0, "number": 1} for name in types}
    card = MarkdownIt("gfm-like", {"linkify": False}).render(card_of(tmp_path, per_type=per_type).text)
    rows = [row.td for row in BeautifulSoup(card, "html.parser").tbody.find_all("tr")]
    assert [cell.code and cell.code.text for cell in rows] == [*types, None]
    assert rows[-1].text == "all"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: mit\n---\n# A model\n", "mit"),
        ("# A model\n", "unknown"),
        ("---\nlicense: [\n---\n", "unknown"),
        ("---\n- a list\n---\n", "unknown"),
        ("---\nlanguage: en\n---\n", "unknown"),
        ("---\nlicense: [mit, apache-2.0]\n---\n", ["mit", "apache-2.0"]),
        ("---\nlicense: []\n---\n", "unknown"),
        ("---\nlicense: [mit, [apache-2.0]]\n---\n", "unknown"),
        ("---\nlicense: {name: mit}\n---\n", "unknown"),
        (f"---\nlicense: {BOMB}\n---\n", "unknown"),
        (f"---\nlicense: {5000 * '['}{5000 * ']'}\n---\n", "unknown"),
        (None, "unknown"),
    ],
    ids=range(12),
)
def test_the_licence_is_read_from_the_encoders_card(tmp_path, card, licence):
    assert find.licence(find.resolve_checkpoint("bundled")) == "apache-2.0"
    if card:
        (tmp_path / "README.md").write_text(card)
    assert find.licence(str(tmp_path)) == licence


@pytest.mark.parametrize(
    "name", ["<script>alert(1)<|script>", "[a](javascript:b)", "a `b`", "--- # a", "{head}", "$x$"]
)
def test_folders_with_odd_names_stay_text(tmp_path, name):
    card = card_of(tmp_path, dataset=f"./{name}", model=f"./{name}")
    page = MarkdownIt("gfm-like", {"linkify": False}).render(card.text)
    assert "<script" not in page
    assert "href" not in page
    assert card.data.model_name == f"{name}, fine-tuned on {name}"
