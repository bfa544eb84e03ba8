"""The profile `klue`, from end to end: Korean data, as characters, and their encoder come from a Hub, or a folder."""

import json
import subprocess

import nbformat
import pytest
import yaml
from support.editions import ONE_A_DAY, errors_of, link_project, run_command

from hub import content
from hub.conftest import settings_for
from hub.server import Hub

# Of 60 sentences, six are drawn for validation, and the validation split is the test.
SENTENCES = {"train": 54, "validation": 6, "test": 60}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    hub = Hub()
    content.add_klue(hub, content.korean_posts())
    content.add_korean_encoder(hub, tmp_path_factory.mktemp("encoder"))
    yield settings_for(hub, tmp_path_factory.mktemp("home"), patience="10")
    assert hub.unknown == []
    hub.close()


def write_folder(folder):
    """Write files as KLUE publishes them: comments, and a row for each character, spaces among them."""
    folder.mkdir()
    for split in ("train", "dev"):
        blocks = ["## a comment of KLUE's\n"]
        for number, (text, spans) in enumerate(content.korean_posts()):
            marked = text
            for start, end, label in reversed(spans):
                marked = f"{marked[:start]}<{marked[start:end]}:{label}>{marked[end:]}"
            rows = [f"{one}\t{tag}" for one, tag in zip(text, content.character_tags(text, spans), strict=True)]
            blocks.append("\n".join([f"## klue-ner-v1_{split}_{number:05}\t{marked}", *rows]) + "\n")
        (folder / f"klue-ner-v1.1_{split}.tsv").write_text("\n".join(blocks), encoding="utf-8")
    return folder


@pytest.mark.parametrize("edition", ONE_A_DAY)
@pytest.mark.parametrize("place", ["hub", "folder"])
def test_klue_is_read_learnt_and_scored_over_characters(place, edition, settings, tmp_path):
    own = {"dataset": write_folder(tmp_path / "klue")} if place == "folder" else {}
    workplace = link_project(tmp_path / "workplace")
    command = run_command(edition, "klue", epochs=1, **own)
    done = subprocess.run([*command, "--language", "ko"], cwd=workplace, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folder = workplace / "runs" / "ko" / "klue"
    results = json.loads((folder / edition / "metrics.json").read_text(encoding="utf-8"))
    assert results["dataset"]["sentences"] == SENTENCES
    assert results["dataset"]["aggregation_strategy"] == "simple"
    assert sorted(results["test"]["per_type"]) == ["LC", "OG", "PS"]
    marked = sum(len(spans) for _, spans in content.korean_posts())
    assert sum(scores["number"] for scores in results["test"]["per_type"].values()) == marked > 30
    tokenizer = json.loads((folder / edition / "model" / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert tokenizer["model_max_length"] == 512  # of 514 positions
    head = yaml.safe_load((folder / edition / "model" / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    assert (head["language"], head["license"], head["base_model"]) == ("ko", "cc-by-sa-4.0", content.KOREAN_ENCODER)
    notebook = nbformat.read(folder / f"{edition}.ipynb", as_version=4)
    assert errors_of(notebook) == []
