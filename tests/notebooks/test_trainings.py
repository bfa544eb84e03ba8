"""What the lesson's trainings lead to: they learn, the same twice, or stop where they diverge."""

import json
import os
import re
import subprocess

import pytest
from support.editions import ONE_A_DAY, link_project, outputs_of, python_of, read_notebook, run, run_whole
from support.marked_corpora import as_doccano, doses

from helpers.data.load import load_ner_dataset
from helpers.metrics import SCORES
from helpers.notebook.editions import MAIN
from helpers.notebook.results import read_results

SENTENCES = {"train": 1200, "validation": 300, "test": 300}
WITHOUT_BFLOAT16 = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}
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


@pytest.fixture(params=ONE_A_DAY)
def edition(request):
    return request.param


@pytest.fixture(scope="module")
def slice_of_wnut17(wnut17_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("slice")
    for split, count in SENTENCES.items():
        lines = (wnut17_folder / f"{split}.conll").read_text(encoding="utf-8").split("\n")
        sentences = "\n".join(line.strip() for line in lines).split("\n\n")[:count]
        (folder / f"{split}.conll").write_text("\n\n".join(sentences) + "\n", encoding="utf-8")
    return folder


@pytest.mark.weekly
def test_a_real_training_run_learns(workplace, slice_of_wnut17, edition):
    folder = run_whole(workplace, edition, "wnut17_bundled", dataset=slice_of_wnut17, epochs=2, learning_rate=2.0e-4)
    results = read_results(folder / edition)
    assert results["dataset"]["sentences"] == SENTENCES
    assert results["test"]["f1"] > 0.15  # where a model that answers O throughout has 0
    losses = [epoch["training_loss"] for epoch in results["history"]]
    assert losses[1] < 0.7 * losses[0]


@pytest.mark.weekly
def test_whoever_follows_the_text_gets_a_model_that_finds_names(workplace, edition):
    """The profile sets what the lesson advises where there is no network, and nothing else."""
    results = read_results(run_whole(workplace, edition, "sample") / edition)
    assert (results["parameters"]["dataset"], results["parameters"]["model"]) == ("sample", "bundled")
    assert results["test"]["f1"] > 0.3


@pytest.mark.weekly
def test_each_edition_finds_entities_inside_of_words_and_a_pipeline_finds_the_same(workplace, tmp_path, edition):
    export = tmp_path / "doses.jsonl"
    export.write_text(as_doccano(doses(300)), encoding="utf-8")
    settings = {"model": "bundled", "epochs": 3, "learning_rate": 2e-4, "batch_size": 16, "max_train_examples": 0}
    folder = run_whole(workplace, edition, dataset=export, **settings)
    scores = read_results(folder / edition)["test"]
    assert scores["f1"] > 0.9

    test = load_ner_dataset(str(export), seed=42)["test"]
    true = {(number, span["start"], span["end"]) for number, row in enumerate(test) for span in row["spans"]}
    command = [python_of(edition), "-c", PIPELINE, folder / edition / "model", json.dumps(test["text"][:])]
    found = set(map(tuple, json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)))
    assert 2 * len(found & true) / (len(found) + len(true)) == pytest.approx(scores["f1"])
    card = (folder / edition / "model" / "README.md").read_text(encoding="utf-8")
    assert '`pipeline("ner", aggregation_strategy="simple")`' in card
    shown = "\n".join(map(str, outputs_of(read_notebook(folder / f"{edition}.ipynb"))))
    assert re.search(r"<mark[^>]*>\d\d?<span[^>]*>&NoBreak;number</span></mark>(mg|ml|cm|kg) ", shown)


def test_a_training_that_diverges_stops_after_the_epoch_and_leaves_no_model(tmp_path, edition):
    done = run(link_project(tmp_path), edition, learning_rate=1e30)
    assert done.returncode == 1
    assert "\nTrainingDivergedError: the training has diverged: after epoch 1, the validation loss is" in done.stderr
    assert "Traceback" not in done.stderr
    folder = tmp_path / "runs" / "smoke" / f"{edition}.unfinished"
    left = {path.name for path in folder.rglob("*") if path.is_file()}
    assert "label_counts.png" in left
    assert not {name for name in left if name.endswith((".safetensors", ".h5", ".bin", ".json"))}


@pytest.mark.weekly
@pytest.mark.parametrize("edition", MAIN)
def test_scores_of_an_untrained_model_do_not_depend_on_speedups(workplace, edition):
    settings = {"learning_rate": 0.0, "epochs": 1, "batch_size": 15, "environment": os.environ | WITHOUT_BFLOAT16}
    fast, plain = (
        read_results(run_whole(workplace, edition, speedups=speedups, **settings) / edition)
        for speedups in (True, False)
    )
    assert {name: fast["test"][name] for name in SCORES} == pytest.approx(
        {name: plain["test"][name] for name in SCORES}, abs=1e-9
    )
    assert fast["test"]["accuracy"] > 0
    assert fast["dataset"] == plain["dataset"]


@pytest.mark.weekly
@pytest.mark.parametrize("edition", MAIN)
@pytest.mark.parametrize("speedups", [True, False])
def test_with_all_threads_the_same_seed_gives_the_same_to_the_last_digit(tmp_path, edition, speedups):
    threads = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), str(os.cpu_count()))
    settings = {"model": "bundled", "speedups": speedups, "environment": os.environ | threads}
    found = []
    for name in ("one", "other"):
        folder = run_whole(link_project(tmp_path / name), edition, **settings) / edition
        scores = [read_results(folder)[key] for key in ("history", "test", "errors")]
        found.append((scores, (folder / "model" / "model.safetensors").read_bytes()))
    assert found[0] == found[1]
