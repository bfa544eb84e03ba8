"""What saves a training after each epoch, in either framework, so that it can go on from there and end the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from helpers.data.temporary import temporary_folder
from helpers.training.resume import Start, TrainingCheckpoints

if TYPE_CHECKING:
    import tensorflow as tf
    from tf_keras.callbacks import Callback
    from transformers import TFPreTrainedModel, TrainerCallback

STATE = "state"


def trainer_checkpoints(checkpoints: TrainingCheckpoints, start: Start) -> TrainerCallback:
    """Make a callback that seals what `Trainer` saves: weights, optimizer, random numbers, and its own state.

    Parameters
    ----------
    checkpoints : TrainingCheckpoints
        In the output folder of the `TrainingArguments`. These must set no ``save_total_limit``, as `Trainer` would
        remove older checkpoints before the new one is sealed.
    start : Start
        Its ``folder`` goes to `Trainer.train`.
    """
    from transformers import TrainerCallback

    class SealEachEpoch(TrainerCallback):
        def on_train_begin(self, args, state, control, **others):
            checkpoints.begin(start)
            if state.best_global_step:  # the folder may have been moved since
                state.best_model_checkpoint = str(checkpoints.path(state.best_global_step))

        def on_save(self, args, state, control, **others):
            checkpoints.seal(state.global_step, round(state.epoch), state.best_global_step)

    return SealEachEpoch()


def keras_checkpoints(checkpoints: TrainingCheckpoints, start: Start) -> Callback:
    """Make a callback for Keras's `fit` that saves weights, optimizer, random numbers and scores after each epoch.

    At the start it brings back what was saved, the history included. Dropout goes on as it would have done if
    `tf_keras.backend.experimental.enable_tf_random_generator` was called before the model was made.

    Parameters
    ----------
    checkpoints : TrainingCheckpoints
    start : Start
        Its ``epochs`` are the ``initial_epoch`` of `fit`.

    Returns
    -------
    tf_keras.callbacks.Callback
        To be put behind the one that adds the validation's ``f1`` to the logs. Its method ``load_best_weights()`` gives
        the model those of the best epoch.
    """
    import tensorflow as tf
    import tf_keras

    class SaveEachEpoch(tf_keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            checkpoints.begin(start)
            self.best_step = start.best_step
            self.scores = {name: list(values) for name, values in start.history.items()}
            self.state = tf.train.Checkpoint(self.model, dropout_states=_dropout_states(self.model))
            if start.folder:
                saved = _without_patterns(start.folder) / STATE
                self.state.read(str(saved)).assert_existing_objects_matched()
                self.model.history.history |= {name: list(values) for name, values in start.history.items()}

        def on_epoch_end(self, epoch, logs=None):
            step = int(self.model.optimizer.iterations)
            if logs["f1"] > max(self.scores.get("f1", []), default=-1):
                self.best_step = step
            for name, value in logs.items():
                self.scores.setdefault(name, []).append(float(value))
            folder = checkpoints.path(step)
            folder.mkdir(parents=True, exist_ok=True)
            self.state.write(str(folder / STATE))
            checkpoints.seal(step, epoch + 1, self.best_step, self.scores)

        def load_best_weights(self):
            self.model.load_weights(_without_patterns(checkpoints.path(self.best_step)) / STATE)

    return SaveEachEpoch()


def _without_patterns(folder: str | Path) -> Path:
    """Give a folder another name, as TensorFlow takes ``[`` or ``*`` for a pattern when it reads.

    The name stays for as long as this process lives: the optimizer's moments are read when it takes its first step.
    """
    with temporary_folder() as temporary:
        link = temporary / "checkpoint"
        link.symlink_to(Path(folder).absolute(), target_is_directory=True)
        return link


def _dropout_states(model: TFPreTrainedModel) -> list[tf.random.Generator]:
    """Find the random states of a model's dropout layers, which Keras leaves out of what it saves."""
    from tf_keras.layers import Dropout

    layers = [layer for layer in model.submodules if isinstance(layer, Dropout)]
    states = [getattr(layer._random_generator, "_generator", None) for layer in layers]
    return [state for state in states if state is not None]
