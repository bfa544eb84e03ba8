"""Save checkpoints of a training, and continue from the newest."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.disk import locks
from helpers.disk.files import atomic_write_text, room_needed, sync
from helpers.errors import ResumeError
from helpers.notebook.language import translate
from helpers.notebook.sources import helpers_digest
from helpers.training.divergence import require_finite

if TYPE_CHECKING:
    import keras
    from transformers import TrainerCallback

NAME = re.compile(r"checkpoint-(\d+)")  # as `Trainer` calls them
DIGEST = re.compile("([0-9a-f]{12})[0-9a-f]{52}")  # SHA-256
RECORD = "record.json"
STATE_FILE, SCORES_FILE = "state.npz", "scores.json"  # of a Keras checkpoint


class TrainingCheckpoints:
    """The folder in which a training leaves ``checkpoint-<number>``, and from which it continues.

    `Trainer` numbers them by steps, `keras_checkpoints` by epochs. A checkpoint is complete if its record, written
    last, lists the size of each file. The newest and the best are kept. `made_from` is what the result depends on, as
    JSON can hold it; a digest of the helpers is added. The folder is locked until this process ends; raises
    `OutputFolderError` if another one trains into it.
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
        """Find the newest complete checkpoint, for ``Trainer.train(resume_from_checkpoint=...)``, and print its path.

        Others stay until the next is complete. Raises `ResumeError` if it was made from something else.
        """
        for number in reversed(self._numbers()):
            path, record = self.path(number), self._record(number)
            if record and self._record(record["best"]):  # the best one is needed at the end
                self._require_same_origin(path, record["made_from"])
                print(translate("Training continues from {path}.", path=path))
                return str(path)
            print(translate("{path} is not whole and is passed over.", path=path))
            if record is None:  # what is left of it must not match the files that will be written here
                (path / RECORD).unlink(missing_ok=True)
        print(translate("Training begins from the start."))
        return None

    def mark_complete(self, number: int, best: int) -> None:
        """Write the record of a checkpoint, and remove all but this one and the best; raises `DiskFullError`."""
        path = self.path(number)
        files = [file for file in path.rglob("*") if file.is_file()]
        for file in files:
            sync(file)
        sizes = {file.relative_to(path).as_posix(): file.stat().st_size for file in files}
        record = {"made_from": self.made_from, "files": sizes, "best": best}
        atomic_write_text(path / RECORD, json.dumps(record, indent=2) + "\n")
        for other in set(self._numbers()) - {number, best}:
            shutil.rmtree(self.path(other))

    def _numbers(self) -> list[int]:
        names = (NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted(int(name[1]) for name in names if name)

    def _record(self, number: int) -> dict[str, Any] | None:
        """Read the record of a checkpoint; None if the checkpoint isn't complete."""
        path = self.path(number)
        try:
            record = json.loads((path / RECORD).read_text(encoding="utf-8"))
            sizes = {name: (path / name).stat().st_size for name in record["files"]}
            return record if record["files"] == sizes and record.keys() >= {"made_from", "best"} else None
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None

    def _require_same_origin(self, path: Path, before: dict[str, Any]) -> None:
        now, text = self.made_from, translate("{name} was {before}, is {now}")
        differences = "; ".join(
            # of a digest, only its first digits
            DIGEST.sub(r"\1", text.format(name=name, before=repr(before.get(name)), now=repr(now.get(name))))
            for name in sorted(now.keys() | before.keys())
            if now.get(name) != before.get(name)
        )
        if differences:
            text = translate(
                "{path} is of another training: {differences}. Set it as it was to continue, or let this training"
                " write to another folder"
            )
            raise ResumeError(text, path=path, differences=differences)


def trainer_checkpoints(checkpoints: TrainingCheckpoints) -> TrainerCallback:
    """Make a callback that completes what `Trainer` saves; its arguments must set no ``save_total_limit``.

    A training that diverges ends with `TrainingDivergedError` before the next is saved.
    """
    from transformers import TrainerCallback

    class CompleteEachCheckpoint(TrainerCallback):
        def on_train_begin(self, args, state, control, **others):
            if state.best_global_step:  # the folder may have been moved since
                state.best_model_checkpoint = str(checkpoints.path(state.best_global_step))

        def on_evaluate(self, args, state, control, metrics, **others):
            require_finite(metrics["eval_loss"], state.epoch)

        def on_save(self, args, state, control, **others):
            checkpoints.mark_complete(state.global_step, state.best_global_step or state.global_step)

    return CompleteEachCheckpoint()


def keras_checkpoints(
    checkpoints: TrainingCheckpoints, model: keras.Model, monitor: str = "val_f1"
) -> keras.callbacks.Callback:
    """Restore the newest checkpoint into a compiled model, and make a callback that saves one after each epoch.

    A checkpoint has the scores so far, and all variables: also the optimizer's, and the states of the random numbers,
    which ``save_weights`` leaves out. The callback goes behind the one that adds `monitor`, which is largest in the
    best epoch, to the logs. Its ``epochs`` are done already: the ``initial_epoch`` of ``fit``; ``load_best()`` gives
    the model the weights of the best. Raises `ResumeError` as `newest` does; ``fit`` then `DiskFullError`.
    """
    import keras

    def variables() -> list[keras.Variable]:
        if not model.optimizer.built:  # its moments don't exist before
            model.optimizer.build(model.trainable_variables)
        return [*model.variables, *model.optimizer.variables]

    def restore(folder: str | Path) -> None:
        with np.load(Path(folder) / STATE_FILE) as arrays:
            for variable, array in zip(variables(), arrays.values(), strict=True):
                variable.assign(array)

    class SaveEachEpoch(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.scores = {}
            if start := checkpoints.newest():
                restore(start)
                self.scores = json.loads((Path(start) / SCORES_FILE).read_text(encoding="utf-8"))
            self.epochs = len(self.scores.get(monitor, []))

        def on_train_begin(self, logs=None):
            self.model.history.history |= {name: [*values] for name, values in self.scores.items()}

        def on_epoch_end(self, epoch, logs=None):
            for name, value in logs.items():
                self.scores.setdefault(name, []).append(float(value))
            folder = checkpoints.path(epoch + 1)
            with room_needed(checkpoints.folder):
                folder.mkdir(exist_ok=True)
                np.savez(folder / STATE_FILE, *map(keras.ops.convert_to_numpy, variables()))
                (folder / SCORES_FILE).write_text(json.dumps(self.scores), encoding="utf-8")
                checkpoints.mark_complete(epoch + 1, self.best())

        def best(self):
            return 1 + int(np.argmax(self.scores[monitor]))

        def load_best(self):
            restore(checkpoints.path(self.best()))

    return SaveEachEpoch()
