"""Begin a run of the lesson or of a chapter, and end one of the lesson."""

import gc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from datasets import DatasetDict
from IPython import get_ipython

from helpers.alignment import aggregation_strategy
from helpers.checkpoints.find import checkpoint_digest, licence
from helpers.data.load import dataset_digest, language_of
from helpers.disk import locks
from helpers.metrics import SCORES, types_of
from helpers.notebook.language import use_language
from helpers.notebook.missing_names import load_ipython_extension
from helpers.notebook.parameters import check_names, check_parameters
from helpers.notebook.startup import prepare_framework, quieten_transformers, require_fresh_imports, use_writable_caches

_session: tuple[str, dict[str, Any], Path]  # the edition, parameters and folder of `start`


def start(namespace: Mapping[str, Any], edition: str, language: str) -> Path:
    """Check a notebook's ``globals()``, claim the folder for the results, which is returned, and prepare the framework.

    Call it before the framework is imported. With ``push_to_hub``, the login must be one that may write. Raises
    `RestartNeededError`, `ParameterError`, `OutputFolderError` or `UploadError`.
    """
    global _session
    load_ipython_extension(get_ipython())
    require_fresh_imports(language)
    use_writable_caches()
    if edition == "tensorflow":
        namespace = {**namespace, "speedups": False}  # which it has none of
    parameters = check_parameters(namespace)
    folder = Path(parameters["output_dir"])
    locks.claim(folder)
    if parameters["push_to_hub"]:
        from helpers.hub import publish  # here, as most runs need no Hub

        publish.require_repository(parameters["hub_model_id"])
        publish.ignore_pickles(folder / "checkpoints")
    prepare_framework(edition)
    from helpers.training.divergence import stop_where_it_diverges  # here, as it may import the framework

    stop_where_it_diverges(edition)
    if parameters["push_to_hub"] and edition == "tensorflow":
        publish.push_over_http()
    quieten_transformers()
    pd.options.display.html.use_mathjax = False  # a $ in a word begins no formula
    gc.freeze()  # spares the garbage collector all that the libraries have made
    _session = edition, parameters, folder
    return folder


def open_chapter(namespace: Mapping[str, Any], language: str) -> None:
    """Do what each chapter needs at its beginning, as `start` does for the lesson; raises as `check_names` does."""
    use_language(language)
    check_names(namespace)
    use_writable_caches()
    quieten_transformers()


def save_results(
    data: DatasetDict, checkpoint: str, history: pd.DataFrame, test: dict, valid: dict, mistakes: dict, model_dir: str
) -> pd.DataFrame:
    """Write the record of this run and the model's card, let go of the folder, and give a table to show.

    ``checkpoint`` is the folder of the encoder that the training began with; ``history`` has a row an epoch; ``test``
    and ``valid``, of valid tags alone, are from the seqeval metric, and ``mistakes`` from `outcome_counts`.
    """
    from helpers.hub.card import write_card  # here, as nothing before the end needs them
    from helpers.notebook.results import read_results, results_table, write_results

    edition, parameters, folder = _session
    write_results(
        folder,
        edition=edition,
        dataset={
            "name": parameters["dataset"],
            "language": language_of(parameters["dataset"], data),
            "digest": dataset_digest(data),
            "sentences": {split: len(rows) for split, rows in data.items()},
            "aggregation_strategy": aggregation_strategy(data["train"]),
        },
        model={"name": parameters["model"], "digest": checkpoint_digest(checkpoint)},
        parameters=parameters,
        history=history.to_dict("records"),
        test={score: test[f"overall_{score}"] for score in SCORES} | {"per_type": types_of(test)},
        decoded={score: valid[f"overall_{score}"] for score in SCORES},
        errors=mistakes,
    )
    results = read_results(folder)
    write_card(model_dir, results, licence=licence(checkpoint))
    locks.release(folder)
    return results_table([results]).round(3).T
