"""Stop trainings that diverge."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from helpers.metrics import require_finite

if TYPE_CHECKING:
    from transformers import TrainerCallback


def trainer_callback() -> TrainerCallback:
    """Make a callback that ends a training of `Trainer` with `TrainingDivergedError` before it saves a checkpoint.

    It looks at the validation loss. The training loss doesn't tell: `Trainer` leaves steps without a finite loss out of
    what it logs, and in float16 single ones do no harm, since the optimizer skips them.
    """
    from transformers import TrainerCallback

    class StopAtDivergence(TrainerCallback):
        def on_evaluate(self, args, state, control, metrics, **others):
            require_finite(metrics.get("eval_loss", 0.0), state.epoch or 0.0)

    return StopAtDivergence()


@cache  # once a process, however often its cell is run
def stop_where_it_diverges(edition: str) -> None:
    """Let trainings end with `TrainingDivergedError` before they save or push, with the notebook's calls as they are.

    Keras needs nothing: the callback of `metric_callback` looks.
    """
    if edition == "pytorch":
        from transformers import trainer

        trainer.DEFAULT_CALLBACKS.append(trainer_callback())
    elif edition == "tensorflow":
        from transformers.keras_callbacks import KerasMetricCallback

        score = KerasMetricCallback.on_epoch_end

        def on_epoch_end(self, epoch, logs=None):
            require_finite(logs["val_loss"], epoch + 1)
            score(self, epoch, logs)

        KerasMetricCallback.on_epoch_end = on_epoch_end
