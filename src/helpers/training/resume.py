"""The checkpoints of a training, one for each epoch: known to be whole, found again after a crash, and cleared away."""

import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from helpers.errors import DiskFullError, ResumeError
from helpers.files import room_needed, sync, written_whole
from helpers.notebook.language import translate

RECORD = "record.json"
KEYS = {"made_from", "files", "epochs", "seconds", "best_step", "history"}
NAME = re.compile(r"checkpoint-(\d+)")  # as `Trainer` calls them
WITHOUT_EFFECT = {"output_dir", "resume", "push_to_hub", "hub_model_id"}  # on what is learnt


class Start(NamedTuple):
    """Where a training begins.

    Attributes
    ----------
    folder : str or None
        The checkpoint to go on from.
    step, epochs : int
        How many are done.
    seconds : float
        How long they took.
    best_step : int or None
        The step of the best checkpoint so far.
    history : dict of str to list of float
        The scores of each epoch so far, where the framework does not keep them itself.
    """

    folder: str | None = None
    step: int = 0
    epochs: int = 0
    seconds: float = 0.0
    best_step: int | None = None
    history: Mapping[str, list[float]] = MappingProxyType({})

    @property
    def resumed(self) -> dict[str, float] | None:
        """What metrics.json says of it: how many epochs are from an earlier run, and their seconds; None if none."""
        return {"epochs": self.epochs, "seconds": self.seconds} if self.folder else None


class TrainingCheckpoints:
    """The folder in which a training leaves ``checkpoint-<step>`` at the end of each epoch.

    A checkpoint is sealed when all else of it is written: its record holds the size of each file. Without a record, or
    with a file of another size, it is not whole. The newest and the best are kept, the others removed only after a
    newer one is sealed.

    Parameters
    ----------
    folder : Path
    made_from : mapping of str to any
        What the training depends on, as JSON can hold it: the parameters and whatever else changes what is learnt.
    """

    def __init__(self, folder: Path, made_from: Mapping[str, Any]):
        self.folder = folder
        self.made_from = {name: value for name, value in made_from.items() if name not in WITHOUT_EFFECT}
        self.began = time.perf_counter()

    def path(self, step: int) -> Path:
        """Give the folder of the checkpoint after some step."""
        return self.folder / f"checkpoint-{step}"

    def find_start(self, resume: bool) -> Start:
        """Find out where to begin, and print it. Nothing is removed yet.

        Parameters
        ----------
        resume : bool
            Go on from the newest checkpoint that is whole, if there is one.

        Raises
        ------
        ResumeError
            If that checkpoint was made from something else.
        """
        steps = self._steps() if resume else []
        whole = [step for step in steps if self._is_whole(step)]
        for step in steps:
            if step not in whole:
                print(translate("{path} is not whole and is passed over.").format(path=self.path(step)))
        if resume and not whole:
            print(translate("There is no checkpoint to go on from in {folder}.").format(folder=self.folder))
        if not whole:
            print(translate("Training begins from the start."))
            return Start()
        path, record = self.path(whole[-1]), self._record(whole[-1])
        self._compare(path, record["made_from"])
        print(translate("Training goes on from {path}. Epochs done: {epochs}.").format(path=path, **record))
        return Start(str(path), whole[-1], *(record[name] for name in Start._fields[2:]))

    def begin(self, start: Start) -> None:
        """Begin training, and remove all later checkpoints: they are of another training, or not whole."""
        self.began = time.perf_counter() - start.seconds
        for step in self._steps():
            if step > start.step:
                shutil.rmtree(self.path(step))

    def seal(self, step: int, epochs: int, best_step: int, history: Mapping[str, list[float]] | None = None) -> None:
        """Declare a checkpoint whole, and remove those that are neither the newest nor the best.

        Parameters
        ----------
        step : int
            Whose checkpoint has been written.
        epochs : int
            How many are done.
        best_step : int
            Whose checkpoint is the best so far.
        history : dict of str to list of float, optional
            To be given back by `find_start`.
        """
        path = self.path(step)
        files = [file for file in sorted(path.rglob("*")) if file.is_file()]
        for file in files:
            sync(file)
        record = {
            "made_from": self.made_from,
            "files": {str(file.relative_to(path)): file.stat().st_size for file in files},
            "epochs": epochs,
            "seconds": time.perf_counter() - self.began,
            "best_step": best_step,
            "history": history or {},
        }
        with written_whole(path / RECORD) as unfinished:
            unfinished.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        for other in set(self._steps()) - {step, best_step}:
            shutil.rmtree(self.path(other))

    @contextmanager
    def room_needed(self) -> Iterator[None]:
        """Name a full disk in the body of a ``with`` statement, and make room by removing what could not be finished.

        Raises
        ------
        DiskFullError
        """
        try:
            with room_needed(self.folder):
                yield
        except DiskFullError:
            for step in self._steps():
                if self._record(step) is None:
                    shutil.rmtree(self.path(step))
            raise

    def _steps(self) -> list[int]:
        """List the steps after which there is a checkpoint, whole or not, in their order."""
        names = (NAME.fullmatch(path.name) for path in self.folder.glob("*"))
        return sorted(int(name[1]) for name in names if name)

    def _is_whole(self, step: int) -> bool:
        """Tell whether training can go on from a checkpoint, for which the best so far is needed too."""
        record = self._record(step)
        return record is not None and self._record(record["best_step"]) is not None

    def _record(self, step: int) -> dict[str, Any] | None:
        """Read the record of a checkpoint; None if the checkpoint is not whole."""
        path = self.path(step)
        try:
            record = json.loads((path / RECORD).read_text(encoding="utf-8"))
            sizes = {name: (path / name).stat().st_size for name in record["files"]}
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None
        return record if record.keys() == KEYS and record["files"] == sizes else None

    def _compare(self, path: Path, before: dict[str, Any]) -> None:
        now = json.loads(json.dumps(self.made_from))
        names = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
        if names:
            differences = "; ".join(f"{name} was {before.get(name)!r}, is {now.get(name)!r}" for name in names)
            raise ResumeError(
                f"{path} is of another training: {differences}. Make it as it was to go on from there, or begin from"
                " the start with resume=False"
            )
