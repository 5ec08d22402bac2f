"""A guard that stops a run and says why: the model answer of exercise 14.2."""

import numpy as np

__all__ = ["guard"]


def guard(loss, rate, logvar, gradient, constant, patience):
    """The first step at which to stop, counted from 0, and the number of the reason: two whole numbers; (-1, 0) if there is none.

    loss, rate, logvar, gradient: arrays (steps,): mean loss and mean rate of the batch in nats, the largest logvar, and the length
    of the gradient. constant: the loss of a constant predictor, in nats. patience: 1 or more. Reasons, of which at one step the
    smallest number counts:

    1. one of the four is NaN or infinite;
    2. logvar is above 20: a variance above 5 · 10⁸;
    3. the gradient is longer than ten times the median of the ten before it; not looked for in the first ten steps;
    4. for ``patience`` steps in a row, this one included, the rate was below 0.01 nats;
    5. for ``patience`` steps in a row, this one included, the loss was at or above ``constant``.
    """
    silent = slow = 0
    for step in range(len(loss)):
        silent = silent + 1 if rate[step] < 0.01 else 0
        slow = slow + 1 if loss[step] >= constant else 0
        if not np.isfinite([loss[step], rate[step], logvar[step], gradient[step]]).all():
            return step, 1
        if logvar[step] > 20:
            return step, 2
        if step >= 10 and gradient[step] > 10 * np.median(gradient[step - 10 : step]):
            return step, 3
        if silent >= patience:
            return step, 4
        if slow >= patience:
            return step, 5
    return -1, 0
