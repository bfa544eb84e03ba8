"""Keras's progress in a notebook, shown as `Trainer` shows it."""

from helpers.metrics import SCORES


def keras_training_table(steps_per_epoch: int, epochs: int):
    """Make a Keras callback with a progress bar and a table of scores that grows by a row each epoch.

    The table is the one that transformers' `Trainer` displays in a notebook. Keras's own bar moves back over its
    line with control characters, which a saved notebook keeps as debris.

    Parameters
    ----------
    steps_per_epoch, epochs : int

    Returns
    -------
    tf_keras.callbacks.Callback
        To be put behind the callbacks that add scores to the logs.
    """
    import tf_keras
    from transformers.utils.notebook import NotebookTrainingTracker

    class TrainingTable(tf_keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.step = 0
            self.epoch = 0
            self.tracker = NotebookTrainingTracker(steps_per_epoch * epochs)

        def on_train_batch_end(self, batch, logs=None):
            self.step += 1
            self.tracker.update(self.step, comment=f"Epoch {self.epoch}/{epochs}")

        def on_epoch_end(self, epoch, logs=None):
            self.epoch = epoch + 1
            scores = {"Epoch": self.epoch, "Training Loss": logs["loss"], "Validation Loss": logs["val_loss"]}
            scores |= {name.capitalize(): logs[name] for name in SCORES}
            self.tracker.write_line(scores)
            self.tracker.update(self.step, comment=f"Epoch {self.epoch}/{epochs}", force_update=True)

    return TrainingTable()
