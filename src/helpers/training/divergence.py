"""Stop trainings that diverge."""

from functools import cache

from helpers.metrics import require_finite


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
