"""The AdamW that transformers brings for Keras, made to take the steps of PyTorch's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf
    from transformers import AdamWeightDecay


def match_pytorch(optimizer: AdamWeightDecay) -> AdamWeightDecay:
    r"""Change an optimizer so that it takes the steps that ``torch.optim.AdamW`` would take after clipping.

    Two things differ otherwise. A third, how weights decay, is the same in fewer passes over the memory.

    The gradient of the embeddings comes in rows, one for each time that a subword occurs in the batch. Clipping by the
    global norm measures these rows; PyTorch measures their sums. Here they are summed first.

    Keras adds epsilon to the uncorrected root of the second moment, the "epsilon hat" of Kingma and Ba (2015), section
    2; PyTorch adds it to the bias-corrected one, as their Algorithm 1 does: :math:`\hat m_t / (\sqrt{\hat v_t} +
    \epsilon)`. Here epsilon is multiplied by :math:`\sqrt{1 - \beta_2^t}`, which makes the two equal.

    Parameters
    ----------
    optimizer : AdamWeightDecay
        As `transformers.create_optimizer` makes it for a weight decay above 0; it is changed in place, before its first
        step.

    Returns
    -------
    AdamWeightDecay
        The same optimizer.
    """
    import tensorflow as tf

    prepare, aggregate = optimizer._prepare_local, optimizer.gradient_aggregator

    def prepare_with_epsilon_scaled(device: str, dtype: tf.DType, state: dict) -> None:
        prepare(device, dtype, state)
        coefficients = state[device, dtype]
        coefficients["epsilon"] *= tf.sqrt(1 - coefficients["beta_2_power"])

    def sum_rows(gradients_and_variables: list) -> list:
        return aggregate([(tf.convert_to_tensor(gradient), variable) for gradient, variable in gradients_and_variables])

    def decay(weight: tf.Variable, learning_rate: tf.Tensor, state: dict) -> tf.Operation:
        if not optimizer._do_use_weight_decay(weight.name):
            return tf.no_op()
        rate = state[weight.device, weight.dtype.base_dtype]["weight_decay_rate"]
        return weight.assign(weight * (1 - learning_rate * rate))

    optimizer._prepare_local = prepare_with_epsilon_scaled
    optimizer._decay_weights_op = decay
    optimizer.gradient_aggregator = sum_rows
    return optimizer
