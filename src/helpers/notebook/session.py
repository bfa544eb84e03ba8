"""Begin and end a run of the lesson."""

import gc
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from datasets import DatasetDict

from helpers.alignment import aggregation_strategy
from helpers.checkpoints.find import checkpoint_digest, licence
from helpers.data.load import dataset_digest
from helpers.metrics import SCORES, types_of
from helpers.notebook import locks
from helpers.notebook.language import use_language
from helpers.notebook.missing_names import explain_missing_names
from helpers.notebook.parameters import check_parameters
from helpers.notebook.startup import (
    leave_tf_lengths_open,
    load_triton_first,
    native_stderr_hidden,
    quieten_transformers,
    require_fresh_imports,
    sleep_where_cores_are_shared,
    use_writable_caches,
)


class Session(NamedTuple):
    """What `start` has learnt about this run."""

    edition: str
    parameters: dict[str, Any]
    folder: Path


_session: Session | None = None


def start(namespace: Mapping[str, Any], edition: str, language: str) -> Path:
    """Check the parameters, import the framework quietly, and claim the folder for the results.

    Call it before the framework is imported. Where ``push_to_hub`` is set, it also makes sure that the login may write
    to the repository, so that no training is lost to a missing login.

    Parameters
    ----------
    namespace : mapping of str to any
        The notebook's ``globals()``.
    edition : {"pytorch", "keras", "tensorflow"}
    language : {"en", "ko"}
        Of what helpers show.

    Returns
    -------
    Path
        The folder for the results.

    Raises
    ------
    RestartNeededError
        If a library was imported before the notebook's first cell replaced it.
    ParameterError
        If a parameter is missing or has a value that it cannot take.
    OutputFolderError
        If another run is at work in the folder.
    UploadError
        If nothing can be pushed to ``hub_model_id``.
    """
    global _session
    require_fresh_imports()
    use_language(language)
    explain_missing_names()
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
    _session = Session(edition, parameters, folder)
    return folder


def prepare_framework(edition: str) -> None:
    """Import TensorFlow without its chatter, or prepare the environment for PyTorch; `start` does so for the lesson."""
    if edition == "pytorch":
        # Trainer gives each GPU a batch of its own, which would make the batch larger than `batch_size`.
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")
        sleep_where_cores_are_shared()
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if edition == "keras":
        # TensorFlow itself does so on the newest processors alone; on others it saves a quarter of a training's time.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    # Without an NVIDIA driver, PyTorch's CUDA builds find TensorFlow's stand-in for CUDA in memory, and warn of it.
    warnings.filterwarnings("ignore", "CUDA initialization: .*Error 302", UserWarning)
    load_triton_first()
    with native_stderr_hidden():
        import tensorflow as tf
    if edition == "tensorflow":
        tf.get_logger().setLevel("ERROR")  # transformers 4 calls functions by names that TensorFlow has replaced
        leave_tf_lengths_open()


def save_results(
    dataset: DatasetDict, checkpoint: str, history: pd.DataFrame, test: dict, mistakes: dict[str, int], model_dir: str
) -> pd.DataFrame:
    """Write the record of this run, ``metrics.json``, and the model's card; then let go of the folder.

    Parameters
    ----------
    dataset : DatasetDict
        As it was trained on.
    checkpoint : str
        The folder of the encoder that the training began with.
    history : DataFrame
        A row an epoch: ``epoch``, ``training_loss``, ``validation_loss`` and the validation scores.
    test : dict
        The seqeval metric's scores on the test split.
    mistakes : dict of str to int
        How many entities had which outcome, as `helpers.metrics.outcome_counts` gives them.
    model_dir : str
        The folder of the trained model, which gets the card.

    Returns
    -------
    DataFrame
        The main figures, for the notebook to show.
    """
    from helpers.hub.card import write_card  # here, as nothing before the end needs them
    from helpers.notebook.results import read_results, results_table, write_results

    edition, parameters, folder = _session
    write_results(
        folder,
        edition=edition,
        dataset={
            "name": parameters["dataset"],
            "digest": dataset_digest(dataset),
            "sentences": {split: len(rows) for split, rows in dataset.items()},
            "aggregation_strategy": aggregation_strategy(dataset["train"]),
        },
        model={"name": parameters["model"], "digest": checkpoint_digest(checkpoint)},
        parameters=parameters,
        history=history.to_dict("records"),
        test={score: test[f"overall_{score}"] for score in SCORES} | {"per_type": types_of(test)},
        errors=mistakes,
    )
    results = read_results(folder)
    write_card(model_dir, results, licence=licence(checkpoint))
    locks.release(folder)
    return results_table([results]).round(3).T
