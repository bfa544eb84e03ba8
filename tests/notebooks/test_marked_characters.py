"""The lesson on data that mark characters, whose entities all end inside of words."""

import json
import re
import subprocess

import nbformat
import pytest
from support.editions import python_of
from support.marked_corpora import as_doccano, doses

from helpers.data.load import load_ner_dataset
from helpers.notebook.editions import EDITIONS

SETTINGS = {"model": "bundled", "epochs": 3, "learning_rate": 2e-4, "batch_size": 16, "max_train_examples": 0}

# Prints what a saved model finds in texts: their numbers, and where each entity begins and ends.
PIPELINE = """
import json, os, sys
os.environ["TF_USE_LEGACY_KERAS"] = "1"
from transformers import __version__, pipeline
framework = {"framework": "tf"} if __version__.startswith("4.") else {}
classify = pipeline("ner", model=sys.argv[1], aggregation_strategy="simple", **framework)
texts = enumerate(json.loads(sys.argv[2]))
print(json.dumps([[number, int(span["start"]), int(span["end"])] for number, text in texts for span in classify(text)]))
"""


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "doses.jsonl"
    path.write_text(as_doccano(doses(300)), encoding="utf-8")
    return path


@pytest.mark.parametrize("edition", EDITIONS)
def test_each_edition_finds_them_and_a_pipeline_finds_the_same(workplace, export, edition):
    settings = [word for name, value in SETTINGS.items() for word in ("-p", name, str(value))]
    command = [python_of(edition), "-m", "helpers.run", "--profile", "smoke", "--edition", edition]
    done = subprocess.run([*command, "-p", "dataset", export, *settings], cwd=workplace, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folder = workplace / "runs" / "smoke"
    results = json.loads((folder / edition / "metrics.json").read_text(encoding="utf-8"))
    assert results["test"]["f1"] > 0.9

    test = load_ner_dataset(str(export), seed=42)["test"]
    true = {(number, span["start"], span["end"]) for number, row in enumerate(test) for span in row["spans"]}
    command = [python_of(edition), "-c", PIPELINE, folder / edition / "model", json.dumps(test["text"][:])]
    found = set(map(tuple, json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)))
    assert 2 * len(found & true) / (len(found) + len(true)) == pytest.approx(results["test"]["f1"])
    card = (folder / edition / "model" / "README.md").read_text(encoding="utf-8")
    assert '`pipeline("ner", aggregation_strategy="simple")`' in card

    notebook = nbformat.read(folder / f"{edition}.ipynb", as_version=4)
    shown = "\n".join(str(output) for cell in notebook.cells for output in cell.get("outputs", []))
    assert re.search(r"<mark[^>]*>\d\d?<span[^>]*>&NoBreak;number</span></mark>(mg|ml|cm|kg) ", shown)
