"""A model's card: what it was made from, how well it does, and under which licence it may be used."""

from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from helpers.checkpoints.find import BUNDLED_NAME, CARD, is_folder_name
from helpers.files import written_whole
from helpers.hub.markdown import as_code
from helpers.metrics import SCORES
from helpers.notebook.editions import EDITIONS

SETTINGS = (
    "epochs",
    "learning_rate",
    "batch_size",
    "weight_decay",
    "dropout",
    "seed",
    "max_train_examples",
    "label_all_subwords",
    "split_long_sentences",
)
NO_LICENCE = "The encoder's card names no licence."
CARD_FORM = """\
---
{head}
---

# {title}

{encoder} with a classifier on top, fine-tuned to find named entities in text, with {framework}.

## Data

{dataset}: {sentences}. The SHA-256 of its words, tags and labels is {digest}.

## Scores

On the test split. Entities count if their type and both of their boundaries are right (seqeval).
On other kinds of text, scores can be far lower.

| entities | precision | recall | F1 | in the test split |
| --- | --- | --- | --- | --- |
{scores}

Accuracy, over words: {accuracy:.3f}

## Training

{settings}

## Licence

{licence}
"""


def write_card(folder: str, results: dict, licence: str | list[str]) -> ModelCard:
    """Write a model's card into its folder: in English, and with nothing about where files lie on this machine.

    Parameters
    ----------
    folder : str
    results : dict
        The record of the run that made the model, as `helpers.notebook.results.read_results` gives it.
    licence : str or list of str
        The encoder's, as `helpers.checkpoints.find.licence` gives it.

    Returns
    -------
    ModelCard
        Its attribute ``data`` is the head, which programs read.
    """
    encoder, dataset = public_name(results["model"]["name"]), public_name(results["dataset"]["name"])
    licences = [licence] if isinstance(licence, str) else licence
    title, names = "{}, fine-tuned on {}", (encoder.rpartition("/")[2], dataset.rpartition("/")[2])
    card = CARD_FORM.format(
        head=_head(results, title.format(*names), licence).to_yaml(),
        title=title.format(*map(as_code, names)),
        encoder=as_code(encoder),
        framework=EDITIONS[results["framework"]],
        dataset=as_code(dataset),
        sentences=", ".join(f"{count} {split} sentences" for split, count in results["dataset"]["sentences"].items()),
        digest=as_code(results["dataset"]["digest"]),
        scores="\n".join(_score_rows(results["test"])),
        accuracy=results["test"]["accuracy"],
        settings="\n".join(f"- {as_code(name)}: {results['parameters'][name]}" for name in SETTINGS),
        licence=NO_LICENCE if licence == "unknown" else f"As its encoder: {', '.join(map(as_code, licences))}",
    )
    with written_whole(Path(folder) / CARD) as unfinished:
        unfinished.write_text(card, encoding="utf-8")
    return ModelCard(card)


def public_name(name: str) -> str:
    """Give what a parameter names the name that others know it by: of a folder, the last part alone."""
    if name == "bundled":
        return BUNDLED_NAME
    return Path(name).expanduser().absolute().name if is_folder_name(name) else name


def _head(results: dict, title: str, licence: str | list[str]) -> ModelCardData:
    encoder, dataset = results["model"]["name"], results["dataset"]["name"]
    scores = [
        EvalResult(
            task_type="token-classification",
            dataset_type=public_name(dataset),
            dataset_name=public_name(dataset),
            dataset_split="test",
            metric_type=metric,
            metric_value=results["test"][metric],
        )
        for metric in SCORES
    ]
    return ModelCardData(
        library_name="transformers",
        pipeline_tag="token-classification",
        license=licence,
        # The Hub refuses a card that names something else than repositories here.
        base_model=None if is_folder_name(encoder) else public_name(encoder),
        datasets=None if dataset == "sample" or is_folder_name(dataset) else [dataset],
        metrics=list(SCORES),
        model_name=title,
        eval_results=scores,
    )


def _score_rows(test: dict) -> list[str]:
    total = {"support": sum(scores["support"] for scores in test["per_type"].values())}
    rows = {as_code(name): scores for name, scores in test["per_type"].items()} | {"all": test | total}
    return [
        f"| {name} | {row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} | {row['support']} |"
        for name, row in rows.items()
    ]
