"""Stop trainings that diverge."""

from functools import cache

import numpy as np

from helpers.errors import TrainingDivergedError
from helpers.notebook.language import translate


@cache  # once a process, however often its cell is run
def stop_where_it_diverges(edition: str) -> None:
    """Let trainings end with `TrainingDivergedError` before they save or push, with the notebook's calls as they are.

    It looks at the validation loss: `Trainer` leaves steps without a finite loss out of the training loss, and in
    float16 single ones do no harm, since the optimizer skips them. Keras needs nothing: `metric_callback` looks.
    """
    if edition == "pytorch":
        from transformers import TrainerCallback, trainer

        class StopAtDivergence(TrainerCallback):
            def on_evaluate(self, args, state, control, metrics, **others):
                require_finite(metrics.get("eval_loss", 0.0), state.epoch or 0.0)

        trainer.DEFAULT_CALLBACKS.append(StopAtDivergence)
    elif edition == "tensorflow":
        from transformers.keras_callbacks import KerasMetricCallback

        score = KerasMetricCallback.on_epoch_end

        def on_epoch_end(self, epoch, logs=None):
            require_finite(logs["val_loss"], epoch + 1)
            score(self, epoch, logs)

        KerasMetricCallback.on_epoch_end = on_epoch_end


def require_finite(values: np.ndarray | float, epoch: float) -> None:
    """Raise `TrainingDivergedError` if the validation loss after an epoch, or logits, are NaN or infinite."""
    if not np.isfinite(values).all():
        text = translate(
            "the training has diverged: after epoch {epoch:.3g}, the validation loss is no finite number, so nothing"
            " is saved as a model. Train again with a lower learning_rate: a tenth of it, or 1e-4, say"
        )
        raise TrainingDivergedError(text, epoch=epoch)
