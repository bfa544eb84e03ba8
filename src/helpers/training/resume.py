"""Save checkpoints of a training, and continue from the newest."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.errors import ResumeError
from helpers.files import atomic_write, room_needed, sync
from helpers.metrics import require_finite
from helpers.notebook import locks
from helpers.notebook.language import translate
from helpers.notebook.sources import helpers_digest

if TYPE_CHECKING:
    import keras
    from transformers import TrainerCallback

NAME = re.compile(r"checkpoint-(\d+)")  # as `Trainer` calls them
DIGEST = re.compile("[0-9a-f]{64}")  # SHA-256
RECORD = "record.json"
KEYS = {"made_from", "files", "best"}
STATE, SCORES = "state.npz", "scores.json"  # of a Keras checkpoint


class TrainingCheckpoints:
    """The folder in which a training leaves ``checkpoint-<number>``, and from which it continues.

    `Trainer` numbers them by steps, `keras_checkpoints` by epochs. A checkpoint is *sealed* when all else of it is
    written: its record lists the size of each file. Without a record, or with a file of another size, it isn't whole.
    Only the newest and the best are kept, and older ones are removed only after a newer one is sealed.

    Parameters
    ----------
    folder : Path
        It is locked until this process ends.
    made_from : mapping of str to any
        What the result depends on, as JSON can hold it: settings, libraries, digests of data, encoder and functions. A
        digest of the helpers is added.

    Raises
    ------
    OutputFolderError
        If another process trains into this folder.
    """

    def __init__(self, folder: Path, made_from: Mapping[str, Any]):
        locks.claim(folder)
        folder.mkdir(exist_ok=True)  # it may have been removed since a first claim
        self.folder = folder
        self.made_from = json.loads(json.dumps({**made_from, "helpers": helpers_digest()}))

    def path(self, number: int) -> Path:
        """Return the folder of a checkpoint."""
        return self.folder / f"checkpoint-{number}"

    def newest(self) -> str | None:
        """Find the newest checkpoint that is whole, and print what training begins with.

        Those that aren't whole are passed over, but stay until another is sealed.

        Returns
        -------
        str or None
            For ``Trainer.train(resume_from_checkpoint=...)``; None where training begins from the start.

        Raises
        ------
        ResumeError
            If the checkpoint was made from something else.
        """
        for number in reversed(self._numbers()):
            path, record = self.path(number), self._record(number)
            # The best one is needed at the end.
            if record and self._record(record["best"]):
                self._compare(path, record["made_from"])
                print(translate("Training continues from {path}.").format(path=path))
                return str(path)
            print(translate("{path} is not whole and is passed over.").format(path=path))
            if record is None:  # what is left of it must not match the files that will be written here
                (path / RECORD).unlink(missing_ok=True)
        print(translate("Training begins from the start."))
        return None

    def seal(self, number: int, best: int) -> None:
        """Declare a checkpoint whole, and remove all but this and the best.

        Parameters
        ----------
        number : int
            Of the checkpoint that has been written.
        best : int
            The number of the best checkpoint so far.

        Raises
        ------
        DiskFullError
            If there is no room for the record.
        """
        path = self.path(number)
        files = [file for file in sorted(path.rglob("*")) if file.is_file()]
        for file in files:
            sync(file)
        record = {
            "made_from": self.made_from,
            "files": {file.relative_to(path).as_posix(): file.stat().st_size for file in files},
            "best": best,
        }
        with atomic_write(path / RECORD) as unfinished:
            unfinished.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        for other in set(self._numbers()) - {number, best}:
            shutil.rmtree(self.path(other))

    def _numbers(self) -> list[int]:
        names = (NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted(int(name[1]) for name in names if name)

    def _record(self, number: int) -> dict[str, Any] | None:
        """Read the record of a checkpoint; None if the checkpoint isn't whole."""
        path = self.path(number)
        try:
            record = json.loads((path / RECORD).read_text(encoding="utf-8"))
            sizes = {name: (path / name).stat().st_size for name in record["files"]}
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None
        return record if record.keys() == KEYS and record["files"] == sizes else None

    def _compare(self, path: Path, before: dict[str, Any]) -> None:
        now = self.made_from
        names = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
        if names:
            differences = "; ".join(
                f"{name} was {_short(before.get(name))}, is {_short(now.get(name))}" for name in names
            )
            raise ResumeError(
                f"{path} is of another training: {differences}. Set it as it was to continue, or let this training"
                " write to another folder"
            )


def _short(value: Any) -> str:
    """Write a value for a message: of a digest, only its first digits."""
    return repr(value[:12] if isinstance(value, str) and DIGEST.fullmatch(value) else value)


def trainer_checkpoints(checkpoints: TrainingCheckpoints) -> TrainerCallback:
    """Make a callback that seals what `Trainer` saves.

    Parameters
    ----------
    checkpoints : TrainingCheckpoints
        In the ``output_dir`` of the `TrainingArguments`. These must set no ``save_total_limit``, because `Trainer`
        would remove older checkpoints before the new one is sealed. If the training diverges, it ends with
        `TrainingDivergedError` before the next is saved.
    """
    from transformers import TrainerCallback

    class SealEachCheckpoint(TrainerCallback):
        def on_train_begin(self, args, state, control, **others):
            if state.best_global_step:  # the folder may have been moved since
                state.best_model_checkpoint = str(checkpoints.path(state.best_global_step))

        def on_evaluate(self, args, state, control, metrics, **others):
            require_finite(metrics["eval_loss"], state.epoch)

        def on_save(self, args, state, control, **others):
            checkpoints.seal(state.global_step, state.best_global_step or state.global_step)

    return SealEachCheckpoint()


def keras_checkpoints(
    checkpoints: TrainingCheckpoints, model: keras.Model, monitor: str = "val_f1"
) -> keras.callbacks.Callback:
    """Restore the newest checkpoint, and make a callback that saves one after each epoch.

    A checkpoint has all variables: weights, the optimizer's moments and step, and the states of the random numbers,
    which ``save_weights`` leaves out. It also has the scores so far, which come back into the history of ``fit``.

    Parameters
    ----------
    checkpoints : TrainingCheckpoints
    model : keras.Model
        Compiled, and built as for the training that is continued; changed in place.
    monitor : str
        The best epoch has the largest of these scores.

    Returns
    -------
    keras.callbacks.Callback
        To be put behind the one that adds `monitor` to the logs. ``epochs`` are done already: the ``initial_epoch`` of
        ``fit``. ``load_best()`` gives the model the weights of the best epoch.

    Raises
    ------
    ResumeError
        If the newest checkpoint was made from something else.
    DiskFullError
        In ``fit``, if there is no room for a checkpoint.
    """
    import keras

    def variables() -> list[keras.Variable]:
        if not model.optimizer.built:  # its moments don't exist before
            model.optimizer.build(model.trainable_variables)
        return [*model.variables, *model.optimizer.variables]

    def restore(folder: str | Path) -> None:
        with np.load(Path(folder) / STATE) as arrays:
            for variable, array in zip(variables(), arrays.values(), strict=True):
                variable.assign(array)

    class SaveEachEpoch(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.scores = {}
            if start := checkpoints.newest():
                restore(start)
                self.scores = json.loads((Path(start) / SCORES).read_text(encoding="utf-8"))
            self.epochs = len(self.scores.get(monitor, []))

        def on_train_begin(self, logs=None):
            self.model.history.history |= {name: [*values] for name, values in self.scores.items()}

        def on_epoch_end(self, epoch, logs=None):
            for name, value in logs.items():
                self.scores.setdefault(name, []).append(float(value))
            folder = checkpoints.path(epoch + 1)
            with room_needed(checkpoints.folder):
                folder.mkdir(exist_ok=True)
                np.savez(folder / STATE, *map(keras.ops.convert_to_numpy, variables()))
                (folder / SCORES).write_text(json.dumps(self.scores), encoding="utf-8")
                checkpoints.seal(epoch + 1, self.best())

        def best(self):
            return 1 + int(np.argmax(self.scores[monitor]))

        def load_best(self):
            restore(checkpoints.path(self.best()))

    return SaveEachEpoch()
